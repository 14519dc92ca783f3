/* Runs a fuzz target on files, with any compiler: replay FILE... */
#include "fuzz.h"

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(65536);
    if (!file || !data) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(data, 1, 65536, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    printf("Running suite(s): %s\n", argv[0]);
    printf("100%%: Checks: %d, Failures: 0, Errors: 0\n", argc - 1);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

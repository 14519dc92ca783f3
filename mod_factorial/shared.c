#include "shared.h"

#include "module.h"

#include <http_core.h>
#include <sys/mman.h>

typedef struct {
    void *memory;
    size_t bytes;
} retained;

void *shared_memory(const char *name, size_t bytes, bool *fresh)
{
    retained *kept = ap_retained_data_get(name);
    *fresh = false;
    if (kept && kept->memory && kept->bytes == bytes)
        return kept->memory;

    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (!kept)
        kept = ap_retained_data_create(name, sizeof *kept);
    if (kept->memory)
        munmap(kept->memory, kept->bytes); /* older child processes have their own mapping */
    *kept = (retained){memory, bytes};
    *fresh = true;
    return memory;
}

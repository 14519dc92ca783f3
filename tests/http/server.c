#include "server.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 5, WAIT_MS = 60000, STEP_MS = 20 };

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "test server: %s: %s\n", what, detail);
    exit(EXIT_FAILURE);
}

static void sleep_step(void)
{
    usleep(STEP_MS * 1000);
}

/* ---- files */

static char *path_in(const server *s, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", s->root, name);
    return path;
}

/* The whole file as a string, "" if there is none. The caller frees it. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (file && getdelim(&text, &size, EOF, file) < 0)
        text[0] = '\0';
    if (file)
        fclose(file);
    return text ? text : calloc(1, 1);
}

void server_write_file(const server *s, const char *name, const char *text)
{
    char *directory = strdup(path_in(s, name));
    *strrchr(directory, '/') = '\0';
    mkdir(directory, 0755); /* it may be there */
    free(directory);
    FILE *file = fopen(path_in(s, name), "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die("cannot write", path_in(s, name));
    chmod(path_in(s, name), 0644);
}

void server_make_writable(const server *s, const char *name)
{
    if (mkdir(path_in(s, name), 0777) != 0 || chmod(path_in(s, name), 0777) != 0)
        die("cannot make", path_in(s, name));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_directory(const server *s)
{
    nftw(s->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static server new_directory(void)
{
    server s = {0};
    const char *base = getenv("TMPDIR");
    snprintf(s.root, sizeof s.root, "%s/factorial-XXXXXX",
             base && strlen(base) < 40 ? base : "/tmp");
    if (!mkdtemp(s.root))
        die("cannot make a directory", s.root);
    chmod(s.root, 0755);
    mkdir(path_in(&s, "htdocs"), 0755);
    server_write_file(&s, "htdocs/index.html", "<p>home</p>\n");
    return s;
}

/* ---- the configuration */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("no free port", strerror(errno));
    close(fd);
    return ntohs(address.sin_port);
}

const char *server_mpm(void)
{
    const char *mpm = getenv("MPM");
    return mpm ? mpm : "event";
}

static void write_substituted(FILE *file, const server *s, const char *text)
{
    while (*text) {
        if (!strncmp(text, "@ROOT@", 6)) {
            fputs(s->root, file);
            text += 6;
        } else if (!strncmp(text, "@PORT@", 6)) {
            fprintf(file, "%d", s->port);
            text += 6;
        } else {
            fputc(*text++, file);
        }
    }
}

static void write_configuration(const server *s, const char *modules, const char *configuration)
{
    FILE *file = fopen(path_in(s, "httpd.conf"), "w");
    if (!file)
        die("cannot write", path_in(s, "httpd.conf"));
    fprintf(file,
            "ServerRoot %s\nListen 127.0.0.1:%d\nServerName localhost\nPidFile httpd.pid\n"
            "ErrorLog error.log\nDocumentRoot %s/htdocs\nUser www-data\nGroup www-data\n"
            "LoadModule mpm_%s_module " MODULES "/mod_mpm_%s.so\n"
            "LoadModule authz_core_module " MODULES "/mod_authz_core.so\n"
            "LoadModule factorial_module \"" MODULE "\"\n",
            s->root, s->port, s->root, server_mpm(), server_mpm());
    char *list = strdup(modules), *rest = list, *name;
    while ((name = strsep(&rest, " ")))
        if (*name)
            fprintf(file, "LoadModule %s_module " MODULES "/mod_%s.so\n", name, name);
    free(list);
    fputs("<IfModule mime_module>\n  TypesConfig /dev/null\n</IfModule>\n", file);
    write_substituted(file, s, configuration);
    if (fclose(file) != 0)
        die("cannot write", path_in(s, "httpd.conf"));
}

/* ---- the process */

static pid_t spawn(const server *s, const char *mode, const char *mode_value)
{
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    /* Prefork signals its whole process group when it stops. */
    setsid();
    /* Does not outlive the test program, however that ends. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    int log = open(path_in(s, "console.log"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    const char *preload = getenv("SERVER_PRELOAD"); /* a sanitizer's runtime, for instance */
    if (preload)
        setenv("LD_PRELOAD", preload, 1);
    char configuration[80];
    snprintf(configuration, sizeof configuration, "%s/httpd.conf", s->root);
    execl(HTTPD, HTTPD, "-f", configuration, mode, mode_value, NULL);
    _exit(127);
}

static bool accepts(const server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)s->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

/* True once the server accepts connections; false if it ended instead. */
static bool comes_up(const server *s)
{
    for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return false;
        if (server_logged(s, "resuming normal operations") && accepts(s))
            return true;
        sleep_step();
    }
    return false;
}

server server_start(const char *modules, const char *configuration)
{
    server s = new_directory();
    /* Somebody may take the port between the look and the start: then another one. */
    for (int i = 0; i < TRIES; i++) {
        s.port = free_port();
        write_configuration(&s, modules, configuration);
        s.pid = spawn(&s, "-D", "FOREGROUND");
        if (comes_up(&s))
            return s;
    }
    fputs(read_file(path_in(&s, "console.log")), stderr);
    fputs(read_file(path_in(&s, "error.log")), stderr);
    remove_directory(&s);
    die("does not come up", s.root);
    return s;
}

static size_t count_in_log(const server *s, const char *text)
{
    char *log = read_file(path_in(s, "error.log"));
    size_t count = 0;
    for (const char *at = log; (at = strstr(at, text)); at += strlen(text))
        count++;
    free(log);
    return count;
}

void server_reload(const server *s, const char *modules, const char *configuration)
{
    size_t before = count_in_log(s, "resuming normal operations");
    write_configuration(s, modules, configuration);
    kill(s->pid, SIGUSR1);
    for (int waited = 0; count_in_log(s, "resuming normal operations") == before; sleep_step())
        if ((waited += STEP_MS) > WAIT_MS)
            ck_abort_msg("the server did not restart");
    /* Children of the new generation have been started; those of the old may still accept. */
    usleep(300000);
}

char *server_test_configuration(const char *modules, const char *configuration, bool *accepted)
{
    server s = new_directory();
    s.port = free_port();
    write_configuration(&s, modules, configuration);
    int status = 0;
    waitpid(spawn(&s, "-t", NULL), &status, 0);
    *accepted = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char *said = read_file(path_in(&s, "console.log"));
    remove_directory(&s);
    return said;
}

/* ---- the error log */

void server_expect(const server *s, const char *text)
{
    FILE *file = fopen(path_in(s, "expected"), "a");
    fprintf(file, "%s\n", text);
    fclose(file);
}

bool server_logged(const server *s, const char *text)
{
    return count_in_log(s, text) > 0;
}

static bool is_expected(const char *line, const char *declared)
{
    /* Configured, command line, SIGTERM, graceful restart; prefork's, worker's and event's; what
     * the module says of itself. */
    static const char *const always[] = {
        "AH00163:", "AH00292:",
        "AH00489:", "AH00094:",
        "AH00169:", "AH00295:",
        "AH00491:", "AH00171:",
        "AH00297:", "AH00493:",
        "AH00170:", "AH00296:",
        "AH00492:", " configured, kernel ",
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (strstr(line, always[i]))
            return true;
    bool found = false;
    char *copy = strdup(declared), *rest = copy, *text;
    while (!found && (text = strsep(&rest, "\n")))
        found = *text && strstr(line, text);
    free(copy);
    return found;
}

/* The first line of the error log that nobody expected, NULL if all is well. The caller frees it.
 */
static char *surprise(const server *s)
{
    char *log = read_file(path_in(s, "error.log")), *rest = log, *line, *found = NULL;
    char *declared = read_file(path_in(s, "expected"));
    while (!found && (line = strsep(&rest, "\n")))
        if (*line && !is_expected(line, declared))
            found = strdup(line);
    free(log);
    free(declared);
    return found;
}

void server_check_log(const server *s)
{
    char *line = surprise(s);
    if (line)
        ck_abort_msg("unexpected in the error log: %s", line);
}

void server_stop(server *s)
{
    int status = 0;
    /* Gracefully: by SIGTERM the event MPM's main thread closes sockets that its workers are just
     * freeing, and may crash in that. */
    kill(s->pid, SIGWINCH);
    waitpid(s->pid, &status, 0);
    char *line = surprise(s);
    if (line)
        die("unexpected in the error log", line);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("the server did not end well", s->root);
    remove_directory(s);
}

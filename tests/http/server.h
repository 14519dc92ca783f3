/*
 * A real httpd for a test: its own directory, a free port, a generated configuration.
 *
 * Whatever the server writes to its error log must be expected: the few notices that every start
 * and stop brings are, other lines are to be declared by server_expect.
 */
#ifndef MOD_FACTORIAL_TESTS_SERVER_H
#define MOD_FACTORIAL_TESTS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    char root[64]; /* the server's directory, removed by server_stop */
    int port;      /* on 127.0.0.1 */
    pid_t pid;
} server;

/*
 * Starts a server under the MPM that the environment variable MPM names (event if none) with these
 * modules of httpd's ("rewrite proxy ..."), mod_factorial, and these lines behind the basic ones.
 * Its document root is <root>/htdocs. In the lines, @ROOT@ and @PORT@ stand for the two values.
 * Ends the test program if it does not come up.
 */
server server_start(const char *modules, const char *configuration);

/* Stops the server, removes its directory; ends the test program if the log has a surprise. */
void server_stop(server *s);

/* Replaces the configuration's lines and restarts gracefully; returns when the new one serves. */
void server_reload(const server *s, const char *modules, const char *configuration);

/* Declares that lines of the error log with this text in them are expected from now on. */
void server_expect(const server *s, const char *text);

/* Fails the test if the error log has a line that nobody expected. */
void server_check_log(const server *s);

/* True if the error log has this text. */
bool server_logged(const server *s, const char *text);

/* Writes a file below the server's directory, readable by all; makes the directory it is in. */
void server_write_file(const server *s, const char *name, const char *text);

/* Makes a directory below the server's that httpd's user may write to. */
void server_make_writable(const server *s, const char *name);

/* What `apache2 -t` says of these lines; the caller frees it. *accepted tells the verdict. */
char *server_test_configuration(const char *modules, const char *configuration, bool *accepted);

/* The MPM in use: "prefork", "worker" or "event". */
const char *server_mpm(void);

#endif

/*
 * The container's health probe: asks the server in the same container for /status, and nothing
 * else. Exit status 0 if it answers "UP" in time, 1 if not. The image has no shell and no curl, and
 * needs neither.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 5000, SECONDS = 4 };

static const char request[] = "GET /status HTTP/1.0\r\nHost: localhost\r\n"
                              "User-Agent: health-probe\r\n\r\n";

static int unhealthy(const char *why)
{
    fprintf(stderr, "health-probe: %s\n", why);
    return 1;
}

/* Limits what is left of the time to one call that waits; false if none is left. */
static int limit(int fd, time_t deadline)
{
    time_t left = deadline - time(NULL);
    struct timeval wait = {.tv_sec = left};
    return left > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
}

int main(void)
{
    time_t deadline = time(NULL) + SECONDS;
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || !limit(fd, deadline) || connect(fd, (struct sockaddr *)&server, sizeof server))
        return unhealthy("no connection to port 5000");
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        return unhealthy("the request could not be sent");

    /* HTTP/1.0: the answer ends with the connection. */
    char answer[4096];
    size_t length = 0;
    ssize_t more = 1;
    while (more > 0 && length < sizeof answer - 1) {
        if (!limit(fd, deadline))
            return unhealthy("no answer in time");
        more = read(fd, answer + length, sizeof answer - 1 - length);
        if (more > 0)
            length += (size_t)more;
    }
    if (more < 0)
        return unhealthy("no answer in time");
    answer[length] = '\0';

    const char *body = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || !body || strcmp(body + 4, "UP") != 0)
        return unhealthy("the answer to /status is not 200 UP");
    return 0;
}

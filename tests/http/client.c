#include "client.h"

#include <arpa/inet.h>
#include <check.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

typedef struct {
    char *text;
    size_t length;
} buffer;

static void append(buffer *b, const char *data, size_t length)
{
    b->text = realloc(b->text, b->length + length + 1);
    memcpy(b->text + b->length, data, length);
    b->length += length;
    b->text[b->length] = '\0';
}

static size_t take_body(char *data, size_t size, size_t count, void *to)
{
    append(to, data, size * count);
    return size * count;
}

static size_t take_header(char *data, size_t size, size_t count, void *to)
{
    buffer *b = to;
    if (count >= 5 && !strncmp(data, "HTTP/", 5))
        b->length = 0; /* what came before was an interim response */
    append(b, data, size * count);
    return size * count;
}

static struct curl_slist *header_list(const char *headers)
{
    struct curl_slist *list = NULL;
    char *copy = strdup(headers ? headers : ""), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        if (*line)
            list = curl_slist_append(list, line);
    free(copy);
    return list;
}

/* The encoding is one that libcurl is to ask for and to decode, NULL for none. */
static answer perform(const server *s, const char *method, const char *target, const char *headers,
                      const char *encoding)
{
    buffer body = {0}, head = {0};
    append(&body, "", 0);
    append(&head, "", 0);
    char *url = malloc(strlen(target) + 64);
    sprintf(url, "http://127.0.0.1:%d%s", s->port, target);

    CURL *curl = curl_easy_init();
    struct curl_slist *list = header_list(headers);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, encoding);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
    if (!strcmp(method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (!strcmp(method, "POST"))
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "number=5");
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);

    answer a = {0};
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.status);
    a.body = body.text;
    a.length = body.length;
    a.headers = head.text;
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    free(url);
    return a;
}

answer client_send(const server *s, const char *method, const char *target, const char *headers)
{
    return perform(s, method, target, headers, NULL);
}

answer client_get(const server *s, const char *target)
{
    return perform(s, "GET", target, NULL, NULL);
}

answer client_get_encoded(const server *s, const char *target, const char *encoding)
{
    return perform(s, "GET", target, NULL, encoding);
}

const char *answer_header(const answer *a, const char *name)
{
    static char value[1024];
    size_t length = strlen(name);
    for (const char *line = a->headers; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r\n"), line);
            return value;
        }
    }
    return NULL;
}

void answer_free(answer *a)
{
    free(a->body);
    free(a->headers);
}

int client_connect(const server *s, int receive_buffer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)s->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

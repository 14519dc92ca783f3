/*
 * parse_number against a reader that decodes the whole value first and compares numbers as text.
 * Input: the maximum, so many digits of it as the first byte says, then the query string.
 */
#include "fuzz.h"
#include "parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Decodes text[0 .. length) to `out`, which has room; returns the bytes there. */
static size_t decode(const char *text, size_t length, char *out)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        char two[3] = {0};
        if (text[i] == '%' && i + 2 < length)
            memcpy(two, text + i + 1, 2);
        if (isxdigit((unsigned char)two[0]) && isxdigit((unsigned char)two[1])) {
            out[count++] = (char)strtoul(two, NULL, 16);
            i += 2;
        } else {
            out[count++] = (char)(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return count;
}

static int is_blank(char c)
{
    return c && strchr(" \t\n\v\f\r", c);
}

/* The digits of [value, end) without leading zeros, as text compares; the sign is gone. */
static outcome judge(const char *value, const char *end, uint64_t maximum, uint64_t *number)
{
    char limit[32];
    while (value < end && is_blank(*value))
        value++;
    while (value < end && is_blank(end[-1]))
        end--;
    int negative = value < end && *value == '-';
    if (value < end && (*value == '-' || *value == '+'))
        value++;
    if (value == end)
        return OUTCOME_NUMBER_INVALID;
    for (const char *c = value; c < end; c++)
        if (!isdigit((unsigned char)*c))
            return OUTCOME_NUMBER_INVALID;
    while (value + 1 < end && *value == '0')
        value++;
    size_t length = (size_t)(end - value);
    if (negative && *value != '0')
        return OUTCOME_NUMBER_INVALID;
    size_t most = (size_t)snprintf(limit, sizeof limit, "%lu", maximum);
    if (length > most || (length == most && memcmp(value, limit, length) > 0))
        return OUTCOME_NUMBER_TOO_LARGE;
    char digits[32] = {0};
    memcpy(digits, value, length);
    *number = strtoull(digits, NULL, 10);
    return OUTCOME_OK;
}

static outcome reference(const char *query, uint64_t maximum, uint64_t *number)
{
    outcome found = OUTCOME_NUMBER_MISSING;
    char *copy = strdup(query), *rest = copy, *pair, *decoded = malloc(strlen(query) + 1);
    while (found == OUTCOME_NUMBER_MISSING && (pair = strsep(&rest, "&"))) {
        char *equals = strchr(pair, '='), *value = equals ? equals + 1 : pair + strlen(pair);
        size_t length = decode(pair, (size_t)((equals ? equals : value) - pair), decoded);
        if (length != 6 || memcmp(decoded, "number", 6) != 0)
            continue;
        length = decode(value, strlen(value), decoded);
        found = judge(decoded, decoded + length, maximum, number);
    }
    free(decoded);
    free(copy);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t digits = data[0] % 20u, at = 1;
    uint64_t maximum = 0;
    for (; at < size && digits > 0; digits--)
        maximum = maximum * 10 + data[at++] % 10u;
    char *query = strndup((const char *)data + at, size - at);
    uint64_t number = 7, expected = 7;
    outcome found = parse_number(query, maximum, &number);
    hold(found == reference(query, maximum, &expected), "the outcome");
    hold(number == expected, "the number");
    free(query);
    return 0;
}

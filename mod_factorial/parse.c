#include "parse.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { END = -1 };

/* ---- the query string */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next decoded byte of [*at, end), or END. */
static int next_byte(const char **at, const char *end)
{
    if (*at == end)
        return END;
    char c = *(*at)++;
    if (c == '+')
        return ' ';
    if (c == '%' && end - *at >= 2) {
        int high = hex_digit((*at)[0]), low = hex_digit((*at)[1]);
        if (high >= 0 && low >= 0) {
            *at += 2;
            return 16 * high + low;
        }
    }
    return (unsigned char)c;
}

static bool decodes_to(const char *at, const char *end, const char *expected)
{
    int byte;
    while ((byte = next_byte(&at, end)) != END)
        if (byte != (unsigned char)*expected++ || !byte)
            return false;
    return !*expected;
}

static bool is_blank(int byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static outcome read_number(const char *at, const char *end, uint64_t maximum, uint64_t *number)
{
    int byte = next_byte(&at, end);
    while (is_blank(byte))
        byte = next_byte(&at, end);
    bool negative = byte == '-';
    if (byte == '-' || byte == '+')
        byte = next_byte(&at, end);

    /* Continues after a number that is too large: what follows may make it invalid instead. */
    bool any = false, over = false;
    uint64_t value = 0;
    for (; byte >= '0' && byte <= '9'; byte = next_byte(&at, end)) {
        any = true;
        over = over || __builtin_mul_overflow(value, 10, &value) ||
               __builtin_add_overflow(value, byte - '0', &value);
    }
    while (is_blank(byte))
        byte = next_byte(&at, end);
    if (!any || byte != END || (negative && (over || value)))
        return OUTCOME_NUMBER_INVALID;
    if (over || value > maximum)
        return OUTCOME_NUMBER_TOO_LARGE;
    *number = value;
    return OUTCOME_OK;
}

outcome parse_number(const char *query, uint64_t maximum, uint64_t *number)
{
    while (query && *query) {
        const char *end = query + strcspn(query, "&");
        const char *equals = memchr(query, '=', (size_t)(end - query));
        if (decodes_to(query, equals ? equals : end, "number"))
            return read_number(equals ? equals + 1 : end, end, maximum, number);
        query = *end ? end + 1 : end;
    }
    return OUTCOME_NUMBER_MISSING;
}

/* ---- the Accept field */

typedef struct {
    const char *at;
    size_t length;
} span;

/* A media range with its parameters, as in "text/html;level=1;q=0.5". */
typedef struct {
    span type, subtype;
    bool charset; /* has the parameter charset=utf-8, which all our types satisfy */
    bool foreign; /* has another parameter, which none of our types satisfies */
    int weight;   /* 0 to 1000 */
} media_range;

/* How specific a match is, in increasing order. The most specific one decides. */
typedef enum { NO_MATCH, ANY_TYPE, ANY_SUBTYPE, NAMED, NAMED_WITH_PARAMETER } specificity;

typedef struct {
    const char *type, *subtype;
    specificity best;
    int weight;
} candidate;

static bool equals(span s, const char *word)
{
    return s.length == strlen(word) && !strncasecmp(s.at, word, s.length);
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

static bool skip_char(const char **at, char c)
{
    skip_blanks(at);
    if (**at != c)
        return false;
    (*at)++;
    skip_blanks(at);
    return true;
}

static span read_token(const char **at)
{
    span token = {*at, strcspn(*at, " \t,;=/\"")};
    *at += token.length;
    return token;
}

/* A token or a quoted string, without its quotes. */
static span read_value(const char **at)
{
    if (**at != '"')
        return read_token(at);
    span value = {++*at, 0};
    for (; **at && **at != '"'; (*at)++)
        if (**at == '\\' && (*at)[1])
            (*at)++;
    value.length = (size_t)(*at - value.at);
    if (**at)
        (*at)++;
    return value;
}

/* The weight in thousandths, 0 to 1000; -1 if the text is not a weight. */
static int read_weight(span s)
{
    if (s.length == 0 || s.length > 5 || (s.at[0] != '0' && s.at[0] != '1'))
        return -1;
    int weight = 1000 * (s.at[0] - '0');
    for (size_t i = 1, unit = 1000; i < s.length; i++) {
        if (i == 1 ? s.at[i] != '.' : s.at[i] < '0' || s.at[i] > '9')
            return -1;
        if (i > 1)
            weight += (s.at[i] - '0') * (int)(unit /= 10);
    }
    return weight <= 1000 ? weight : -1;
}

/* Reads one element of the list. False if it is not a media range with a valid weight. */
static bool read_range(const char **at, media_range *range)
{
    bool weighed = false; /* parameters after the weight do not belong to the type */
    *range = (media_range){.weight = 1000};
    range->type = read_token(at);
    bool slash = skip_char(at, '/');
    if (slash)
        range->subtype = read_token(at);
    while (skip_char(at, ';')) {
        span name = read_token(at), value = {0};
        if (skip_char(at, '='))
            value = read_value(at);
        if (weighed || name.length == 0)
            continue;
        if (equals(name, "q")) {
            weighed = true;
            range->weight = read_weight(value);
        } else if (equals(name, "charset") && equals(value, "utf-8")) {
            range->charset = true;
        } else {
            range->foreign = true;
        }
    }
    return slash && range->type.length && range->subtype.length && range->weight >= 0;
}

static specificity match(const media_range *range, const candidate *c)
{
    if (range->foreign)
        return NO_MATCH;
    if (equals(range->type, "*") && equals(range->subtype, "*"))
        return ANY_TYPE;
    if (!equals(range->type, c->type))
        return NO_MATCH;
    if (equals(range->subtype, "*"))
        return ANY_SUBTYPE;
    if (!equals(range->subtype, c->subtype))
        return NO_MATCH;
    return range->charset ? NAMED_WITH_PARAMETER : NAMED;
}

static void weigh(const media_range *range, candidate *c)
{
    specificity found = match(range, c);
    if (found == NO_MATCH || found < c->best)
        return;
    if (found > c->best || range->weight > c->weight)
        c->weight = range->weight;
    c->best = found;
}

accept_preference parse_accept(const char *accept)
{
    candidate json = {"application", "json", NO_MATCH, 0};
    candidate text = {"text", "plain", NO_MATCH, 0};
    candidate problem = {"application", "problem+json", NO_MATCH, 0};
    for (const char *at = accept ? accept : ""; *at;) {
        media_range range;
        skip_blanks(&at);
        if (read_range(&at, &range)) {
            weigh(&range, &json);
            weigh(&range, &text);
            weigh(&range, &problem);
        }
        /* Skips the rest of an invalid element. Quoted commas have been read above. */
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return (accept_preference){
        .form = text.weight > json.weight ? FORM_TEXT : FORM_NUMBER,
        .problem_details = problem.best >= NAMED && problem.weight > 0,
    };
}

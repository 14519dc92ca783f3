/*
 * parse_accept, twice: on the input as it is, where it must not depend on case nor on a type
 * in front that nobody has; and on a list that the input describes, whose preference is known.
 */
#include "fuzz.h"
#include "parse.h"

#include <ctype.h>
#include <string.h>

/* ---- the input as it is */

static int same(accept_preference a, accept_preference b)
{
    return a.form == b.form && a.problem_details == b.problem_details;
}

static void check_text(const uint8_t *data, size_t size)
{
    static const char front[] = "image/png;q=0.5, ";
    char *text = calloc(1, sizeof front + size), *accept = text + sizeof front - 1;
    memcpy(text, front, sizeof front - 1);
    memcpy(accept, data, size);
    accept_preference as_it_is = parse_accept(accept);
    hold(same(parse_accept(text), as_it_is), "a foreign type in front changes nothing");
    for (char *c = accept; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    hold(same(parse_accept(accept), as_it_is), "case does not count");
    hold(!as_it_is.problem_details || strstr(accept, "PROBLEM+JSON"), "who named it");
    free(text);
}

/* ---- a list that the input describes, three bytes for an element */

typedef struct {
    const char *text;
    int fits[3]; /* how specific for JSON, text, problem details; 0: not at all */
} kind;

static const kind kinds[] = {
    {"*/*", {1, 1, 1}},
    {"application/*", {2, 0, 2}},
    {"text/*", {0, 2, 0}},
    {"Application/JSON", {3, 0, 0}},
    {"text/plain", {0, 3, 0}},
    {"application/problem+json", {0, 0, 3}},
    {"text/plain; charset=UTF-8", {0, 4, 0}},
    {"application/json;charset=\"utf-8\"", {4, 0, 0}},
    {"text/plain;format=flowed", {0, 0, 0}},
    {"text/html", {0, 0, 0}},
    {"a/b;c=\"d\\\", text/plain;q=1, e\"", {0, 0, 0}},
    {"nonsense", {0, 0, 0}},
};

enum { KINDS = sizeof kinds / sizeof *kinds, ELEMENTS = 20 };

static void check_list(const uint8_t *data, size_t size)
{
    static const char *const commas[] = {",", ", ", " ,\t", ",,", " , , "};
    char accept[ELEMENTS * 64] = "";
    int best[3] = {0}, weight[3] = {0};
    for (size_t i = 0; i < size / 3 && i < ELEMENTS; i++) {
        const kind *k = &kinds[data[3 * i] % KINDS];
        int q = (data[3 * i + 1] * 4) % 1001;
        size_t length = strlen(accept);
        snprintf(accept + length, sizeof accept - length, "%s%s;q=%d.%03d",
                 i ? commas[data[3 * i + 2] % 5] : "", k->text, q / 1000, q % 1000);
        for (int c = 0; c < 3; c++) {
            if (!k->fits[c] || k->fits[c] < best[c])
                continue;
            weight[c] = k->fits[c] > best[c] || q > weight[c] ? q : weight[c];
            best[c] = k->fits[c];
        }
    }
    accept_preference p = parse_accept(accept);
    hold((p.form == FORM_TEXT) == (weight[1] > weight[0]), "representation");
    hold(p.problem_details == (best[2] >= 3 && weight[2] > 0), "problem details");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(data, size);
    check_list(data, size);
    return 0;
}

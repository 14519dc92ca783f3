/* Which configurations `apache2 -t` takes, and what it says of those that it refuses. */
#include "server.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *lines;
    const char *message; /* NULL: accepted */
} cases[] = {
    {"", NULL},
    {"<Location \"/n\">\nFactorial On\n</Location>\n", NULL},
    {"<Location \"/n\">\nFactorial Off\n</Location>\n", NULL},
    {"<LocationMatch \"^/n$\">\nFactorial On\n</LocationMatch>\n", NULL},
    {"<VirtualHost *>\n<Location \"/n\">\nFactorial On\nFactorialMaxNumber 5\n</Location>\n"
     "</VirtualHost>\n",
     NULL},
    {"FactorialMaxNumber 0\n", NULL},
    {"FactorialMaxNumber 100000000\n", NULL},
    {"FactorialCompressMax 0\n", NULL},
    {"FactorialCompressMax 1073741824\n", NULL},

    {"Factorial On\n", "Factorial belongs in a <Location> section"},
    {"<Location \"/n\">\nFactorial maybe\n</Location>\n", "Factorial must be On or Off"},
    {"<Directory \"/\">\nFactorial On\n</Directory>\n", "Factorial cannot occur within"},
    {"<Files \"x\">\nFactorial On\n</Files>\n", "Factorial cannot occur within"},
    {"<Location \"/n\">\n<If \"true\">\nFactorial On\n</If>\n</Location>\n",
     "Factorial cannot occur within"},
    {"<Directory \"/\">\nFactorialMaxNumber 5\n</Directory>\n",
     "FactorialMaxNumber cannot occur within"},
    {"<Directory \"/\">\nFactorialCompressMax 5\n</Directory>\n",
     "FactorialCompressMax cannot occur within"},

    {"FactorialMaxNumber\n", "FactorialMaxNumber takes one argument"},
    {"FactorialMaxNumber -1\n", "from 0 to 100000000, not \"-1\""},
    {"FactorialMaxNumber +1\n", "from 0 to 100000000, not \"+1\""},
    {"FactorialMaxNumber 1e6\n", "from 0 to 100000000, not \"1e6\""},
    {"FactorialMaxNumber 10k\n", "from 0 to 100000000, not \"10k\""},
    {"FactorialMaxNumber \"\"\n", "FactorialMaxNumber takes one argument"},
    {"FactorialMaxNumber 100000001\n", "from 0 to 100000000, not \"100000001\""},
    {"FactorialMaxNumber 99999999999999999999\n",
     "FactorialMaxNumber takes a whole number from 0 to 100000000, not \"99999999999999999999\""},
    {"FactorialCompressMax 1073741825\n",
     "FactorialCompressMax takes a whole number from 0 to 1073741824, not \"1073741825\""},
};

START_TEST(a_configuration_is_taken_or_refused_with_its_reason)
{
    bool accepted;
    char *said = server_test_configuration("", cases[_i].lines, &accepted);
    if (accepted != !cases[_i].message)
        ck_abort_msg("%s: \"%s\" says: %s", accepted ? "accepted" : "refused", cases[_i].lines,
                     said);
    if (cases[_i].message && !strstr(said, cases[_i].message))
        ck_abort_msg("\"%s\" says: %s instead of: %s", cases[_i].lines, said, cases[_i].message);
    free(said);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("configuration");
    TCase *t = tcase_create("configuration");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, a_configuration_is_taken_or_refused_with_its_reason, 0,
                        sizeof cases / sizeof *cases);
    suite_add_tcase(s, t);
    return s;
}

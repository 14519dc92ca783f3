#include "engine/primes.h"
#include "guarded_scratch.h"
#include "suite.h"

static factorial_job job;
static uint32_t *room;
static size_t size; /* of the room: it ends at a page that cannot be touched */
static char *scratch;

static void set_up(void)
{
    scratch = guarded_scratch_new(primes_scratch(FACTORIAL_LIMIT));
}

static void tear_down(void)
{
    guarded_scratch_delete(scratch, primes_scratch(FACTORIAL_LIMIT));
}

static primes sieve(uint64_t n)
{
    size = primes_count_bound(n) * sizeof *room;
    room = guarded_scratch_new(size);
    size_t needed = primes_scratch(n);
    return primes_sieve(&job, n, room, scratch + primes_scratch(FACTORIAL_LIMIT) - needed);
}

static bool is_prime(uint32_t n)
{
    for (uint32_t d = 2; (uint64_t)d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n >= 2;
}

START_TEST(the_sieve_agrees_with_trial_division_for_every_bound)
{
    for (uint32_t n = 0; n < 2000; n++) {
        primes found = sieve(n);
        size_t next = 0;
        for (uint32_t i = 0; i <= n; i++)
            if (is_prime(i) && found.prime[next++] != i)
                ck_abort_msg("n = %u: %u is not found", n, i);
        ck_assert_uint_eq(found.count, next);
        guarded_scratch_delete(room, size);
    }
}
END_TEST

/* Bounds just behind multiples of what is sieved at a time: a part shorter than many primes. */
START_TEST(the_sieve_agrees_with_one_in_a_single_part)
{
    enum { PART = 65536, PARTS = 40, LARGEST = PARTS * PART };
    static const uint32_t behind[] = {0, 1, 2, 3, 25, 64, 333, 2048, 19700, 40000};
    static bool composite[LARGEST + 1];
    for (uint32_t p = 2; p * p <= LARGEST; p++)
        for (uint32_t multiple = p * p; !composite[p] && multiple <= LARGEST; multiple += p)
            composite[multiple] = true;
    for (uint32_t part = 1; part < PARTS; part++)
        for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
            uint32_t n = part * PART + behind[i], number = 2;
            primes found = sieve(n);
            for (size_t k = 0; k < found.count; k++, number++) {
                while (composite[number])
                    number++;
                if (found.prime[k] != number)
                    ck_abort_msg("n = %u: %u is taken for a prime", n, found.prime[k]);
            }
            while (number <= n && composite[number])
                number++;
            ck_assert_uint_gt(number, n);
            guarded_scratch_delete(room, size);
        }
}
END_TEST

START_TEST(the_sieve_finds_the_known_number_of_primes)
{
    static const struct {
        uint32_t n;
        size_t count;
    } known[] = {{65537, 6543}, {1000000, 78498}, {10000000, 664579}, {FACTORIAL_LIMIT, 5761455}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        primes found = sieve(known[i].n);
        ck_assert_uint_eq(found.count, known[i].count);
        guarded_scratch_delete(room, size);
    }
}
END_TEST

START_TEST(the_exponent_of_a_prime_is_the_one_found_by_division)
{
    static const uint32_t prime[] = {2, 3, 5, 7, 97};
    for (size_t i = 0; i < sizeof prime / sizeof *prime; i++) {
        uint64_t exponent = 0;
        for (uint64_t n = 1; n < 3000; n++) {
            for (uint64_t m = n; m % prime[i] == 0; m /= prime[i])
                exponent++;
            ck_assert_uint_eq(primes_exponent(n, prime[i]), exponent);
        }
    }
}
END_TEST

static bool always(void *unused)
{
    return true;
}

START_TEST(a_cancelled_sieve_stops)
{
    job.cancelled = always;
    ck_assert_uint_lt(sieve(1000000).count, 78498);
    guarded_scratch_delete(room, size);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("primes");
    TCase *t = tcase_create("primes");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_sieve_agrees_with_trial_division_for_every_bound);
    tcase_add_test(t, the_sieve_agrees_with_one_in_a_single_part);
    tcase_add_test(t, the_sieve_finds_the_known_number_of_primes);
    tcase_add_test(t, the_exponent_of_a_prime_is_the_one_found_by_division);
    tcase_add_test(t, a_cancelled_sieve_stops);
    suite_add_tcase(s, t);
    return s;
}

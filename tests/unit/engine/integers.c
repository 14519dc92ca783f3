#include "integers.h"

#include <check.h>
#include <stdlib.h>

/* By its text, which takes GMP less time than a multiplication for each limb. */
void integer_from_limbs(mpz_t x, const limb *a, size_t limbs)
{
    char *text = malloc(limbs * LIMB_DIGITS + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < limbs; i++) {
        limb rest = a[limbs - 1 - i];
        for (size_t k = LIMB_DIGITS; k-- > 0; rest /= 10)
            text[i * LIMB_DIGITS + k] = (char)('0' + rest % 10);
        if (rest)
            ck_abort_msg("limb %zu of %zu is too large", limbs - 1 - i, limbs);
    }
    text[limbs * LIMB_DIGITS] = '\0';
    mpz_set_str(x, text, 10);
    free(text);
}

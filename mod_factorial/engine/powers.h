/*
 * The product of P_i^(2^i) over the bits i of exponents.
 */
#ifndef MOD_FACTORIAL_ENGINE_POWERS_H
#define MOD_FACTORIAL_ENGINE_POWERS_H

#include "product.h"

/*
 * The product of p->power[i]^(2^i): its limbs to `result`, their number is returned. There must be
 * room for one limb more than the result has for each of the p->bits. Undefined if the job is
 * cancelled.
 */
size_t powers_multiply(const products_by_bit *p, const workspace *w, limb *result);

#endif

// What the browser itself computes of n!: its prime factors, and how far Stirling's formula is off.

// How often the prime p divides n! (Legendre's formula).
export function exponent(n, p) {
  let sum = 0;
  for (let rest = Math.floor(n / p); rest > 0; rest = Math.floor(rest / p))
    sum += rest;
  return sum;
}

export function primesUpTo(limit) {
  const composite = new Uint8Array(limit + 1), primes = [];
  for (let p = 2; p <= limit; p++) {
    if (composite[p])
      continue;
    primes.push(p);
    for (let multiple = p * p; multiple <= limit; multiple += p)
      composite[multiple] = 1;
  }
  return primes;
}

// Stirling's series: ln n! is ln(sqrt(2 pi n) (n/e)^n) plus this. Right to 15 digits from 20 on.
const correction = (n) => 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5) - 1 / (1680 * n ** 7);

// Stirling's estimate of n!, n at least 1, as { mantissa, exponent }, and the part of n! by which it is
// too small. For large n both come from the true first digits, because the formula itself loses all
// digits of a double to the exponent.
export function stirling(n, scientific) {
  const [mantissa, power] = scientific.split("e").map(Number);
  const logarithm = n < 20 ? Math.log(Number(scientific) / (Math.sqrt(2 * Math.PI * n) * (n / Math.E) ** n)) : correction(n);
  const error = -Math.expm1(-logarithm);
  const estimate = mantissa * (1 - error);
  return estimate < 1 ? { mantissa: estimate * 10, exponent: power - 1, error } : { mantissa: estimate, exponent: power, error };
}

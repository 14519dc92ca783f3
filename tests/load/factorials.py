"""What an answer must be, by other means than the server's: log-gamma and residues."""

import math

PRIME = (1 << 61) - 1
CHUNK = 4000  # digits that Python turns into a number at once


class Factorials:
    """Knows n! of these n by its number of digits and its residue modulo a 61-bit prime."""

    def __init__(self, numbers):
        self.residue = {}
        wanted, product = set(numbers), 1
        for n in range(max(wanted) + 1):
            product = product * (n or 1) % PRIME
            if n in wanted:
                self.residue[n] = product

    def check(self, n, body):
        """The body is the JSON of n!."""
        before, after = b'{"factorial":', b"}\n"
        assert body.startswith(before) and body.endswith(after), f"{n}: {body[:40]!r}"
        digits = body[len(before) : -len(after)]
        assert len(digits) == digit_count(n), f"{n}: {len(digits)} digits"
        assert residue(digits) == self.residue[n], f"{n}: wrong digits"


def digit_count(n):
    return int(math.lgamma(n + 1) / math.log(10)) + 1


def residue(digits):
    value, shift = 0, pow(10, CHUNK, PRIME)
    first = len(digits) % CHUNK
    for start in range(first - CHUNK if first else 0, len(digits), CHUNK):
        value = (value * shift + int(digits[max(start, 0) : start + CHUNK])) % PRIME
    return value

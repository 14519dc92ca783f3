"""What n! must be, by other means than the module's: its number of digits by the logarithm of the gamma
function, and its residue modulo a prime of 61 bits, which a wrong digit changes."""

import math
from collections.abc import Iterable

PRIME = (1 << 61) - 1
CHUNK = 4000  # digits that Python turns into a number at once


class Factorials:
    """Knows the residues of n! for these n."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.residue: dict[int, int] = {}
        wanted, product = set(numbers), 1
        for n in range(max(wanted) + 1):
            product = product * (n or 1) % PRIME
            if n in wanted:
                self.residue[n] = product

    def check_digits(self, n: int, digits: bytes) -> None:
        assert len(digits) == digit_count(n), f"{n}: {len(digits)} digits"
        assert residue(digits) == self.residue[n], f"{n}: wrong digits"

    def check(self, n: int, body: bytes) -> None:
        """The body is version 1's JSON of n!."""
        before, after = b'{"factorial":', b"}\n"
        assert body.startswith(before), f"{n}: {body[:40]!r}"
        assert body.endswith(after), f"{n}: {body[-40:]!r}"
        self.check_digits(n, body[len(before) : -len(after)])


def digit_count(n: int) -> int:
    return int(math.lgamma(n + 1) / math.log(10)) + 1


def residue(digits: bytes) -> int:
    value, shift = 0, pow(10, CHUNK, PRIME)
    first = len(digits) % CHUNK
    for start in range(first - CHUNK if first else 0, len(digits), CHUNK):
        value = (value * shift + int(digits[max(start, 0) : start + CHUNK])) % PRIME
    return value

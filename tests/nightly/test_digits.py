"""The digits of large factorials, all of them, against libmpdec's, which is Python's decimal.

libmpdec computes in base 10^19 by transforms of its own; it shares nothing with the engine or GMP.
"""

import math
import os
import subprocess
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, localcontext
from functools import cache
from pathlib import Path

import pytest

PROGRAM = Path(os.environ.get("BUILD", "build")) / "factorial"
WAYS = {"auto": [], "one thread": ["-t", "1"], "avx2": ["-k", "avx2"], "gmp": ["-g"]}


def product(first: int, end: int) -> Decimal:
    if end - first <= 64:
        return Decimal(math.prod(range(first, end)))
    middle = (first + end) // 2
    return product(first, middle) * product(middle, end)


@cache
def factorial(n: int) -> bytes:
    exact = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
    with localcontext(exact):
        return str(product(1, n + 1)).encode()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("n", [1_000_003, 10_000_000])
def test_the_digits_are_those_of_libmpdec(n: int, way: list[str]) -> None:
    written = subprocess.run([PROGRAM, *way, str(n)], capture_output=True, check=False)
    if b"no kernel" in written.stderr:
        pytest.skip(written.stderr.decode())
    assert written.returncode == 0
    expected = factorial(n) + b"\n"
    # Not asserted as it is: pytest would show the difference, and take hours for that.
    same = written.stdout == expected
    assert same

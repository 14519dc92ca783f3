"""What the browser itself computes of a factorial."""

import math
import re

import mpmath
import pytest
from conftest import Visit
from page import ask, result
from playwright.sync_api import Locator, expect


def product(factors: Locator) -> int:
    """What the prime powers that are shown come to: 2⁸ · 3⁴ · 5² · 7 for 10!."""
    written = factors.inner_html()
    powers = re.findall(r"([\d,]+)(?:<sup>([\d,]+)</sup>)?", written)
    assert re.sub(r"[\d,]+(<sup>[\d,]+</sup>)?", "p", written) == " · ".join("p" * len(powers))
    return math.prod(
        int(prime.replace(",", "")) ** int((power or "1").replace(",", ""))
        for prime, power in powers
    )


@pytest.mark.parametrize("number", [2, 29, 30])
def test_all_prime_factors_of_a_small_factorial_are_shown(visit: Visit, number: int) -> None:
    section = result(visit(f"?number={number}"))
    assert product(section.locator("#factors")) == math.factorial(number)
    expect(section.locator("#all-factors")).to_be_hidden()


@pytest.mark.parametrize("number", [31, 10_000])
def test_the_others_are_shown_on_request(visit: Visit, number: int) -> None:
    section = result(visit(f"?number={number}"))
    expect(section.locator("#factors")).to_contain_text(" · 29")
    expect(section.locator("#factors")).to_contain_text("· …")
    section.get_by_text(re.compile(r"^All [\d,]+ primes$")).click()
    assert product(section.locator("#all-factors p")) == math.factorial(number)


def test_only_the_first_prime_factors_of_a_large_factorial_are_shown(visit: Visit) -> None:
    page = visit("?number=10001")
    expect(result(page).locator("#factors")).to_contain_text("29355")  # 29 to the power of 344 + 11
    expect(page.locator("#all-factors")).to_be_hidden()
    ask(page, "1")
    expect(page.locator("#factors")).to_have_text("None: it is 1.")


@pytest.mark.parametrize("number", [1, 2, 10, 19, 20, 170, 1_000, 200_000, 10**9, 10**14])
def test_the_estimate_of_stirling_and_its_error(visit: Visit, number: int) -> None:
    page = visit(f"?number={number}")
    shown = page.locator("#stirling")
    expect(shown).to_contain_text("too small by")
    power = int((shown.locator("sup").text_content() or "").replace(",", ""))
    mantissa, percent = re.fullmatch(
        r"√\(2πn\)·\(n/e\)ⁿ is about ([\d.]+) ×\xa010-?[\d,]+, too small by ([\d.]+)\xa0%\.",
        shown.text_content() or "",
    ).groups()
    with mpmath.workdps(50):
        n = mpmath.mpf(number)
        estimate = mpmath.log(2 * mpmath.pi * n) / 2 + n * (mpmath.log(n) - 1)  # its logarithm
        error = -100 * mpmath.expm1(estimate - mpmath.loggamma(n + 1))
        assert (
            abs(mpmath.power(10, estimate / mpmath.log(10) - power) - mpmath.mpf(mantissa)) < 1e-8
        )
        assert abs(mpmath.mpf(percent) / error - 1) < 0.005


def test_there_is_no_estimate_of_0(visit: Visit) -> None:
    page = visit("?number=0")
    expect(page.locator("#stirling")).to_have_text("The formula needs a number from 1 up.")

"""What the tests of the page have in common: asking it, and what they look at."""

from collections.abc import Callable

import pytest
import requests
from httpd import Httpd
from playwright.sync_api import Locator, Page, expect

DIGITS_OF_52 = "80658175170943878571660636856403766975289505440883277824000000000000"
Check = Callable[[Page], None]

wide_and_narrow = pytest.mark.parametrize("width", [1200, 320], ids=["wide", "narrow"])
day_and_night = pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])


def ask(page: Page, number: str) -> None:
    page.get_by_label("Which number?").fill(number)
    page.keyboard.press("Enter")


def plain(server: Httpd, number: int) -> bytes:
    """What the server answers to a program."""
    return requests.get(f"{server.base}/api/v2/factorial.txt?number={number}", timeout=20).content


def result(page: Page) -> Locator:
    """The result's section, complete."""
    section = page.locator("#result:not(.arriving)")
    expect(section).to_be_visible()
    return section


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways to be seen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

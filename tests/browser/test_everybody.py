"""The page by keyboard, by day and night, on narrow screens, without JavaScript."""

import re

import pytest
from conftest import Visit
from page import DIGITS_OF_52, Check, day_and_night, fits, result, wide_and_narrow
from playwright.sync_api import Page, expect


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element of that name has the focus, which must be seen at each stop."""
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const at = document.activeElement, ring = (e) => e && getComputedStyle(e).outlineStyle !== "none";
                return ring(at) || ring(at.closest(".field"));
            }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.id || document.activeElement.textContent") == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


@wide_and_narrow
@day_and_night
def test_the_keyboard_is_enough(visit: Visit, check: Check, width: int, dark: bool) -> None:
    page = visit(width=width, dark=dark, permissions=["clipboard-read", "clipboard-write"])
    tab_to(page, "number")
    page.keyboard.type("52")
    page.keyboard.press("Enter")
    expect(result(page).locator("#result-title")).to_have_text("52!")
    expect(page.locator("#status")).to_have_text("52! has 68 digits, 12 zeros at the end.")
    expect(page.locator("#number")).to_be_focused()
    tab_to(page, "copy")
    page.keyboard.press("Space")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == DIGITS_OF_52
    tab_to(page, "measure")
    assert fits(page)
    check(page)


@wide_and_narrow
@day_and_night
def test_the_page_before_anything_is_asked(
    visit: Visit, check: Check, width: int, dark: bool
) -> None:
    page = visit(width=width, dark=dark)
    expect(page.locator("#result")).to_be_hidden()
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", paper))) < 64) == dark
    assert fits(page)
    check(page)


@wide_and_narrow
def test_without_javascript_the_form_gets_the_plain_answer(
    visit: Visit, expected: list[str], width: int
) -> None:
    expected.append("404")  # the browser looks for a favicon.ico beside the plain answer
    page = visit(width=width, java_script_enabled=False)
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator("#growth")).to_be_hidden()
    page.get_by_label("Which number?").fill("5")
    page.get_by_role("button", name="Compute").click()
    page.wait_for_url("**/api/v2/factorial.txt?number=5")
    expect(page.locator("body")).to_have_text("120")


SHIFTS = """
    shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
"""


@wide_and_narrow
@pytest.mark.parametrize("address", ["", "?number=50", "?number=1000", "?number=1000000000000"])
def test_nothing_moves_while_the_page_opens(visit: Visit, width: int, address: str) -> None:
    page = visit(width=width)
    page.add_init_script(SHIFTS)
    page.goto(page.url + address)
    page.wait_for_load_state("networkidle")
    if address:
        result(page)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    moved = page.evaluate("shifts.map((shift) => shift.value)")
    assert sum(moved) < 0.02

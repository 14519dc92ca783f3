"""The plots of the page."""

import re

from conftest import Visit
from httpd import Httpd
from page import Check
from playwright.sync_api import expect


def test_measuring_fills_plots_and_table(visit: Visit, check: Check) -> None:
    page = visit()
    # However slow the machine is: no number takes so long that the larger ones are left out.
    page.evaluate(
        "performance.now = ((now) => () => now() / 1000)(performance.now.bind(performance))"
    )
    page.get_by_role("button", name="Measure this server").click()
    expect(page.locator("#measure-text")).to_have_text(re.compile("^Measured"), timeout=60_000)
    for plot in ("#digits-plot", "#time-plot"):
        expect(page.locator(f"{plot} .point")).to_have_count(10)
    page.get_by_text("The measurements as a table").click()
    rows = page.locator("#measurements tbody tr")
    expect(rows).to_have_count(10)
    assert rows.last.locator("td").all_text_contents()[:2] == ["1,000,000", "5,565,709"]
    check(page)


def test_measuring_can_be_stopped(visit: Visit, slow: Httpd) -> None:
    page = visit(at=slow)
    page.get_by_role("button", name="Measure this server").click()
    expect(page.locator("#time-plot .point").first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#measure-text")).to_have_text("Stopped.")

"""What the page says of numbers that the server does not compute."""

from collections.abc import Iterator

import pytest
from conftest import Visit
from httpd import Httpd, running
from page import Check, ask, fits, result
from playwright.sync_api import expect

LIMITED = '<Location "/api/v2/factorial.txt">\nFactorialMaxNumber 1500\n</Location>\n'


@pytest.fixture(scope="module")
def limited() -> Iterator[Httpd]:
    with running(extra=LIMITED) as httpd:
        yield httpd


def test_the_maximum_is_told_beforehand(visit: Visit, server: Httpd, limited: Httpd) -> None:
    expect(visit(at=server).locator("#maximum")).to_have_text("1,000,000")
    expect(visit(at=limited).locator("#maximum")).to_have_text("1,500")


@pytest.mark.parametrize("number", ["1501", "1000000000000"])
def test_above_it_the_page_shows_what_can_be_known(
    visit: Visit, limited: Httpd, check: Check, number: str
) -> None:
    page = visit(f"?number={number}", at=limited, width=360)
    expect(page.locator("#refused")).to_contain_text("computes every digit for n up to 1,500.")
    expect(page.locator("#scientific")).to_contain_text("× 10")
    expect(page.get_by_role("button", name="Every digit")).to_be_hidden()
    assert page.locator("#fact-time").bounding_box() is None, "nothing is kept free for a time"
    assert fits(page)
    check(page)
    ask(page, "1500")
    result(page)
    expect(page.locator("#refused")).to_be_hidden()


def test_a_server_that_does_not_tell_it_beforehand(
    visit: Visit, limited: Httpd, expected: list[str]
) -> None:
    expected.append("Failed to load resource")
    page = visit(at=limited)
    page.route("**/api/v2/factorial.txt", lambda route: route.fulfill(status=403))
    page.reload()
    expect(page.locator("#maximum")).to_have_text("a maximum")
    ask(page, "1501")
    expect(page.locator("#refused")).to_contain_text("computes every digit for n up to 1,500.")


def test_measuring_stops_at_the_maximum(visit: Visit, limited: Httpd) -> None:
    page = visit(at=limited)
    page.get_by_role("button", name="Measure this server").click()
    expect(page.locator("#measure-text")).to_contain_text("Measured")
    expect(page.locator("#time-plot .point")).to_have_count(4)

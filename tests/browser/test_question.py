"""What may be typed into the page, and what it says where there is no result."""

from typing import Any

import pytest
from conftest import Visit
from page import Check, ask, fits, result, wide_and_narrow
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("typed", "number", "title"),
    [
        ("0", "0", "0!"),
        ("10!", "10", "10!"),
        ("10 !", "10", "10!"),
        (" 1,000 ", "1000", "1,000!"),
        ("1 000", "1000", "1,000!"),
        ("1_000", "1000", "1,000!"),
        ("1,00,000", "100000", "100,000!"),
        ("+7", "7", "7!"),
        ("-0", "0", "0!"),
        ("007", "7", "7!"),
    ],
)
def test_numbers_as_people_type_them(visit: Visit, typed: str, number: str, title: str) -> None:
    page = visit()
    ask(page, typed)
    expect(result(page).locator("#result-title")).to_have_text(title)
    expect(page).to_have_title(f"{title} – factorials, exactly")
    expect(page.locator("#number")).to_have_value(number)
    assert page.url.endswith(f"?number={number}")


def test_the_address_can_be_shared(visit: Visit) -> None:
    page = visit()
    ask(page, "20")
    result(page)
    assert page.url.endswith("/docs/?number=20")
    ask(page, "21")
    expect(page.locator("#result-title")).to_have_text("21!")
    page.go_back()
    expect(page.locator("#result-title")).to_have_text("20!")
    expect(page.locator("#number")).to_have_value("20")
    expect(page).to_have_title("20! – factorials, exactly")
    page.go_back()
    expect(page.locator("#result")).to_be_hidden()
    expect(result(visit("?number=20")).locator("#result-title")).to_have_text("20!")


@wide_and_narrow
def test_errors_are_told_in_words(
    visit: Visit, check: Check, expected: list[str], width: int
) -> None:
    expected.append("status of 400")
    page = visit(width=width)
    for typed, words in {
        "": "Please type a number",
        "-5": "not a whole number",
        "1e3": "not a whole number",
        "1,5": "not a whole number",
        "1,000,00": "not a whole number",
        "<b>5": "not a whole number",
        "9" * 50: "100,000,000,000,000 is the largest number here",
    }.items():
        ask(page, typed)
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_label("Which number?")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#result")).to_be_hidden()
    assert fits(page)
    check(page)
    ask(page, "5")
    result(page)
    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.get_by_label("Which number?")).to_have_attribute("aria-invalid", "false")


BUSY = "Too many large numbers at once: try again later"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 503, "content_type": "text/plain; charset=utf-8", "body": BUSY}, f"{BUSY}."),
        (
            {"status": 502, "content_type": "text/html", "body": "<h1>Bad Gateway</h1>"},
            "The server behind this address does not answer. Please try again later.",
        ),
        ({"status": 418, "body": ""}, "Something went wrong: the server answered with status 418."),
        (
            {"status": 503, "content_type": "application/problem+json", "body": "{"},
            "The server is overloaded at the moment. Please try again in a second.",
        ),
    ],
)
@pytest.mark.parametrize(
    ("form", "place"), [("factorial/summary", "#error"), ("factorial.txt", "#refused")]
)
def test_a_server_in_trouble(
    visit: Visit, expected: list[str], answer: dict[str, Any], words: str, form: str, place: str
) -> None:
    expected.append("Failed to load resource")
    page = visit()
    page.route(f"**/api/v2/{form}**", lambda route: route.fulfill(**answer))
    ask(page, "5")
    expect(page.locator(place)).to_have_text(words)


def test_a_server_that_is_gone(visit: Visit, expected: list[str]) -> None:
    expected.append("Failed to load resource")
    page = visit()
    page.route("**/api/v2/factorial/summary**", lambda route: route.abort())
    ask(page, "5")
    expect(page.get_by_role("alert")).to_have_text("The server cannot be reached.")


def test_digits_that_were_refused_can_be_requested_again(visit: Visit, expected: list[str]) -> None:
    expected.append("Failed to load resource")
    page = visit()
    busy = {"status": 503, "content_type": "text/plain; charset=utf-8", "body": BUSY}
    page.route("**/api/v2/factorial.txt?*", lambda route: route.fulfill(**busy), times=1)
    ask(page, "5")
    expect(page.locator("#refused")).to_have_text(f"{BUSY}.")
    page.get_by_role("button", name="Every digit").click()
    expect(page.locator("#digits")).to_have_text("120")
    expect(page.locator("#refused")).to_be_hidden()

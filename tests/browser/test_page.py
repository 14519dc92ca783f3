"""The page at /docs/, as people use it, in a real browser."""

import json
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
import requests
from conftest import SLOW, Visit
from httpd import SOURCE, Httpd, running
from playwright.sync_api import Page, expect

DIGITS_OF_52 = "80658175170943878571660636856403766975289505440883277824000000000000"
Check = Callable[[Page], None]

wide_and_narrow = pytest.mark.parametrize("width", [1200, 320], ids=["wide", "narrow"])
day_and_night = pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])


def ask(page: Page, number: str) -> None:
    page.get_by_label("Which number?").fill(number)
    page.keyboard.press("Enter")


def plain(server: Httpd, number: int) -> bytes:
    """What the server answers to a program."""
    address = f"{server.base}/api/v1/factorial?number={number}"
    return requests.get(address, headers={"Accept": "text/plain"}, timeout=20).content


def result(page: Page) -> Any:
    """The result's section, complete."""
    section = page.locator("#result:not(.arriving)")
    expect(section).to_be_visible()
    return section


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways to be seen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element of that name has the focus, which must be seen at each stop."""
    for _ in range(20):
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
    expect(result(page).get_by_role("heading")).to_have_text("52!")
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


def test_facts_and_digits_of_a_short_result(visit: Visit) -> None:
    page = visit()
    ask(page, "52")
    section = result(page)
    expect(section.locator("#fact-digits")).to_have_text("68")
    expect(section.locator("#fact-zeros")).to_have_text("12")
    expect(section.locator("#fact-size")).to_have_text("69 bytes")
    expect(section.locator("#fact-time")).to_have_text(re.compile(r"^[\d.]+\s(ms|s)$"))
    groups = section.locator(".group").all_text_contents()
    assert groups[:2] == ["80", "658"]
    assert "".join(groups) == DIGITS_OF_52
    assert "".join(section.locator(".zeros").all_text_contents()) == 12 * "0"


@pytest.mark.parametrize(
    ("typed", "title"), [("0", "0!"), ("1", "1!"), (" 1,000 ", "1,000!"), ("1 000", "1,000!")]
)
def test_numbers_as_people_type_them(visit: Visit, typed: str, title: str) -> None:
    page = visit()
    ask(page, typed)
    expect(result(page).get_by_role("heading")).to_have_text(title)


def test_lines_of_a_middling_result_are_numbered_and_complete(visit: Visit, server: Httpd) -> None:
    page = visit("?number=450")  # 1,001 digits: none left out
    section = result(page)
    rows = section.locator(".line")
    lines = [row.inner_text().replace("\n", "") for row in rows.all()]
    assert "".join(lines) == plain(server, 450).decode().strip()
    positions = [row.get_attribute("data-position") for row in section.locator(".position").all()]
    assert positions[:2] == ["1", str(len(lines[0]) + 1)]


@wide_and_narrow
def test_a_million(visit: Visit, server: Httpd, check: Check, width: int) -> None:
    page = visit(width=width, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate(
        """() => {
            window.longest = 0;
            let before = performance.now();
            (function frame() {
                const now = performance.now();
                window.longest = Math.max(window.longest, now - before);
                before = now;
                requestAnimationFrame(frame);
            })();
        }"""
    )
    ask(page, "1000000")
    section = result(page)
    page.wait_for_timeout(200)
    assert page.evaluate("window.longest") < 500, "the page froze"
    expect(section.locator("#fact-digits")).to_have_text("5,565,709")
    expect(section.locator("#fact-zeros")).to_have_text("249,998")
    expect(section.locator("#fact-size")).to_have_text("5.31 MiB")
    assert "".join(section.locator(".group").all_text_contents()).startswith("82639316883312400623")
    assert section.locator(".group").count() < 200
    gaps = section.locator(".gap").all_text_contents()
    assert [gap.split()[1] for gap in gaps] == ["digits", "zeros"]
    shown = len("".join(section.locator(".group").all_text_contents()))
    assert shown + sum(int(gap.split()[0].replace(",", "")) for gap in gaps) == 5565709

    digits = plain(server, 1000000)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    assert downloading.value.suggested_filename == "factorial-1000000.txt"
    assert downloading.value.path().read_bytes() == digits
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == digits.decode().strip()
    assert fits(page)
    check(page)


def test_lines_follow_the_width_of_the_window(visit: Visit) -> None:
    page = visit("?number=10000")
    first = result(page).locator(".line").first
    before = len(first.locator(".group").all())
    page.set_viewport_size({"width": 320, "height": 800})
    expect(first.locator(".group")).not_to_have_count(before)
    assert fits(page)


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
    expect(result(visit("?number=20")).get_by_role("heading")).to_have_text("20!")


def test_a_repeated_question_is_answered_by_the_browser(visit: Visit) -> None:
    page = visit("?number=5000")
    result(page)
    page.reload()
    expect(page.locator("#fact-began")).to_have_text("from your browser’s cache")


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
        "<b>5": "not a whole number",
        "1000001": "beyond this server, which computes up to 1,000,000.",
        "9" * 50: "beyond this server",
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


def problem(name: str) -> dict[str, Any]:
    return {
        "status": 503,
        "content_type": "application/problem+json",
        "headers": {"Retry-After": "1"},
        "body": json.dumps(
            {"type": f"/docs/problems#{name}", "title": "-", "status": 503, "detail": "-"}
        ),
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem("busy"), "computing all it can"),
        (problem("timeout"), "longer than the server may spend"),
        (problem("memory"), "short of memory"),
        (
            {"status": 502, "content_type": "text/html", "body": "<h1>Bad Gateway</h1>"},
            "does not answer",
        ),
        ({"status": 418, "body": ""}, "status 418"),
        ({"status": 503, "content_type": "application/problem+json", "body": "{"}, "overloaded"),
    ],
)
def test_a_server_in_trouble(
    visit: Visit, expected: list[str], answer: dict[str, Any], words: str
) -> None:
    expected.append("Failed to load resource")
    page = visit()
    page.route("**/api/v1/factorial**", lambda route: route.fulfill(**answer))
    ask(page, "5")
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_a_server_that_is_gone(visit: Visit, expected: list[str]) -> None:
    expected.append("Failed to load resource")
    page = visit()
    page.route("**/api/v1/factorial**", lambda route: route.abort())
    ask(page, "5")
    expect(page.get_by_role("alert")).to_have_text("The server cannot be reached.")


def test_an_answer_that_breaks_off(visit: Visit, expected: list[str]) -> None:
    expected.append("Failed to load resource")
    with running(extra=SLOW) as doomed:
        doomed.expected.append("AH10392")  # the parent's, if it sees all its children gone at once
        page = visit(at=doomed)
        ask(page, "1000000")
        expect(page.locator("#progress-text")).to_contain_text("arriving")
        for child in doomed.children():
            os.kill(child, signal.SIGKILL)
        expect(page.get_by_role("alert")).to_have_text(
            "The answer broke off before it was complete."
        )
        expect(page.locator("#result")).to_be_hidden()


@day_and_night
def test_progress_of_a_large_result(visit: Visit, slow: Httpd, check: Check, dark: bool) -> None:
    page = visit(at=slow, dark=dark)
    ask(page, "1000000")
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("max", "5565710")
    first = page.evaluate("document.querySelector('progress').value")
    page.wait_for_function("(first) => document.querySelector('progress').value > first", arg=first)
    expect(page.locator("#progress-text")).to_contain_text("of 5.31 MiB")
    expect(page.locator("#digits .line").first).to_contain_text("8263931688")
    check(page)
    result(page)
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("how", ["button", "Escape", "another question"])
def test_cancelling_reaches_the_server(visit: Visit, slow: Httpd, how: str) -> None:
    page = visit(at=slow)
    log = slow.root / "connections.log"
    before = len(log.read_text().splitlines())
    ask(page, "999999")
    expect(page.locator("#progress-text")).to_contain_text("arriving")
    if how == "button":
        page.get_by_role("button", name="Cancel").click()
    elif how == "Escape":
        page.keyboard.press("Escape")
    else:
        ask(page, "5")
        expect(page.locator("#result-title")).to_have_text("5!")
    expect(page.locator("#progress")).to_be_hidden()
    if how != "another question":
        expect(page.locator("#status")).to_have_text("Cancelled.")
        expect(page.locator("#result")).to_be_hidden()
        expect(page.get_by_label("Which number?")).to_be_focused()
    for _ in range(50):
        ended = [
            line
            for line in log.read_text().splitlines()[before:]
            if line.endswith("?number=999999")
        ]
        if ended:
            break
        page.wait_for_timeout(100)
    connection, status, sent, _query = ended[0].split()
    assert (connection, status) == ("X", "200"), "the connection was to be aborted"
    assert int(sent) < 5_000_000


def test_measuring_fills_plots_and_table(visit: Visit, check: Check) -> None:
    page = visit()
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
    page.wait_for_url("**/api/v1/factorial?number=5")
    expect(page.locator("body")).to_contain_text('{"factorial":120}')


@wide_and_narrow
@day_and_night
def test_the_page_of_errors(visit: Visit, check: Check, width: int, dark: bool) -> None:
    page = visit("problems#number-invalid", width=width, dark=dark)
    expect(page.get_by_role("heading", name="Number invalid")).to_be_in_viewport()
    assert fits(page)
    check(page)


def test_every_type_of_problem_leads_to_its_explanation() -> None:
    names = re.findall(
        r'\{HTTP_\w+,\s*"([a-z-]+)"', (SOURCE / "mod_factorial/response.c").read_text()
    )
    assert "number-invalid" in names
    ids = set(re.findall(r'id="([a-z-]+)"', (SOURCE / "docs/page/problems.html").read_text()))
    assert set(names) <= ids

"""The page at /docs/, as people use it, in a real browser."""

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
import requests
import yaml
from conftest import SLOW, Visit
from httpd import SOURCE, Httpd, running
from playwright.sync_api import Page, Route, expect

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
    ("typed", "number", "title"),
    [
        ("0", "0", "0!"),
        ("10!", "10", "10!"),
        ("10 !", "10", "10!"),
        (" 1,000 ", "1000", "1,000!"),
        ("1 000", "1000", "1,000!"),
        ("1_000", "1000", "1,000!"),
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


def test_the_answer_comes_first_on_a_telephone(visit: Visit) -> None:
    page = visit(width=360)
    page.set_viewport_size({"width": 360, "height": 640})
    ask(page, "1000")
    section = result(page)
    for part in ("#result-title", "#scientific", "#fact-digits", "#digits .line >> nth=0"):
        expect(section.locator(part)).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


def test_the_summary_is_there_before_the_digits(visit: Visit) -> None:
    page = visit()
    held: list[Route] = []
    page.route("**/api/v2/factorial.txt**", lambda route: held.append(route))
    ask(page, "1000")
    expect(page.locator("#scientific")).to_have_text("= 4.0238726007709377354… × 102,567")
    expect(page.locator("#fact-digits")).to_have_text("2,568")
    expect(page.locator("#fact-zeros")).to_have_text("249")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.locator("#digits")).to_be_hidden()
    held[0].continue_()
    expect(result(page).locator("#digits")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_numbers_above_the_maximum_get_what_can_be_known(
    visit: Visit, check: Check, expected: list[str]
) -> None:
    expected.append("status of 400")
    page = visit(width=360)
    ask(page, "1000001")
    expect(page.locator("#scientific")).to_have_text("= 8.2639399522629283936… × 105,565,714")
    page.get_by_role("button", name="Every digit").click()
    expect(page.locator("#refused")).to_contain_text("computes every digit up to 1,000,000!")
    assert page.locator("#maximum").text_content() == "up to 1,000,000!"
    ask(page, "1000000000000")
    expect(page.locator("#fact-digits")).to_have_text("11,565,705,518,104")
    expect(page.locator("#refused")).to_contain_text("not computed")
    expect(page.get_by_role("button", name="Every digit")).to_be_hidden()
    assert fits(page)
    check(page)


def test_prime_factors(visit: Visit) -> None:
    page = visit("?number=30")
    factors = result(page).locator("#factors")
    expect(factors).to_have_text("226 · 314 · 57 · 74 · 112 · 132 · 17 · 19 · 23 · 29")
    expect(page.locator("#all-factors")).to_be_hidden()
    ask(page, "100")
    expect(factors).to_contain_text("297 · 348 · 524 · 716 ·")
    page.get_by_text("All 25 prime factors").click()
    expect(page.locator("#all-factors p")).to_contain_text("· 472 · 53 ·")
    expect(page.locator("#all-factors p")).to_contain_text("97")
    ask(page, "1")
    expect(factors).to_have_text("None: it is 1.")


@pytest.mark.parametrize(
    ("number", "estimate"),
    [
        ("1", "9.221370089 × 10-1, too small by 7.79\xa0%."),
        ("10", "3.598695619 × 106, too small by 0.83\xa0%."),
        ("170", "7.253858935 × 10306, too small by 0.049\xa0%."),
        ("0", "The formula needs a number from 1 up."),
    ],
)
def test_the_estimate_of_stirling(visit: Visit, number: str, estimate: str) -> None:
    page = visit(f"?number={number}")
    result(page)
    expect(page.locator("#stirling")).to_contain_text(estimate)


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
    page.get_by_role("button", name="Every digit (5.31 MiB)").click()
    section = result(page)
    page.wait_for_timeout(200)
    assert page.evaluate("window.longest") < 500, "the page froze"
    expect(section.locator("#fact-digits")).to_have_text("5,565,709")
    expect(section.locator("#fact-zeros")).to_have_text("249,998")
    expect(section.locator("#fact-size")).to_have_text("5.31 MiB")
    overview = section.locator("#digits")
    assert "".join(overview.locator(".group").all_text_contents()).startswith(
        "82639316883312400623"
    )
    assert overview.locator(".group").count() < 200
    gaps = overview.locator(".gap").all_text_contents()
    assert [gap.split()[1] for gap in gaps] == ["digits", "zeros"]
    shown = len("".join(overview.locator(".group").all_text_contents()))
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


def test_every_digit_can_be_seen_in_pieces(visit: Visit, server: Httpd, check: Check) -> None:
    page = visit("?number=10000")
    digits = plain(server, 10000).decode().strip()
    result(page)
    page.get_by_text("Every digit, in pieces").click()
    words = page.locator("#piece-text")
    expect(words).to_have_text(re.compile("^1 to .* of 35,660$"))
    seen = ""
    while True:
        seen += "".join(page.locator("#piece .group").all_text_contents())
        if page.locator("#after").is_disabled():
            break
        before = words.text_content()
        page.locator("#after").click()
        expect(words).not_to_have_text(before)
    assert seen == digits
    page.get_by_label("Digit", exact=True).fill("12,345")
    page.keyboard.press("Enter")
    first, last = (int(word.replace(",", "")) for word in words.text_content().split()[:3:2])
    assert first <= 12345 <= last
    assert "".join(page.locator("#piece .group").all_text_contents()) == digits[first - 1 : last]
    check(page)


def test_copying_works_without_tls(visit: Visit) -> None:
    page = visit("?number=52", host="plain.example")
    assert page.evaluate("navigator.clipboard") is None
    result(page)
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    page.locator("#number").fill("")
    page.locator("#number").focus()
    page.keyboard.press("Control+V")
    assert page.locator("#number").input_value() == DIGITS_OF_52[:60]


def test_the_clients_of_the_manual_are_shown(visit: Visit, server: Httpd) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    manual = (SOURCE / "docs/clients.md").read_text()
    languages = page.locator("#language option").all_text_contents()
    assert {"JavaScript", "Python", "C#", "Spreadsheet"} <= set(languages)
    expect(page.locator("#base")).to_have_text(server.base)
    for language in languages:
        page.get_by_label("Language").select_option(language)
        code = page.locator("#client").text_content()
        assert f"```\n\n## {language}\n" not in code
        assert code in manual[manual.index(f"## {language}\n") :]
    page.locator("#copy-client").click()
    expect(page.locator("#copy-client")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code


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
    expect(result(visit("?number=20")).locator("#result-title")).to_have_text("20!")


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


def test_an_answer_that_breaks_off(visit: Visit, expected: list[str]) -> None:
    expected.append("Failed to load resource")
    with running(extra=SLOW) as doomed:
        doomed.expected.append("AH10392")  # the parent's, if it sees all its children gone at once
        page = visit(at=doomed)
        ask(page, "1000000")
        page.get_by_role("button", name="Every digit").click()
        expect(page.locator("#progress-text")).to_contain_text("arriving")
        for child in doomed.children():
            os.kill(child, signal.SIGKILL)
        expect(page.locator("#refused")).to_have_text(
            "The answer broke off before it was complete."
        )
        expect(page.locator("#digits")).to_be_hidden()


@day_and_night
def test_progress_of_a_large_result(visit: Visit, slow: Httpd, check: Check, dark: bool) -> None:
    page = visit(at=slow, dark=dark)
    ask(page, "1000000")
    page.get_by_role("button", name="Every digit").click()
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
    page.get_by_role("button", name="Every digit").click()
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
        expect(page.get_by_role("button", name="Every digit")).to_be_visible()
        expect(page.get_by_label("Which number?")).to_be_focused()
    for _ in range(50):
        ended = [
            line
            for line in log.read_text().splitlines()[before:]
            if line.endswith(".txt?number=999999")
        ]
        if ended:
            break
        page.wait_for_timeout(100)
    connection, status, sent, _address = ended[0].split()
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
    page.wait_for_url("**/api/v2/factorial.txt?number=5")
    expect(page.locator("body")).to_have_text("120")


@wide_and_narrow
@day_and_night
def test_the_page_of_errors(visit: Visit, check: Check, width: int, dark: bool) -> None:
    page = visit("problems#number-invalid", width=width, dark=dark)
    expect(page.get_by_role("rowheader", name="Number invalid")).to_be_in_viewport()
    assert fits(page)
    check(page)


@wide_and_narrow
@day_and_night
def test_the_page_of_the_api(visit: Visit, check: Check, width: int, dark: bool) -> None:
    page = visit("api", width=width, dark=dark)
    described = yaml.safe_load((SOURCE / "docs/openapi.yaml").read_text())
    for address, item in described["paths"].items():
        for method in item.keys() & {"get", "head"}:
            operation = item[method]
            section = page.locator(f"#{operation['operationId']}")
            expect(section.locator("h2")).to_contain_text(f"{method.upper()} {address}")
            assert [
                row.split("\t")[0]
                for row in section.locator("table").last.inner_text().split("\n")
                if "\t" in row
            ] == list(operation["responses"])
    assert fits(page)
    check(page)


def test_every_operation_can_be_tried(visit: Visit, expected: list[str]) -> None:
    expected.append("status of 400")
    page = visit("api")
    for name, lines in {
        "getFactorial": ["GET /api/v2/factorial?number=21", '"factorial":"51090942171709440000"'],
        "headFactorialText": ["HEAD /api/v2/factorial.txt?number=21", "content-length: 21"],
        "getFactorialText": ["200 OK", "51090942171709440000"],
        "getFactorialSummary": ['"scientific":"4.0238726007709377354e2567"'],
        "getFactorialV1": ["content-type: text/plain", "51090942171709440000"],
        "getStatus": ["GET /status", "UP"],
    }.items():
        section = page.locator(f"#{name}")
        section.get_by_role("button", name="Try it").click()
        for line in lines:
            expect(section.locator("pre")).to_contain_text(line)
    section = page.locator("#getFactorial")
    section.get_by_label("number").fill("x")
    section.get_by_role("button", name="Try it").click()
    expect(section.locator("pre")).to_contain_text('"detail":"Invalid value"')


def test_every_type_of_problem_leads_to_its_explanation() -> None:
    described = yaml.safe_load((SOURCE / "docs/openapi.yaml").read_text())
    types = described["components"]["schemas"]["Problem"]["properties"]["type"]["description"]
    page = (SOURCE / "docs/page/problems.html").read_text()
    assert re.findall(r"`#([a-z-]+)`", types)
    assert set(re.findall(r"`#([a-z-]+)`", types)) == set(re.findall(r'<tr id="([a-z-]+)"', page))

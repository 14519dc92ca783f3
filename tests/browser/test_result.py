"""What the page shows of a result, from the first line to the last digit."""

import re

from conftest import Visit
from httpd import Httpd
from page import DIGITS_OF_52, Check, ask, fits, plain, result, wide_and_narrow
from playwright.sync_api import Route, expect


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


def test_the_summary_is_there_before_the_digits(visit: Visit) -> None:
    page = visit()
    held: list[Route] = []
    page.route("**/api/v2/factorial.txt**", lambda route: held.append(route))
    ask(page, "1000")
    expect(page.locator("#scientific")).to_have_text("= 4.0238726007709377354… ×\xa0102,567")
    expect(page.locator("#fact-digits")).to_have_text("2,568")
    expect(page.locator("#fact-zeros")).to_have_text("249")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.locator("#digits")).to_be_hidden()
    held[0].continue_()
    expect(result(page).locator("#digits")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_the_answer_comes_first_on_a_telephone(visit: Visit) -> None:
    page = visit(width=360)
    page.set_viewport_size({"width": 360, "height": 640})
    ask(page, "1000")
    section = result(page)
    for part in ("#result-title", "#scientific", "#fact-digits", "#digits .line >> nth=0"):
        expect(section.locator(part)).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


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
    ask(page, "1000000")
    page.get_by_role("button", name="Every digit (5.31 MiB)").click()
    section = result(page)
    expect(section.locator("#fact-digits")).to_have_text("5,565,709")
    expect(section.locator("#fact-zeros")).to_have_text("249,998")
    expect(section.locator("#fact-size")).to_have_text("5.31 MiB")
    overview = section.locator("#digits")
    assert "".join(overview.locator(".group").all_text_contents()).startswith(
        "82639316883312400623"
    )
    assert overview.locator("*").count() < 500, "so many elements freeze the page"
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


def test_lines_follow_the_width_of_the_window(visit: Visit) -> None:
    page = visit("?number=10000")
    first = result(page).locator(".line").first
    before = len(first.locator(".group").all())
    page.set_viewport_size({"width": 320, "height": 800})
    expect(first.locator(".group")).not_to_have_count(before)
    assert fits(page)


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


def test_a_repeated_question_is_answered_by_the_browser(visit: Visit) -> None:
    page = visit("?number=5000")
    result(page)
    page.reload()
    expect(page.locator("#fact-began")).to_have_text("from your browser’s cache")

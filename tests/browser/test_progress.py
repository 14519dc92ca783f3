"""A large result while it arrives: its progress, cancelling, and connections that break."""

import os
import signal

import pytest
from conftest import SLOW, Visit
from httpd import Httpd, running
from page import Check, ask, day_and_night
from playwright.sync_api import expect


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
    for _ in range(200):
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


def test_a_server_that_does_not_answer(visit: Visit, check: Check) -> None:
    page = visit(width=360)
    page.route("**/api/v2/factorial/summary**", lambda route: None)
    ask(page, "23")
    expect(page.locator("#result-title")).to_have_text("23!")
    expect(page.locator("#progress-text")).to_have_text("Waiting for the server")
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    check(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.get_by_role("list", name="Examples")).to_be_visible()
    page.unroute("**/api/v2/factorial/summary**")
    ask(page, "3")
    expect(page.locator("#scientific")).to_have_text("= 6")

"""What the page has for programmers: clients, the API described and tried, errors."""

import re

import yaml
from conftest import Visit
from httpd import SOURCE, Httpd
from page import Check, day_and_night, fits, wide_and_narrow
from playwright.sync_api import expect


def test_the_clients_of_the_manual_are_shown(visit: Visit, server: Httpd) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    manual = (SOURCE / "docs/clients.md").read_text()
    assert "127.0.0.1" not in manual[manual.index("## ") :]  # not this server's address
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


@wide_and_narrow
@day_and_night
def test_the_page_of_errors(visit: Visit, check: Check, width: int, dark: bool) -> None:
    page = visit("problems#number-invalid", width=width, dark=dark)
    expect(page.get_by_role("rowheader", name="Number invalid")).to_be_in_viewport()
    assert fits(page)
    check(page)


def test_every_type_of_problem_leads_to_its_explanation() -> None:
    described = yaml.safe_load((SOURCE / "docs/openapi.yaml").read_text())
    types = described["components"]["schemas"]["Problem"]["properties"]["type"]["description"]
    page = (SOURCE / "docs/page/problems.html").read_text()
    assert re.findall(r"`#([a-z-]+)`", types)
    assert set(re.findall(r"`#([a-z-]+)`", types)) == set(re.findall(r'<tr id="([a-z-]+)"', page))

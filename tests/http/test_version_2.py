"""Version 2 of the API: the form of the result is the address's, whatever Accept says."""

from collections.abc import Iterator

import pytest
from factorials import Factorials
from httpd import API, SOURCE, Httpd, running

V2 = "/api/v2/factorial"
SUMMARY, V2_TEXT = f"{V2}/summary", f"{V2}.txt"
ORIGIN = "https://www.example.org"
# As shipped; and a form for each address, whatever the order of the sections.
SHIPPED = f"""
Include "{SOURCE}/conf/factorial.conf"
Define FACTORIAL_ORIGIN %s
Include "{SOURCE}/conf/cors.conf"
"""
FORMS = """
<Location "/reversed/below">
    Factorial On
    FactorialForm summary
</Location>
<Location "/reversed">
    FactorialForm string
    Factorial On
</Location>
<LocationMatch "^/forms/">
    Factorial On
    FactorialForm text
</LocationMatch>
<Location "/forms/string">
    FactorialForm string
</Location>
<Location "/handler">
    SetHandler factorial
    FactorialForm text
</Location>
ErrorDocument 400 "a site's own page"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    with running(SHIPPED % ORIGIN + FORMS, "headers") as httpd:
        yield httpd


JSON, TEXT, PROBLEM = "application/json", "text/plain; charset=utf-8", "application/problem+json"
RESULT = "public, max-age=31536000, immutable"
# A form's media type, and its body for 5.
STRING = ("string", JSON, '{"number":5,"digits":3,"factorial":"120"}\n')
SHORT = ("summary", JSON, '{"number":5,"digits":3,"trailing_zeros":1,"scientific":"1.20e2"}\n')
PLAIN = ("text", TEXT, "120\n")


@pytest.mark.parametrize(
    ("target", "form", "headers"),
    [
        (V2, STRING, {}),
        (V2_TEXT, PLAIN, {}),
        (SUMMARY, SHORT, {}),
        # No negotiation.
        (V2, STRING, {"Accept": "text/plain"}),
        (V2_TEXT, PLAIN, {"Accept": "application/json"}),
        (SUMMARY, SHORT, {"Accept": "image/png, text/plain"}),
        # By the tags of this form.
        (V2, STRING, {"If-None-Match": '"5-json-1", "5-text-1"'}),
        (V2, STRING, {"If-Match": '"5-string-1"'}),
        (V2, STRING, {"Range": "bytes=0-0", "If-Range": '"5-json-1"'}),
        # Where the directive stands.
        ("/reversed", STRING, {}),
        ("/reversed/below", SHORT, {}),
        ("/forms/x", PLAIN, {}),
        ("/forms/string", STRING, {}),
        ("/handler", PLAIN, {}),
    ],
)
def test_an_address_has_its_form(
    server: Httpd, target: str, form: tuple[str, str, str], headers: dict[str, str]
) -> None:
    name, media_type, body = form
    answer = server.get(f"{target}?number=5", **headers)
    assert (answer.status, answer.text) == (200, body)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["ETag"] == f'"5-{name}-1"'
    assert answer.headers["Cache-Control"] == RESULT
    assert answer.headers["Vary"] is None
    assert answer.headers["X-Content-Type-Options"] == ("nosniff" if name == "text" else None)


@pytest.mark.parametrize(
    ("target", "tag", "body"),
    [
        # The number is read as in version 1.
        (f"{V2}?number=%2B05&number=7", "5-string", STRING[2]),
        (f"{V2}?number=0", "0-string", '{"number":0,"digits":1,"factorial":"1"}\n'),
        (
            f"{V2}?number=21",
            "21-string",
            '{"number":21,"digits":20,"factorial":"51090942171709440000"}\n',
        ),
        # The summary: one digit, exactly 20, more, and more than FactorialMaxNumber.
        (
            f"{SUMMARY}?number=0",
            "0-summary",
            '{"number":0,"digits":1,"trailing_zeros":0,"scientific":"1e0"}\n',
        ),
        (
            f"{SUMMARY}?number=21",
            "21-summary",
            '{"number":21,"digits":20,"trailing_zeros":4,"scientific":"5.1090942171709440000e19"}\n',
        ),
        (
            f"{SUMMARY}?number=1000",
            "1000-summary",
            '{"number":1000,"digits":2568,"trailing_zeros":249,'
            '"scientific":"4.0238726007709377354e2567"}\n',
        ),
        (
            f"{SUMMARY}?number=1000000000000",
            "1000000000000-summary",
            '{"number":1000000000000,"digits":11565705518104,"trailing_zeros":249999999997,'
            '"scientific":"1.4036611603737560907e11565705518103"}\n',
        ),
    ],
)
def test_a_number_has_its_result(server: Httpd, target: str, tag: str, body: str) -> None:
    answer = server.get(target)
    assert (answer.status, answer.text) == (200, body)
    assert answer.headers["ETag"] == f'"{tag}-1"'


@pytest.mark.parametrize(
    ("target", "tag", "condition"),
    [
        (V2, '"5-string-1"', '"5-string-1"'),
        (SUMMARY, '"5-summary-1"', 'W/"5-summary-1"'),
        (V2_TEXT, '"5-text-1-gzip"', '"5-text-1-gzip"'),
    ],
)
def test_not_modified(server: Httpd, target: str, tag: str, condition: str) -> None:
    answer = server.get(f"{target}?number=5", If_None_Match=condition)
    assert (answer.status, answer.headers["ETag"]) == (304, tag)
    assert answer.headers["Cache-Control"] == RESULT
    assert answer.headers["X-Content-Type-Options"] == ("nosniff" if "text" in tag else None)
    for name in ("Content-Type", "Vary"):
        assert answer.headers[name] is None


@pytest.mark.parametrize(
    ("target", "headers", "tag", "part"),
    [
        (f"{V2}?number=5", {"Range": "bytes=-7"}, '"5-string-1"', '"120"}\n'),
        (f"{V2_TEXT}?number=50", {"Range": "bytes=0-4"}, '"50-text-1"', "30414"),
        (
            f"{SUMMARY}?number=5",
            {"Range": "bytes=1-10", "If-Range": '"5-summary-1"'},
            '"5-summary-1"',
            '"number":5',
        ),
    ],
)
def test_ranges(server: Httpd, target: str, headers: dict[str, str], tag: str, part: str) -> None:
    answer = server.get(target, **headers)
    is_text = "text" in tag
    assert (answer.status, answer.headers["ETag"], answer.text) == (206, tag, part)
    assert answer.headers["Content-Type"] == (TEXT if is_text else JSON)
    assert answer.headers["Cache-Control"] == RESULT
    assert answer.headers["X-Content-Type-Options"] == ("nosniff" if is_text else None)


LARGEST = "Number too large: the maximum is "
METHODS = "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "problem", "detail"),
    [
        ("GET", V2, {}, 400, "Number missing", "Please supply number parameter"),
        ("GET", f"{V2}?number=x", {"Accept": TEXT}, 400, "Number invalid", "Invalid value"),
        ("GET", f"{V2}?number=1000001", {}, 400, "Number too large", LARGEST + "1000000"),
        (
            *("GET", f"{SUMMARY}?number=100000000000001", {}),
            *(400, "Number too large", LARGEST + "100000000000000"),
        ),
        ("GET", f"{V2_TEXT}?number=x", {"Accept": PROBLEM}, 400, None, "Invalid value"),
        ("GET", f"{V2_TEXT}?number=1000001", {}, 400, None, LARGEST + "1000000"),
        (
            *("DELETE", f"{SUMMARY}?number=5", {}),
            *(405, "Method not allowed", f"Method not allowed: use {METHODS}"),
        ),
        (
            *("POST", f"{V2_TEXT}?number=5", {}),
            *(405, None, f"Method not allowed: use {METHODS}"),
        ),
        (
            *("GET", f"{V2}?number=5", {"If-Match": '"5-summary-1"'}),
            *(412, "Precondition failed", "Precondition failed"),
        ),
        (
            *("GET", f"{SUMMARY}?number=5", {"If-Match": '"5-string-1"'}),
            *(412, "Precondition failed", "Precondition failed"),
        ),
    ],
)
def test_errors_are_in_the_one_form_of_the_address(
    server: Httpd,
    method: str,
    target: str,
    headers: dict[str, str],
    status: int,
    problem: str | None,
    detail: str,
) -> None:
    answer = server.ask(method, target, **headers)
    body = detail
    if problem:
        name = problem.lower().replace(" ", "-")
        maximum = f',"maximum":{detail.removeprefix(LARGEST)}' * detail.startswith(LARGEST)
        body = (
            f'{{"type":"/docs/problems#{name}","title":"{problem}","status":{status},'
            f'"detail":"{detail}"{maximum}}}\n'
        )
    assert (answer.status, answer.text) == (status, body)
    assert answer.headers["Content-Type"] == (PROBLEM if problem else TEXT)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Allow"] == (METHODS if status == 405 else None)
    for name in ("ETag", "Vary"):
        assert answer.headers[name] is None


def test_options_tells_the_methods(server: Httpd) -> None:
    answer = server.ask("OPTIONS", V2)
    assert (answer.status, answer.text, answer.headers["Allow"]) == (200, "", METHODS)
    for name in ("Content-Type", "ETag", "Cache-Control", "Vary", "X-Content-Type-Options"):
        assert answer.headers[name] is None


@pytest.mark.parametrize("number", ["0", "4", "20", "9999", "30000", ""])
@pytest.mark.parametrize("target", [V2, V2_TEXT, SUMMARY])
def test_head_has_the_headers_of_get(server: Httpd, target: str, number: str) -> None:
    head, get = (server.ask(method, f"{target}?number={number}") for method in ("HEAD", "GET"))
    assert head.status == get.status
    assert [h for h in head.headers.items() if h[0] != "Date"] == [
        h for h in get.headers.items() if h[0] != "Date"
    ]


@pytest.mark.parametrize("number", [1559, 5000, 20000, 300000])
def test_every_form_has_every_digit(server: Httpd, number: int) -> None:
    text = server.get(f"{V2_TEXT}?number={number}").text
    digits = text.removesuffix("\n")
    Factorials([number]).check_digits(number, digits.encode())
    start = f'{{"number":{number},"digits":{len(digits)},'
    assert text == f"{digits}\n"
    assert server.get(f"{V2}?number={number}").text == f'{start}"factorial":"{digits}"}}\n'
    zeros = len(digits) - len(digits.rstrip("0"))
    scientific = f"{digits[0]}.{digits[1:20]}e{len(digits) - 1}"
    assert server.get(f"{SUMMARY}?number={number}").text == (
        f'{start}"trailing_zeros":{zeros},"scientific":"{scientific}"}}\n'
    )


@pytest.mark.parametrize(
    "target", [f"{V2}/", f"{V2}/5", f"{SUMMARY}/", f"{V2_TEXT}/", f"{V2}.json", "/api/v2"]
)
def test_the_addresses_are_exact(server: Httpd, target: str) -> None:
    assert server.get(f"{target}?number=5").status == 404


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "is_shipped"),
    [
        ("GET", f"{API}?number=5", {}, 200, True),
        ("GET", f"{V2}?number=5", {}, 200, True),
        ("GET", f"{V2_TEXT}?number=x", {}, 400, True),
        ("HEAD", f"{SUMMARY}?number=5", {}, 200, True),
        ("GET", f"{V2}?number=5", {"If-None-Match": "*"}, 304, True),
        ("DELETE", f"{V2}?number=5", {}, 405, True),
        ("OPTIONS", V2, {"Access-Control-Request-Method": "GET"}, 200, True),
        ("GET", f"{V2}/other", {}, 404, False),
        ("GET", "/index.html", {}, 200, False),
    ],
)
def test_pages_of_another_origin_may_read_every_response(
    server: Httpd, method: str, target: str, headers: dict[str, str], status: int, is_shipped: bool
) -> None:
    answer = server.ask(method, target, **headers)
    expected: dict[str, str] = {}
    if is_shipped:
        expected |= {
            "Access-Control-Allow-Origin": ORIGIN,
            "Access-Control-Expose-Headers": "ETag, Content-Length, Retry-After",
        }
    if method == "OPTIONS":
        expected |= {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": "If-Match, If-None-Match, If-Range, Range",
            "Access-Control-Max-Age": "86400",
        }
    assert answer.status == status
    assert {k: v for k, v in answer.headers.items() if k.startswith("Access")} == expected


def test_without_an_origin_there_are_no_such_headers() -> None:
    with running(SHIPPED % "none", "headers") as server:
        answer = server.ask("OPTIONS", V2, Origin=ORIGIN)
        assert answer.status == 200
        assert "Access-Control" not in str(answer.headers)

"""The contract with those who call version 1 of the endpoint."""

import contextlib
from collections.abc import Iterator

import pytest
from client import Answer, Connection
from factorials import Factorials
from httpd import API, ENDPOINT, Httpd, running

JSON, TEXT, PROBLEM = "application/json", "text/plain; charset=utf-8", "application/problem+json"
METHODS = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    configuration = f"""{ENDPOINT}
<Location "/status">
    SetHandler factorial-health
</Location>
ErrorDocument 400 "a site's own page"
ErrorDocument 405 "a site's own page"
AddDefaultCharset ISO-8859-15
"""
    with running(configuration) as httpd:
        yield httpd


INVALID, MISSING = "Invalid value", "Please supply number parameter"
TOO_LARGE = "Number too large: the maximum is 1000000"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        *[
            (query, '{"factorial":120}\n')
            for query in (
                *("?number=5", "?number=05", "?number=+5", "?number=%205", "?number=%2B5"),
                *("?number=%095%0A", "?number=5&number=6", "?x=1&number=5&y"),
                *("?%6eumber=5", "?number=%35"),
            )
        ],
        ("?number=0", '{"factorial":1}\n'),
        ("?number=-0", '{"factorial":1}\n'),
        ("?number=20", '{"factorial":2432902008176640000}\n'),
        ("?number=21", '{"factorial":51090942171709440000}\n'),
        *[
            (f"?number{value}", INVALID)
            for value in (
                *("=-1", "=0.2", "=1e3", "=abc", "=", "", "=1_0", "=%D9%A5", "=5%00", "=5%zz"),
                "=99999999999999999999999999x",
            )
        ],
        *[(query, MISSING) for query in ("", "?", "?n=5", "?Number=5", "?number%00=5")],
        ("?number=1000001", TOO_LARGE),
        ("?number=18446744073709551616", TOO_LARGE),
        ("?number=99999999999999999999999999", TOO_LARGE),
    ],
)
def test_every_query_has_its_answer(server: Httpd, query: str, body: str) -> None:
    answer = server.get(API + query)
    assert answer.text == body
    assert answer.headers["Vary"] == "Accept"
    if body.startswith("{"):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == JSON
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    else:
        assert answer.status == 400
        assert answer.headers["Content-Type"] == TEXT
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["ETag"] is None


@pytest.mark.mpm
@pytest.mark.parametrize("number", [50, 170, 1558, 1559, 20000, 200000, 1000000])
def test_every_digit_is_right(server: Httpd, number: int) -> None:
    factorials = Factorials([number])
    json = server.get(f"{API}?number={number}")
    assert json.status == 200
    factorials.check(number, json.body)
    text = server.get(f"{API}?number={number}", Accept="text/plain")
    assert text.status == 200
    assert text.body == json.body[13:-2] + b"\n"
    assert text.headers["Content-Type"] == TEXT
    assert text.headers["X-Content-Type-Options"] == "nosniff"


def lines(answer: Answer) -> list[tuple[str, str]]:
    return [item for item in answer.headers.items() if item[0] != "Date"]


@pytest.mark.parametrize("accept", [JSON, "text/plain"])
@pytest.mark.parametrize("number", [0, 4, 20, 170, 9999, 30000])
def test_head_has_the_headers_of_get(server: Httpd, accept: str, number: int) -> None:
    head, get = (
        server.ask(method, f"{API}?number={number}", Accept=accept) for method in ("HEAD", "GET")
    )
    assert head.status == 200
    assert lines(head) == lines(get)


@pytest.mark.parametrize(
    ("number", "status", "length"), [("1000000", 200, "5565710"), ("x", 400, "13")]
)
def test_head_tells_the_length_without_computing(
    server: Httpd, number: str, status: int, length: str
) -> None:
    answer = server.ask("HEAD", f"{API}?number={number}", Accept="text/plain")
    assert (answer.status, answer.headers["Content-Length"]) == (status, length)


def allowed(answer: Answer) -> set[str]:
    return set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "BREW"])
def test_other_methods_are_refused(server: Httpd, method: str) -> None:
    body = "number=5" if method == "POST" else ""
    answer = server.ask(method, f"{API}?number=5", body)
    assert (answer.status, answer.text) == (405, "Method not allowed: use GET, HEAD, OPTIONS")
    assert answer.headers["Content-Type"] == TEXT
    assert allowed(answer) == METHODS


def test_options_tells_the_methods(server: Httpd) -> None:
    answer = server.ask("OPTIONS", API)
    assert (answer.status, answer.text) == (200, "")
    assert allowed(answer) == METHODS


@pytest.mark.parametrize(
    ("method", "query", "status", "body"),
    [
        ("GET", "", 400,
         '{"type":"/docs/problems#number-missing","title":"Number missing",'
         '"status":400,"detail":"Please supply number parameter"}\n'),
        ("GET", "?number=x", 400,
         '{"type":"/docs/problems#number-invalid","title":"Number invalid",'
         '"status":400,"detail":"Invalid value"}\n'),
        ("GET", "?number=1000001", 400,
         '{"type":"/docs/problems#number-too-large","title":"Number too large",'
         '"status":400,"detail":"Number too large: the maximum is 1000000","maximum":1000000}\n'),
        ("DELETE", "?number=5", 405,
         '{"type":"/docs/problems#method-not-allowed","title":"Method not allowed",'
         '"status":405,"detail":"Method not allowed: use GET, HEAD, OPTIONS"}\n'),
    ],
)  # fmt: skip
def test_problem_details_are_for_those_who_name_them(
    server: Httpd, method: str, query: str, status: int, body: str
) -> None:
    answer = server.ask(method, API + query, Accept=f"{JSON}, {PROBLEM}")
    assert (answer.status, answer.text) == (status, body)
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "is_text"),
    [
        ("*/*", False),
        ("application/json", False),
        ("image/png", False),
        ("text/plain", True),
        ("text/plain;q=0.5, application/json;q=0.4", True),
        ("text/plain, application/json", False),
        ("application/json;q=0, */*", True),
        ("application/problem+json", False),
    ],
)
def test_the_accept_header_chooses_the_representation(
    server: Httpd, accept: str, is_text: bool
) -> None:
    answer = server.get(f"{API}?number=5", Accept=accept)
    assert (answer.status, answer.text) == (200, "120\n" if is_text else '{"factorial":120}\n')


def test_a_line_beyond_httpds_limit_is_httpds_414(server: Httpd) -> None:
    assert server.get(f"{API}?number={5:09000}").status == 414
    answer = server.get(f"{API}?number={5:07900}")  # within it there may be leading zeros
    assert (answer.status, answer.text) == (200, '{"factorial":120}\n')


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("GET", 200, "UP"),
        ("HEAD", 200, ""),
        ("POST", 405, "Method not allowed: use GET, HEAD, OPTIONS"),
        ("OPTIONS", 200, ""),
    ],
)
def test_the_health_check_says_up(server: Httpd, method: str, status: int, body: str) -> None:
    answer = server.ask(method, "/status")
    assert (answer.status, answer.text) == (status, body)
    if method in ("GET", "HEAD"):
        assert answer.headers["Content-Type"] == TEXT
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Length"] == "2"
    else:
        assert allowed(answer) == METHODS


# ---- several requests on one connection, to the byte

CLOSE = "Host: x\r\nConnection: close\r\n\r\n"


def converse(server: Httpd, request: str) -> str:
    """All that comes back until the server closes the connection."""
    with contextlib.closing(Connection(server.port)) as connection:
        connection.socket.sendall(request.encode())
        return connection.stream.read().decode()


def test_requests_on_one_connection_are_answered_in_turn(server: Httpd) -> None:
    start = f"GET {API}?number="
    text = converse(
        server,
        f"{start}5 HTTP/1.1\r\nHost: x\r\n\r\n{start}6 HTTP/1.1\r\nHost: x\r\n\r\n"
        f"{start}7 HTTP/1.1\r\n{CLOSE}",
    )
    assert text.count("HTTP/1.1 200") == 3
    bodies = [text.index(f'\r\n\r\n{{"factorial":{value}}}\n') for value in (120, 720, 5040)]
    assert bodies == sorted(bodies)


def test_the_body_of_a_get_is_read_and_ignored(server: Httpd) -> None:
    text = converse(
        server,
        f"GET {API}?number=5 HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nnumber=7"
        f"GET {API}?number=6 HTTP/1.1\r\n{CLOSE}",
    )
    assert text.count("HTTP/1.1 200") == 2
    assert '{"factorial":120}\n' in text
    assert '{"factorial":720}\n' in text


def test_http_1_0_gets_the_same_body(server: Httpd) -> None:
    text = converse(server, f"GET {API}?number=5 HTTP/1.0\r\n\r\n")
    assert text.startswith("HTTP/1.1 200")
    assert text.endswith('\r\n\r\n{"factorial":120}\n')

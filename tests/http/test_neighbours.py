"""The endpoint beside httpd's other modules, at other addresses, in subrequests and redirects."""

from collections.abc import Iterator

import pytest
from httpd import API, ENDPOINT, Httpd, running

FIVE, HOME = '{"factorial":120}\n', "<p>home</p>\n"
MODULES = (
    "rewrite proxy proxy_http dir alias mime include status auth_basic authn_core authn_file authz_user "
    "setenvif headers vhost_alias cache cache_disk session session_cookie"
)
ADDRESSES = """
<Location "/limited">
    FactorialMaxNumber 10
</Location>
<Location "/limited/n">
    Factorial On
</Location>
<Location "/limited/off">
    Factorial Off
</Location>
<LocationMatch "^/pattern/[a-z]+$">
    Factorial On
</LocationMatch>
<Location ~ "^/tilde/[a-z]+$">
    Factorial On
</Location>
<LocationMatch "^/above/[a-z]+$">
    Factorial On
</LocationMatch>
<Location "/above">
    Factorial On
</Location>
<Location "/handler">
    SetHandler factorial
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
"""
TRANSLATION = f"""
RewriteEngine On
RewriteRule "^/factorial/([0-9]+)$" "{API}?number=$1" [PT]
RewriteRule "^/rewritten$" "@ROOT@/htdocs/index.html" [L]
RewriteRule "^/gone$" - [G]
<Location "/rewritten">
    Factorial On
</Location>
<Location "/gone">
    Factorial On
</Location>
RewriteRule "^/moved$" "/aliased/index.html" [PT]
RewriteRule "^/moved/there$" "/denied/other" [PT]
<LocationMatch "^/moved">
    Factorial On
</LocationMatch>
ProxyPass "/remote" "http://127.0.0.1:@PORT@{API}"
<Location "/both">
    Factorial On
    ProxyPass "http://127.0.0.1:@PORT@/index.html"
</Location>
Alias "/aliased" "@ROOT@/htdocs"
<Location "/aliased/n">
    Factorial On
</Location>
"""
ACCESS = """
<Location "/locked">
    Factorial On
    Require all denied
</Location>
<Directory "@ROOT@/htdocs/denied">
    Require all denied
</Directory>
<Location "/denied/n">
    Factorial On
</Location>
<Location "/private">
    Factorial On
    AuthType Basic
    AuthName test
    AuthUserFile "@ROOT@/users"
    Require valid-user
</Location>
"""
# What changes the headers, and keeps answers.
CHANGES = """
CacheQuickHandler off
CacheRoot "@ROOT@/cache"
<Location "/kept">
    Factorial On
    CacheEnable disk
    Header set Cache-Control "max-age=60"
</Location>
<Location "/session">
    Factorial On
    Session On
    SessionMaxAge 100
    SessionCookieName s path=/
</Location>
"""
# What makes requests of its own.
SITE = f"""
TypesConfig /dev/null
<Directory "@ROOT@/htdocs">
    Options +Includes
    AllowOverride All
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
    FallbackResource /index.html
</Directory>
ErrorDocument 410 "{API}?number=5"
ErrorDocument 400 "/index.html"
ErrorDocument 405 "/index.html"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    configuration = ENDPOINT + ADDRESSES + TRANSLATION + ACCESS + CHANGES + SITE
    expected = [
        "AH01630: client denied by server configuration: ",
        "FactorialMaxNumber not allowed here",
    ]
    with running(configuration, MODULES, expected=expected) as httpd:
        httpd.fill(
            "htdocs/page.shtml",
            f'<<!--#include virtual="{API}?number=5" -->><<!--#include virtual="{API}?number=x" -->>',
        )
        httpd.fill("htdocs/denied/other", "secret")
        httpd.fill("htdocs/lifted/.htaccess", "FactorialMaxNumber 1000000\n")
        httpd.fill("htdocs/lifted/page", "page\n")
        httpd.fill("users", "user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=\n")
        yield httpd


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (f"{API}?number=5", FIVE),
        ("/api/v1/f%61ctorial?number=5", FIVE),
        ("//api/v1/./factorial?number=5", FIVE),
        # Below the address the site's own rules hold: here, a fallback to the home page.
        (f"{API}/?number=5", HOME),
        (f"{API}/5?number=5", HOME),
        (f"{API}s?number=5", HOME),
        ("/API/v1/factorial?number=5", HOME),
        # The endpoint may be anywhere.
        ("/limited/n?number=5", FIVE),
        ("/limited/off?number=5", HOME),
        ("/limited?number=5", HOME),
        ("/pattern/abc?number=5", FIVE),
        ("/pattern/ABC?number=5", HOME),
        ("/tilde/abc?number=5", FIVE),
        ("/above?number=5", FIVE),
        ("/above/abc?number=5", FIVE),
        ("/above/ABC?number=5", HOME),
        ("/handler?number=5", FIVE),
        # Addresses are translated as ever.
        ("/factorial/5", FIVE),
        ("/factorial/x", HOME),
        ("/remote?number=5", FIVE),
        ("/both?number=5", HOME),
        # A file under the address is hidden, as it is by SetHandler.
        ("/rewritten?number=5", FIVE),
        # Not so the address that another one takes its place by.
        ("/moved?number=5", HOME),
        ("/aliased/n?number=5", FIVE),
        ("/aliased/index.html", HOME),
        # Other modules answer for themselves.
        ("/index.html", HOME),
        ("/", HOME),
        ("/missing", HOME),
        # Access is restricted by <Location>, and not by <Directory>.
        ("/denied/n?number=5", FIVE),
        # An included answer is part of the page.
        ("/page.shtml", f"<{FIVE}><Invalid value>"),
    ],
)
def test_what_an_address_serves(server: Httpd, target: str, body: str) -> None:
    answer = server.get(target)
    assert (answer.status, answer.text) == (200, body)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/moved/there?number=5", 403),
        ("/server-status?auto", 200),
        ("/locked?number=5", 403),
        ("/denied/other", 403),
        ("/private?number=5", 401),
        ("/lifted/page", 500),  # a .htaccess file cannot lift a limit
    ],
)
def test_the_status_of_an_address(server: Httpd, target: str, status: int) -> None:
    assert server.get(target).status == status


# None of them by the ErrorDocument.
@pytest.mark.parametrize(
    ("method", "target", "status", "body"),
    [
        ("GET", "/limited/n?number=11", 400, "Number too large: the maximum is 10"),
        ("GET", f"{API}?number=x", 400, "Invalid value"),
        ("GET", API, 400, "Please supply number parameter"),
        ("DELETE", f"{API}?number=5", 405, "Method not allowed: use GET, HEAD, OPTIONS"),
    ],
)
def test_errors_are_as_ever(
    server: Httpd, method: str, target: str, status: int, body: str
) -> None:
    answer = server.ask(method, target)
    assert (answer.status, answer.text) == (status, body)


def test_an_answer_for_a_user_is_private(server: Httpd) -> None:
    answer = server.get("/private?number=5", Authorization="Basic dXNlcjpwYXNz")
    assert (answer.status, answer.text) == (200, FIVE)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_headers_are_changed_for_304_too(server: Httpd) -> None:
    tag = '"5-json-1"'
    answer = server.get("/kept?number=5", If_None_Match=tag, Cache_Control="no-store")
    assert (answer.status, answer.headers["ETag"]) == (304, tag)
    assert answer.headers["Cache-Control"] == "max-age=60"
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["Content-Type"] is None
    assert answer.headers["Content-Length"] is None


def test_what_is_for_one_client_is_not_made_public(server: Httpd) -> None:
    answer = server.get("/session?number=5", Cookie="s=user=x")
    assert answer.status == 200
    assert answer.headers["Set-Cookie"]
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]
    assert server.ask("HEAD", "/session?number=5").headers["Content-Length"] == "18"


def test_a_cache_that_asks_again_has_its_answer(server: Httpd) -> None:
    """It asks the module whether its tag still holds; the client has not asked for that."""
    for _ in range(3):
        answer = server.get("/kept?number=6", Cache_Control="max-age=0")
        assert (answer.status, answer.text) == (200, '{"factorial":720}\n')


def test_conditions_are_the_pages_and_not_those_of_what_it_includes(server: Httpd) -> None:
    answer = server.get("/page.shtml", If_None_Match="*", Range="bytes=0-1")
    assert answer.status // 100 == 2


def test_an_internal_redirect_to_the_endpoint_keeps_its_status(server: Httpd) -> None:
    answer = server.get("/gone", If_None_Match="*")
    assert (answer.status, answer.text) == (410, FIVE)
    assert answer.headers["ETag"] is None
    assert answer.headers["Cache-Control"] is None


def test_trace_is_httpds(server: Httpd) -> None:
    answer = server.ask("TRACE", f"{API}?number=5")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "message/http")
    assert server.ask("OPTIONS", "/index.html").status == 200

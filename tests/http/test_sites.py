"""The endpoint on sites whose handlers, filters and headers are meant for everything."""

from collections.abc import Iterator

import pytest
from httpd import API, ENDPOINT, Httpd, running

OTHER = "SetHandler server-status\n"
CACHING = "max-age=31536000, immutable"
NOT_MODIFIED = {"If-None-Match": '"5-json-1"'}

# Virtual hosts, each with its lines.
HOSTS = {
    # Handlers for the whole site.
    "before": f'<Location "/">\n{OTHER}</Location>\n{ENDPOINT}',
    "after": f'{ENDPOINT}<Location "/">\n{OTHER}</Location>',
    "above": f'{ENDPOINT}<Location "/api">\n{OTHER}</Location>',
    "server": OTHER + ENDPOINT,
    "expression": f'{ENDPOINT}<Location "/">\nSetHandler "%{{tolower:SERVER-STATUS}}"\n</Location>',
    "directory": f'{ENDPOINT}<Directory "@ROOT@">\n{OTHER}</Directory>',
    "extension": "AddHandler server-status .factorial\n"
    '<Location "/api/v1/n.factorial">\nFactorial On\n</Location>',
    "script": f'{ENDPOINT}ScriptAlias "/" "@ROOT@/htdocs/"',
    "pattern-before": f'<LocationMatch "^/">\n{OTHER}</LocationMatch>\n{ENDPOINT}',
    "patterns": f'{OTHER}<LocationMatch "^/a">\nFactorial On\n</LocationMatch>',
    "none": f'{OTHER}<Location "{API}">\nSetHandler none\nFactorial On\n</Location>',
    "if-not": f"<If \"%{{REQUEST_METHOD}} == 'PUT'\">\n{OTHER}</If>\n{ENDPOINT}",
    # Handlers for this address.
    "same": f'<Location "{API}">\n{OTHER}Factorial On\n</Location>',
    "again": f'{ENDPOINT}<Location "{API}">\n{OTHER}</Location>',
    "pattern-after": f'{ENDPOINT}<LocationMatch "^/api/v1/f">\n{OTHER}</LocationMatch>',
    "patterns-after": '<LocationMatch "^/a">\nFactorial On\n</LocationMatch>\n'
    f'<Location "/api/v1">\n{OTHER}</Location>',
    # httpd merges <If> behind all other sections.
    "if": f'<If "true">\n{OTHER}</If>\n{ENDPOINT}',
    "if-within": f'<Location "{API}">\nFactorial On\n<If "true">\n{OTHER}</If>\n</Location>',
    "if-in-if": f'{ENDPOINT}<If "true">\n<If "true">\n{OTHER}</If>\n</If>',
    # Filters.
    "reading": f"{ENDPOINT}SetOutputFilter BUFFER",
    "changing": f"{ENDPOINT}SetOutputFilter SUBSTITUTE\nSubstitute s/factorial/f/",
    "longer": f'{ENDPOINT}ExtFilterDefine longer cmd="/usr/bin/sed s/f/ff/" PreservesContentLength\n'
    "SetOutputFilter longer",
    "compressing": f"{ENDPOINT}SetOutputFilter DEFLATE",
    # Headers.
    "expires": f'{ENDPOINT}ExpiresActive On\nExpiresByType application/json "access plus 0 seconds"',
    "set": f'{ENDPOINT}Header set Cache-Control "max-age=60"',
    "always": f'{ENDPOINT}Header always set Cache-Control "max-age=60"',
    "appended": f'{ENDPOINT}Header append Cache-Control "no-transform"',
    "unset": f"{ENDPOINT}Header unset Cache-Control",
    "cookie-before": f'{ENDPOINT}<Location "/api">\nCookieTracking on\n</Location>',
    "cookie-after": f'{ENDPOINT}Header always set Set-Cookie "a=b"',
    "cookies-after": f'{ENDPOINT}Header add Set-Cookie "a=b"\nHeader append Cache-Control x',
    # Names that resemble the address.
    "spelling": f"{ENDPOINT}CheckSpelling On",
}
MODULES = "alias mime status buffer filter deflate substitute ext_filter expires headers usertrack speling"


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    hosts = [
        f"<VirtualHost *:@PORT@>\nServerName {name}\n{lines}\n</VirtualHost>\n"
        for name, lines in HOSTS.items()
    ]
    with running("TypesConfig /dev/null\n" + "".join(hosts), MODULES) as httpd:
        httpd.fill("htdocs/api/v1/factoria", "a file")
        yield httpd


@pytest.mark.parametrize(
    ("host", "target"),
    [
        *[
            (host, f"{API}?number=5")
            for host in (
                *("before", "after", "above", "server", "expression", "directory", "script"),
                *("pattern-before", "patterns", "none", "if-not"),
            )
        ],
        ("extension", "/api/v1/n.factorial?number=5"),
    ],
)
def test_the_endpoints_handler_is_nearer(server: Httpd, host: str, target: str) -> None:
    answer = server.get(target, Host=host)
    assert (answer.status, answer.text) == (200, '{"factorial":120}\n')


@pytest.mark.parametrize(
    ("host", "target"),
    [
        *[
            (host, f"{API}?number=5")
            for host in (
                *("same", "again", "pattern-after", "patterns-after"),
                *("if", "if-within", "if-in-if"),
            )
        ],
        ("before", f"{API}/?number=5"),
        ("before", "/other?number=5"),
        ("after", f"{API}/5?number=5"),
        ("server", "/api/v1/?number=5"),
        ("expression", "/api/v1/?number=5"),
        ("extension", "/api/v1/x.factorial?number=5"),
        ("pattern-before", "/api/v1/?number=5"),
    ],
)
def test_the_sites_handler_is_nearer(server: Httpd, host: str, target: str) -> None:
    assert "Status" in server.get(target, Host=host).text


@pytest.mark.parametrize(
    ("host", "encoding", "length"),
    [
        ("reading", None, "80"),
        ("changing", None, None),
        ("longer", None, None),
        ("compressing", None, "80"),
        ("compressing", "identity", "80"),
        ("compressing", "gzip", None),
        ("compressing", "gzip;q=0", "80"),
    ],
)
def test_head_has_the_length_unless_this_body_will_change(
    server: Httpd, host: str, encoding: str | None, length: str | None
) -> None:
    headers = {"Host": host} | ({"Accept-Encoding": encoding} if encoding else {})
    head, get = (server.ask(method, f"{API}?number=50", **headers) for method in ("HEAD", "GET"))
    assert head.status == 200
    assert head.headers["Content-Length"] == length
    assert head.headers["Vary"] == get.headers["Vary"]
    if length:
        assert get.headers["Content-Length"] == length


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("status", "condition"), [(200, {}), (304, NOT_MODIFIED)])
@pytest.mark.parametrize(
    ("host", "caching"),
    [
        ("expires", "max-age=0"),
        ("set", "max-age=60"),
        ("always", "max-age=60"),
        ("appended", f"public, {CACHING}, no-transform"),
        ("unset", None),
        ("cookie-before", f"private, {CACHING}"),
        ("cookie-after", f"private, {CACHING}"),
        ("cookies-after", f"private, {CACHING}, x"),
        ("compressing", f"public, {CACHING}"),
    ],
)
def test_one_cache_control_comes_out(
    server: Httpd,
    host: str,
    caching: str | None,
    status: int,
    condition: dict[str, str],
    method: str,
) -> None:
    answer = server.ask(method, f"{API}?number=5", Host=host, **condition)
    assert answer.status == status
    assert answer.headers.get_all("Cache-Control", []) == ([caching] if caching else [])
    if host.startswith("cookie") and status == 200:
        assert len(answer.headers.get_all("Set-Cookie")) == 1


def test_a_similar_file_name_does_not_matter(server: Httpd) -> None:
    assert server.get(f"{API}?number=5", Host="spelling").status == 200
    assert server.get("/api/v1/fctoria", Host="spelling").status == 301  # it is at work

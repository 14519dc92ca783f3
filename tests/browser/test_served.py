"""What the shipped configurations serve at /docs/, and that all else is as it was: for `make run`, and
for the container as soon as its configuration includes the page's."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from httpd import BUILD, SOURCE, Httpd, running

CONTAINER = (SOURCE / "conf/container/httpd.conf").read_text()
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def container() -> str:
    """The container's configuration with the paths and defaults that it has in the image."""
    dockerfile = (SOURCE / "Dockerfile").read_text().replace("\\\n", " ")
    settings = re.findall(
        r'([A-Z_]+)=("[^"]*"|\S+)', re.search(r"^ENV (.*)$", dockerfile, re.MULTILINE)[1]
    )
    text = CONTAINER
    for written, real in {
        "Include /etc/mod_factorial": f"Include {SOURCE}/conf",
        "/usr/share/mod_factorial/docs": "@ROOT@/docs",
        "ServerRoot /etc/mod_factorial": "ServerRoot @ROOT@",
        "Listen 5000": "Listen 127.0.0.1:@PORT@",
        "/dev/shm": "@ROOT@/cache",  # noqa: S108
        "/usr/lib/apache2/modules/mod_factorial.so": f"{BUILD}/mod_factorial.so",
    }.items():
        text = text.replace(written, real)
    defines = [f"Define {name} {value}" for name, value in settings]
    user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    return "\n".join([*defines, *user, text])


SERVERS = ["make run"] + ["container"] * ("page.conf" in CONTAINER)


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[Httpd]:
    if request.param == "make run":
        with running() as httpd:
            yield httpd
    else:
        with running(container(), whole=True) as httpd:
            yield httpd


def get(served: Httpd, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(served.base + path, headers=named, allow_redirects=False, timeout=20)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/docs/", "text/html; charset=utf-8"),
        ("/docs/api", "text/html; charset=utf-8"),
        ("/docs/problems", "text/html; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/icon.svg", "image/svg+xml"),
        ("/docs/openapi.yaml", "application/yaml"),
        ("/docs/clients.md", "text/plain; charset=utf-8"),
        ("/docs/mod_factorial.md", "text/plain; charset=utf-8"),
    ],
)
def test_the_page_and_what_belongs_to_it(served: Httpd, path: str, media_type: str) -> None:
    answer = get(served, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert get(served, path, If_None_Match=answer.headers["ETag"]).status_code == 304


def test_every_file_that_a_page_names_is_served(served: Httpd) -> None:
    named = set()
    for page in (BUILD / "served/page").iterdir():
        text = page.read_text()
        assert not re.search("@[A-Z]+@", text), page
        named |= set(re.findall(r'(?:src|href)="([a-z][\w.]*)"', text))
        named |= set(re.findall(r'from "\./([a-z]+\.js)"', text))
    assert {"page.css", "page.js", "words.js", "openapi.yaml", "api", "clients.md"} <= named
    for name in named:
        assert get(served, f"/docs/{name}").status_code == 200, name


def test_pages_and_description_lead_to_the_source_where_its_address_is_known(
    tmp_path: Path,
) -> None:
    for homepage in ["", "https://example.org/a"]:
        named = [homepage] * bool(homepage)
        subprocess.run([SOURCE / "docs/page/build", tmp_path, "1.2.3", *named], check=True)
        for page in (tmp_path / "page").glob("*.html"):
            assert "mod_factorial 1.2.3," in page.read_text()
            assert re.findall('<a href="([^"]*)">source</a>', page.read_text()) == named, page
        description = yaml.safe_load((tmp_path / "openapi.yaml").read_text())
        assert description.get("externalDocs", {}).get("url", "") == homepage


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/docsx",
        "/docs/page",
        "/docs/page/",
        "/docs/page/index.html",
        "/docs/index.html",
        "/docs/README.md",
        "/docs/api.html",
        "/docs/build",
        "/docs/problems.html",
        "/docs/problems/x",
        "/docs/%2e%2e/README.md",
        "/docs/../Makefile",
    ],
)
def test_all_else_is_not_found(served: Httpd, path: str) -> None:
    answer = get(served, path)
    assert answer.status_code == 404
    assert "Content-Security-Policy" not in answer.headers


def test_the_slash_is_not_needed(served: Httpd) -> None:
    answer = get(served, "/docs")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/docs/")


def test_the_api_is_where_it_was(served: Httpd) -> None:
    assert get(served, "/api/v1/factorial?number=5").text == '{"factorial":120}\n'
    assert get(served, "/status").text == "UP"
    assert "Content-Security-Policy" not in get(served, "/status").headers

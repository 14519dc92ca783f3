"""A browser and the servers that it visits. Whatever a page says on its console, and every request that
leaves its own server, fails the test, unless expected."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from httpd import BUILD, Httpd, running
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

FLAGS = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Of a site without TLS, as browsers see it; 127.0.0.1 they trust.
    "--host-resolver-rules=MAP plain.example 127.0.0.1",
]

expect.set_options(timeout=30_000)

# A million takes most of a minute, so that there is time to look at it arriving, on any machine; %X
# tells what became of the connection, %O how much went out.
SLOW = """
LoadModule ratelimit_module /usr/lib/apache2/modules/mod_ratelimit.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
<Location "/api/v2/factorial.txt">
    SetOutputFilter RATE_LIMIT
    SetEnv rate-limit 100
    SetEnv rate-initial-burst 512
</Location>
CustomLog "@ROOT@/connections.log" "%X %>s %O %U%q"
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Httpd]:
    with running() as httpd:
        yield httpd


@pytest.fixture(scope="session")
def slow() -> Iterator[Httpd]:
    with running(extra=SLOW) as httpd:
        yield httpd


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        with playwright.chromium.launch(executable_path=chromium, args=FLAGS) as launched:
            yield launched


Visit = Callable[..., Page]


@pytest.fixture
def expected() -> list[str]:
    """Texts that the console may show in this test."""
    return []


@pytest.fixture
def visit(browser: Browser, server: Httpd, expected: list[str]) -> Iterator[Visit]:
    """Opens an address below /docs/ in a fresh profile: visit("?number=5", width=320, dark=True)."""
    contexts, surprises = [], []

    def hear(message: ConsoleMessage) -> None:
        if not any(text in message.text for text in expected):
            surprises.append(message.text)

    def open_page(
        address: str = "",
        at: Httpd = server,
        host: str = "127.0.0.1",
        width: int = 1200,
        dark: bool = False,
        **options: Any,
    ) -> Page:
        def see(request: Request) -> None:
            base = at.base.replace("127.0.0.1", host)
            if not request.url.startswith((base, "blob:" + base)):
                surprises.append(request.url)

        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", hear)
        page.on("pageerror", lambda error: surprises.append(str(error)))
        page.on("request", see)
        page.goto(f"{at.base.replace('127.0.0.1', host)}/docs/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert surprises == []


@pytest.fixture(scope="session")
def axe() -> str:
    return (BUILD / "tools" / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def check(axe: str, request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Holds a page against the accessibility checker, and keeps a picture of it for people to look at."""

    def check_page(page: Page) -> None:
        pictures = BUILD / "screenshots"
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"{picture_name(request)}.png", full_page=True)
        page.evaluate(axe)
        result = page.evaluate("axe.run()")
        assert result["passes"]
        assert [
            (found["id"], [node["html"] for node in found["nodes"]])
            for found in result["violations"]
        ] == []

    return check_page


def picture_name(request: pytest.FixtureRequest) -> str:
    return Path(request.node.name).name.replace("[", "-").rstrip("]")

"""The manual says what is so: its configurations are accepted, its commands print what it shows, its
links lead somewhere, and it leaves out no directive and no message. manual.py tells how blocks are marked."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from httpd import MODULES, SOURCE, Httpd, free_port, refusal, running
from manual import Block, Command, blocks, commands

PAGES = [*sorted((SOURCE / "docs").glob("*.md")), SOURCE / "README.md"]
BLOCKS = [block for page in PAGES for block in blocks(page)]
CONFIGURATIONS = [block for block in BLOCKS if block.kind == "apache"]
WITH_COMMANDS = [page for page in PAGES if any(block.kind == "console" for block in blocks(page))]

# Where the manual's examples have what; in the tests all of it is in the server's folder.
PATHS = {
    "/etc/ssl/certs/example.pem": "@ROOT@/cache/example.pem",
    "/etc/ssl/private/example.key": "@ROOT@/cache/example.key",
    "/etc/apache2/factorial-users": "@ROOT@/cache/users",
    "/var/log/apache2/": "@ROOT@/",
    "/var/cache/apache2/mod_cache_disk": "@ROOT@/cache",
    "/usr/local/share/mod_factorial/docs": "@ROOT@/docs",
    "/usr/local/share/mod_factorial": str(SOURCE / "conf"),
}


# Makes a certificate and a file of users in the folder $1.
PREPARE = """
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$1/example.key" -out "$1/example.pem" 2>/dev/null &&
echo "user:$(openssl passwd -apr1 secret)" >"$1/users"
"""


def prepare(folder: Path) -> None:
    subprocess.run(["bash", "-c", PREPARE, "bash", folder], check=True)


def configuration(block: Block, secure: int) -> str:
    """The block on a site that has the module, its paths and port 443 replaced."""
    text = block.text
    for written, real in PATHS.items():
        text = text.replace(written, real)
    text = re.sub(r"^Listen 443$", f"Listen 127.0.0.1:{secure}", text, flags=re.MULTILINE)
    text = text.replace("<VirtualHost *:443>", f"<VirtualHost *:{secure}>")
    loaded = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in block.modules]
    return "\n".join(
        [*loaded, "DefaultRuntimeDir @ROOT@", f"Include {SOURCE}/conf/factorial.conf", text]
    )


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=str)
def test_the_configuration_is_accepted(block: Block) -> None:
    assert refusal(configuration(block, free_port()), prepare=prepare) == ""


@contextlib.contextmanager
def served(page: Path) -> Iterator[Iterator[tuple[Httpd, int, Block]]]:
    """The page's console blocks, each with the server that it is for and that server's port for TLS."""
    with contextlib.ExitStack() as stack:

        def each() -> Iterator[tuple[Httpd, int, Block]]:
            server, secure = None, 0
            for block in blocks(page):
                if block.kind == "apache" and block.runs:
                    stack.close()
                    secure = free_port()
                    server = stack.enter_context(
                        running(configuration(block, secure), prepare=prepare)
                    )
                elif block.kind == "console":
                    server = server or stack.enter_context(running())
                    yield server, secure, block

        yield each()


def run(command: Command, server: Httpd, secure: int) -> str:
    text = re.sub(r"http://127\.0\.0\.1(:5000)?(?=/)", server.base, command.text)
    text = text.replace("https://127.0.0.1/", f"https://127.0.0.1:{secure}/")
    for written, real in PATHS.items():
        text = text.replace(written, real.replace("@ROOT@", str(server.root)))
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=server.root / "cache",
        env={**os.environ, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_print_what_the_page_shows(page: Path) -> None:
    tried = 0
    with served(page) as given:
        for server, secure, block in given:
            for command in commands(block):
                said = run(command, server, secure)
                for _ in range(20):  # a line of a log may come a moment later
                    if command.printed(said) or not command.text.startswith("tail"):
                        break
                    time.sleep(0.1)
                    said = run(command, server, secure)
                assert command.printed(said), (
                    f"{block}\n$ {command.text}\n{said}\nThe page has:\n{command.output}"
                )
                tried += 1
    assert tried


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "sh"], ids=str)
def test_commands_that_are_not_run_could_be(block: Block) -> None:
    subprocess.run(["bash", "-n", "-c", block.text], check=True)
    files = [SOURCE / "Makefile", *SOURCE.glob("*/*.mk"), *SOURCE.glob("*/*/*.mk")]
    makefile = "".join(file.read_text() for file in files)
    for target in re.findall(r"^(?:sudo )?make ([a-z-]+)", block.text, flags=re.MULTILINE):
        assert re.search(rf"^([a-z-]+ )*{target}( [a-z-]+)*:", makefile, flags=re.MULTILINE), target


def anchors(page: Path) -> set[str]:
    """The fragments that the page's headings have."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"https?:", target):
            continue
        path, _, fragment = target.partition("#")
        where = page.parent / path if path else page
        assert where.exists(), target
        assert not fragment or where.suffix != ".md" or fragment in anchors(where), target


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([A-Za-z_-]+\.md)\)", (SOURCE / "docs/README.md").read_text()))
    assert linked == {page.name for page in PAGES} - {"README.md"}


def messages() -> set[str]:
    """What the module may write to the error log, the variable parts left out."""
    found = set()
    for source in (SOURCE / "mod_factorial").glob("*.c"):
        text = re.sub(r'"\s*(APR_\w+|MOD_\w+)\s*"', "%", source.read_text())
        text = re.sub(r'"\s*"', "", text)
        found |= set(re.findall(r'ap_log_r?error\([^"]*"([^"]*)"', text))
    outcomes = (SOURCE / "mod_factorial/outcome.c").read_text()
    found |= {
        f"factorial of N {log}"
        for log in re.findall(r'\.log = \{"\w+", \w+,\s*"([^"]*)"', outcomes)
    }
    return {max(re.split(r"%\w*", message), key=len).strip(" ,") for message in found}


def test_every_message_of_the_log_is_explained() -> None:
    page = " ".join((SOURCE / "docs/operations.md").read_text().split())
    assert len(messages()) > 8
    assert {message for message in messages() if message not in page} == set()


def test_every_variable_of_a_log_format_is_explained() -> None:
    sources = " ".join(path.read_text() for path in (SOURCE / "mod_factorial").glob("*.c"))
    notes = set(re.findall(r'note(?:s|_number\(r), "(factorial-[a-z-]+)"', sources))
    page = (SOURCE / "docs/operations.md").read_text()
    assert len(notes) > 3
    assert {note for note in notes if f"%{{{note}}}n" not in page} == set()


def test_every_error_is_explained() -> None:
    outcomes = (SOURCE / "mod_factorial/outcome.c").read_text()
    errors = re.findall(
        r'\.status = HTTP_(\w+),\s*\.problem = \{"([\w-]+)",\s*"[^"]*",\s*"([^"]*)"\}', outcomes
    )
    page = (SOURCE / "docs/api.md").read_text()
    assert len(errors) == outcomes.count(".problem =")
    for status, kind, detail in errors:
        whole = detail + "M" * detail.endswith(" ")  # the maximum follows
        assert f"| {HTTPStatus[status].value} | `{whole}` |" in page
        assert f"`{kind}`" in page


def test_every_metric_is_explained() -> None:
    source = (SOURCE / "mod_factorial/metrics.c").read_text()
    labels = set(re.findall(r'show_line\(r, plain, "(\w+)"', source))
    outcomes = (SOURCE / "mod_factorial/outcome.c").read_text()
    labels |= set(re.findall(r'\.counter = \{"(\w+)"', outcomes))
    page = (SOURCE / "docs/operations.md").read_text()
    assert len(labels) > 10
    assert {label for label in labels if f"Factorial{label}" not in page} == set()


def test_the_thresholds_are_those_of_the_code() -> None:
    source = "".join(
        (SOURCE / "mod_factorial" / name).read_text()
        for name in ("engine/thresholds.h", "pacing.h")
    )
    page = (SOURCE / "docs/mod_factorial.md").read_text()
    for name in ("INSTANT_MAX", "SHORT_MAX", "SHORT_MAX_GMP", "PACING_CHUNK"):
        value = re.search(rf"\b{name} = (\d+)", source)
        assert value, name
        assert f"{int(value[1]):,}" in page, name


def test_the_settings_of_the_image_are_those_of_its_files() -> None:
    page = (SOURCE / "docs/container.md").read_text()
    table = re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]+)`? \| (.*) \|$", page, flags=re.MULTILINE)
    set_here = (SOURCE / "Dockerfile").read_text().partition("\nENV ")[2].partition("\n\n")[0]
    defaults = re.findall(r'^ *([A-Z_]+)="?(.*?)"?(?: \\)?$', set_here, flags=re.MULTILINE)
    assert {name: default for name, default, _ in table} == dict(defaults)

    checked = (SOURCE / "conf/container/checked.c").read_text()
    manual = (SOURCE / "docs/mod_factorial.md").read_text()
    for name, _, meaning in table:
        directive = re.search(r"\(`(Factorial\w+)`\)", meaning)
        if directive:
            section = manual.partition(f"## The `{directive[1]}` directive")[2]
            limits = re.search(r"(\d+) to (\d+)", section)
        else:
            limits = re.search(rf'"{name}", number, [^}}]*?(\d+), (\d+)\}}', checked)
        if limits:
            assert f"{limits[1]} to {limits[2]}" in meaning, name


def test_the_keys_of_the_images_log_are_shown() -> None:
    page = (SOURCE / "docs/container.md").read_text().partition("## Logs")[2]
    shown = re.findall(r'"(\w+)":', page.split("```")[1])
    configured = (
        (SOURCE / "conf/container/httpd.conf").read_text().partition("Define log_request")[2]
    )
    assert shown == re.findall(r'"(\w+)":', configured)

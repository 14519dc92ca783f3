"""The recipes of docs/clients.md in languages that Debian has an interpreter for."""

import math
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from httpd import BUILD, SOURCE, Httpd, running
from recipes import program

# The file's ending and the command that runs it.
INTERPRETERS = {
    "sh": ("sh", "sh"),
    "js": ("mjs", str(BUILD / "tools/venv/bin/node")),
    "python": ("py", "/usr/bin/python3"),
    "php": ("php", "php"),
    "ruby": ("rb", "ruby"),
    "r": ("R", "Rscript"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    with running() as httpd:
        yield httpd


def run(language: str, server: Httpd, number: int) -> "subprocess.CompletedProcess[str]":
    ending, interpreter = INTERPRETERS[language]
    file = server.root / f"recipe.{ending}"
    file.write_text(program(language))
    return subprocess.run(
        [interpreter, file, server.base, str(number)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("language", INTERPRETERS)
def test_the_recipe_gets_every_digit(server: Httpd, language: str) -> None:
    sys.set_int_max_str_digits(0)
    for number in (5, 21, 5000):
        done = run(language, server, number)
        assert done.stdout.strip() == str(math.factorial(number)), done.stderr


@pytest.mark.parametrize("language", INTERPRETERS)
def test_the_recipe_fails_where_there_is_no_result(server: Httpd, language: str) -> None:
    done = run(language, server, 1_000_001)
    assert done.returncode != 0
    assert done.stderr


def digits(number: int) -> int:
    return math.floor(math.lgamma(number + 1) / math.log(10)) + 1


def test_the_largest_numbers_of_other_programs_are_right() -> None:
    page = (SOURCE / "docs/clients.md").read_text()
    limits = re.findall(r"([\d,]+)\s+(?:characters|digits),\s+enough\s+for\s[^!|]*?([\d,]+)!", page)
    assert len(limits) == page.count("enough for")
    for limit, number in ([int(text.replace(",", "")) for text in pair] for pair in limits):
        assert digits(number) <= limit < digits(number + 1)

"""docs/openapi.yaml: a linter's view of it, each of its examples asked for, and random requests by it."""

import json
import math
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from httpd import BUILD, SOURCE, Httpd, running
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

DESCRIPTION = SOURCE / "docs" / "openapi.yaml"
TEXT, JSON, PROBLEM = "text/plain", "application/json", "application/problem+json"
MAXIMUM = 20_000  # of the server for random requests: a result takes a few milliseconds

described: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text())


def test_the_linter_has_nothing_to_say() -> None:
    tools = BUILD / "tools"
    done = subprocess.run(
        [
            tools / "venv/bin/node",
            tools / "node_modules/@redocly/cli/bin/cli.js",
            "lint",
            "--config",
            SOURCE / "tests/api/redocly.yaml",
            DESCRIPTION,
        ],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stderr + done.stdout


def test_every_problem_of_the_module_is_described() -> None:
    source = (SOURCE / "mod_factorial" / "response.c").read_text()
    found = set(re.findall(r'\{HTTP_\w+,\s*"([a-z-]+)"', source))
    assert "number-invalid" in found
    types = described["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert found <= {name.split("#")[1] for name in types}


# ---- the examples

API = "/api/v1/factorial"
# What gets the example of that name: method, address, headers.
ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "five": ("GET", f"{API}?number=5", {}),
    "fifty": ("GET", f"{API}?number=50", {}),
    "digits": ("GET", f"{API}?number=5", {"Range": "bytes=13-15"}),
    "beginning": ("GET", f"{API}?number=50", {"Range": "bytes=0-4"}),
    "missing": ("GET", API, {}),
    "invalid": ("GET", f"{API}?number=-1", {}),
    "too-large": ("GET", f"{API}?number=1000001", {}),
    "post": ("POST", f"{API}?number=5", {}),
    "other": ("GET", f"{API}?number=5", {"If-Match": '"6-json-1"'}),
    "up": ("GET", "/status", {}),
    "status-post": ("POST", "/status", {}),
}
# Not to be had on demand; the tests of the module itself provoke them.
NOT_ASKED = {"internal", "busy", "timeout", "memory"}


def answers(node: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every response of the description with its status, references followed."""
    for item in node["paths"].values():
        for operation in (
            value for method, value in item.items() if method in ("get", "head", "options")
        ):
            for status, response in operation["responses"].items():
                if "$ref" in response:
                    response = node["components"]["responses"][response["$ref"].split("/")[-1]]
                if status.isdigit():
                    yield int(status), response


EXAMPLES = [
    pytest.param(status, media_type, name, example["value"], id=f"{status}-{media_type}-{name}")
    for status, response in answers(described)
    for media_type, content in response.get("content", {}).items()
    for name, example in content.get("examples", {}).items()
    if name not in NOT_ASKED
]


@pytest.fixture(scope="session")
def server() -> Iterator[Httpd]:
    with running() as httpd:
        yield httpd


@pytest.mark.parametrize(("status", "media_type", "name", "value"), EXAMPLES)
def test_the_example_is_what_the_server_answers(
    server: Httpd, status: int, media_type: str, name: str, value: Any
) -> None:
    method, address, headers = ASKED[name]
    answer = requests.request(
        method, server.base + address, headers={"Accept": media_type, **headers}, timeout=20
    )
    assert answer.status_code == status
    assert answer.headers["Content-Type"].split(";")[0] == media_type
    expected = value if isinstance(value, str) else json.dumps(value, separators=(",", ":")) + "\n"
    if status == 206:
        expected = str(value)
    assert answer.text == expected


def test_every_status_has_an_example_or_no_body_of_ours() -> None:
    without = {status for status, response in answers(described) if "content" in response} - {
        status.values[0] for status in EXAMPLES
    }
    assert without == {414, 416, 500, 503}


# ---- random requests


@pytest.fixture(scope="session")
def limited() -> Iterator[Httpd]:
    with running(extra=f'<Location "{API}">\nFactorialMaxNumber {MAXIMUM}\n</Location>') as httpd:
        yield httpd


@pytest.fixture(scope="session")
def api(limited: Httpd) -> Any:
    sys.set_int_max_str_digits(0)
    with_limit = yaml.safe_load(DESCRIPTION.read_text())
    with_limit["components"]["parameters"]["Number"]["schema"]["maximum"] = MAXIMUM
    schema = schemathesis.openapi.from_dict(with_limit)
    schema.config.update(base_url=limited.base)
    return schema


def number_of(query: str) -> int | str:
    """What the contract makes of a query string: the number, or what is wrong with it."""
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="latin1"):
        if name != "number":
            continue
        if not re.fullmatch(r"[ \t-\r]*([+]?[0-9]+|-0+)[ \t-\r]*", value):
            return "Invalid value"
        number = int(value)
        return number if number <= MAXIMUM else f"Number too large: the maximum is {MAXIMUM}"
    return "Please supply number parameter"


def check_against_contract(case: Any, answer: Any) -> None:
    """The description cannot say which number gets which answer; this can."""
    sent = answer.request
    number = number_of(urllib.parse.urlsplit(sent.url).query)
    if case.method == "OPTIONS":
        assert (answer.status_code, answer.content) == (200, b"")
    elif isinstance(number, str):
        assert answer.status_code == 400
        assert case.method == "HEAD" or number in answer.text
    else:
        assert answer.status_code in {200, 206, 304, 412, 416}
        if (
            "If-Match" not in sent.headers
            and "If-None-Match" not in sent.headers
            and "Range" not in sent.headers
        ):
            assert answer.status_code == 200
        if answer.status_code == 200 and case.method == "GET":
            digits = str(math.factorial(number))
            plain = answer.headers["content-type"][0].startswith(TEXT)
            assert answer.text == (f"{digits}\n" if plain else f'{{"factorial":{digits}}}\n')


# Replaced by check_against_contract, which is exact.
OUR_OWN = [positive_data_acceptance, negative_data_rejection]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("accept", [None, JSON, TEXT, PROBLEM])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_random_requests_are_answered_as_described(
    api: Any, method: str, accept: str | None, mode: schemathesis.GenerationMode
) -> None:
    @settings(
        max_examples=100,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[API][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        headers = {"Accept": accept} if accept else {}
        answer = case.call_and_validate(headers=headers, excluded_checks=OUR_OWN)
        check_against_contract(case, answer)

    holds()

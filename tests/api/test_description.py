"""docs/openapi.yaml: what linters say of it, each of its examples requested, and random requests by it."""

import json
import math
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from typing import Any

import mpmath
import pytest
import requests
import schemathesis
import yaml
from httpd import BUILD, SOURCE, Httpd, running
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

DESCRIPTION = SOURCE / "docs" / "openapi.yaml"
V1, V2, SUMMARY = "/api/v1/factorial", "/api/v2/factorial", "/api/v2/factorial/summary"
V2_TEXT, STATUS = f"{V2}.txt", "/status"
MAXIMUM = 20_000  # of the server for random requests: a result takes a few milliseconds
SUMMARY_MAXIMUM = 10**14

described: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text())


NODE_MODULES = BUILD / "tools/node_modules"
RULES = SOURCE / "tests/api"
LINTERS: dict[str, list[Any]] = {
    "redocly": ["@redocly/cli/bin/cli.js", "lint", "--config", RULES / "redocly.yaml"],
    "spectral": [
        *("@stoplight/spectral-cli/dist/index.js", "lint", "--ruleset", RULES / "spectral.yaml"),
        *("--fail-severity", "hint"),
    ],
}


@pytest.mark.parametrize("linter", LINTERS)
def test_the_linters_have_nothing_to_say(linter: str) -> None:
    program, *arguments = LINTERS[linter]
    done = subprocess.run(
        [BUILD / "tools/venv/bin/node", NODE_MODULES / program, *arguments, DESCRIPTION],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "valid" in said or "No results" in said  # it has read it


def test_every_problem_of_the_module_is_described() -> None:
    source = (SOURCE / "mod_factorial/outcome.c").read_text()
    found = set(re.findall(r'\.problem = \{"([a-z-]+)"', source))
    assert "number-invalid" in found
    described_types = described["components"]["schemas"]["Problem"]["properties"]["type"]
    assert found == set(re.findall(r"`#([a-z-]+)`", described_types["description"]))


# ---- the examples

# What gets the example of that name: method, query, headers.
ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "five": ("GET", "?number=5", {}),
    "twenty-one": ("GET", "?number=21", {}),
    "thousand": ("GET", "?number=1000", {}),
    "missing": ("GET", "", {}),
    "invalid": ("GET", "?number=-1", {}),
    "too-large": ("GET", "?number=1000001", {}),
    "post": ("POST", "?number=5", {}),
    "other": ("GET", "?number=5", {"If-Match": '"6-string-1"'}),
    "up": ("GET", "", {}),
}
# Nothing gets these whenever it wants; the tests of the module itself provoke them.
NOT_ASKED = {"internal", "busy", "timeout", "memory"}


def follow(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: dict[str, Any] = described
    for name in node["$ref"].split("/")[1:]:
        found = found[name]
    return found


def responses() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every response to a GET: its address, its status, and its description."""
    for address, item in described["paths"].items():
        for status, response in item["get"]["responses"].items():
            yield address, int(status), follow(response)


EXAMPLES = [
    pytest.param(address, status, media_type, name, example["value"], id=f"{address}-{name}")
    for address, status, response in responses()
    for media_type, content in response.get("content", {}).items()
    for name, example in content["examples"].items()
    if name not in NOT_ASKED and (address, name) not in {(SUMMARY, "too-large"), (STATUS, "post")}
]


@pytest.fixture(scope="session")
def server() -> Iterator[Httpd]:
    with running() as httpd:
        yield httpd


@pytest.mark.parametrize(("address", "status", "media_type", "name", "value"), EXAMPLES)
def test_the_example_is_what_the_server_answers(
    server: Httpd, address: str, status: int, media_type: str, name: str, value: Any
) -> None:
    method, query, headers = ASKED[name]
    answer = requests.request(
        method,
        f"{server.base}{address}{query}",
        headers={"Accept": "text/plain", **headers},
        timeout=20,
    )
    assert answer.status_code == status
    assert answer.headers["Content-Type"].split(";")[0] == media_type
    expected = value if isinstance(value, str) else json.dumps(value, separators=(",", ":")) + "\n"
    assert answer.text == expected


# ---- random requests


@pytest.fixture(scope="session")
def limited() -> Iterator[Httpd]:
    limits = [
        f'<Location "{address}">\nFactorialMaxNumber {MAXIMUM}\n</Location>'
        for address in (V1, V2, V2_TEXT, SUMMARY)
    ]
    with running(extra="\n".join(limits)) as httpd:
        yield httpd


@pytest.fixture(scope="session")
def api(limited: Httpd) -> Any:
    sys.set_int_max_str_digits(0)
    with_limits = yaml.safe_load(DESCRIPTION.read_text())
    parameters = with_limits["components"]["parameters"]
    parameters["Number"]["schema"]["maximum"] = MAXIMUM
    parameters["SummaryNumber"]["schema"]["maximum"] = SUMMARY_MAXIMUM
    schema = schemathesis.openapi.from_dict(with_limits)
    schema.config.update(base_url=limited.base)
    return schema


def number_of(query: str, maximum: int) -> int | str:
    """What the contract makes of a query string: the number, or what is wrong with it."""
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="latin1"):
        if name != "number":
            continue
        if not re.fullmatch(r"[ \t-\r]*([+]?[0-9]+|-0+)[ \t-\r]*", value):
            return "Invalid value"
        number = int(value)
        return number if number <= maximum else f"Number too large: the maximum is {maximum}"
    return "Please supply number parameter"


def summary_of(number: int) -> dict[str, int | str]:
    """What is known of the factorial, as mpmath computes it."""
    if number < 1000:
        digits = str(math.factorial(number))
        count, leading = len(digits), digits[:20]
    else:
        with mpmath.workdps(60):
            logarithm = mpmath.loggamma(number + 1) / mpmath.log(10)
            count = int(mpmath.floor(logarithm)) + 1
            leading = str(int(mpmath.floor(mpmath.power(10, logarithm - count + 20))))
    zeros, rest = 0, number
    while rest := rest // 5:
        zeros += rest
    point = "." if len(leading) > 1 else ""
    scientific = f"{leading[0]}{point}{leading[1:]}e{count - 1}"
    return {"number": number, "digits": count, "trailing_zeros": zeros, "scientific": scientific}


def body_of(address: str, number: int) -> str:
    """The result that the contract promises."""
    if address == SUMMARY:
        return json.dumps(summary_of(number), separators=(",", ":")) + "\n"
    digits = str(math.factorial(number))
    if address == V2:
        return f'{{"number":{number},"digits":{len(digits)},"factorial":"{digits}"}}\n'
    return f"{digits}\n"


def check_against_contract(address: str, method: str, answer: Any) -> None:
    """The description cannot say which number gets which answer; this can."""
    sent = answer.request
    maximum = SUMMARY_MAXIMUM if address == SUMMARY else MAXIMUM
    number = number_of(urllib.parse.urlsplit(sent.url).query, maximum)
    if isinstance(number, str):
        assert answer.status_code == 400
        assert method == "HEAD" or number in answer.text
        return
    assert answer.status_code == 200 or "If-None-Match" in sent.headers
    if answer.status_code == 200 and method == "GET":
        assert answer.text == body_of(address, number)


# Replaced by check_against_contract, which is exact.
OUR_OWN = [positive_data_acceptance, negative_data_rejection]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("address", "accept"),
    [
        (V1, "text/plain"),
        (V2, "*/*"),
        (V2, "text/plain"),
        (V2_TEXT, "*/*"),
        (V2_TEXT, "application/json, application/problem+json"),
        (SUMMARY, "*/*"),
        (SUMMARY, "text/html;q=0.9, application/json;q=0"),
    ],
)
def test_random_requests_are_answered_as_described(
    api: Any, address: str, method: str, accept: str, mode: schemathesis.GenerationMode
) -> None:
    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[address][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        answer = case.call_and_validate(headers={"Accept": accept}, excluded_checks=OUR_OWN)
        check_against_contract(address, method, answer)

    holds()


def test_a_thousand_summaries_are_as_an_independent_program_has_them(server: Httpd) -> None:
    with requests.Session() as session:
        for step in range(1001):
            number = int(10 ** (2 + 12 * step / 1000))
            answer = session.get(f"{server.base}{SUMMARY}?number={number}", timeout=20)
            assert answer.json() == summary_of(number)

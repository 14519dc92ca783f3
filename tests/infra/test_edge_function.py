"""The CloudFront function in Node, by tables: its own, and the module's tables of queries and Accept fields.

What the module takes for the same must become the same, and nothing else may."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "infra" / "edge_function.js"
MODULE_TESTS = (ROOT / "tests" / "unit" / "module" / "test_parse.c").read_text(encoding="utf-8")

HARNESS = """
const handler = new Function(require('fs').readFileSync(process.argv[1], 'utf8') + '; return handler')();
const events = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(events.map(event => handler(event))));
"""

V1 = "/api/v1/factorial"


def event(query: str = "number=5", accept: str | None = None, uri: str = V1) -> dict[str, Any]:
    """As CloudFront gives it: names and values as they are in the address, and those of a name that is
    there several times in `multiValue`."""
    parameters: dict[str, Any] = {}
    for parameter in filter(None, query.split("&")):
        name, _, value = parameter.partition("=")
        if name in parameters:
            known = parameters[name]
            known.setdefault("multiValue", [{"value": known["value"]}]).append({"value": value})
            known["value"] = value
        else:
            parameters[name] = {"value": value}
    headers = {} if accept is None else {"accept": {"value": accept}}
    return {"request": {"uri": uri, "querystring": parameters, "headers": headers}}


@cache
def answers(events: str) -> list[dict[str, Any]]:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(  # noqa: S603
        [node, "-e", HARNESS, SOURCE], input=events, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def run(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return answers(json.dumps(events))


def number(request: dict[str, Any]) -> str | None:
    query = request["querystring"]
    assert set(query) <= {"number"}
    return query["number"]["value"] if query else None


QUERIES = [
    ("number=5", "5"),
    ("number=05", "5"),
    ("number=+5", "5"),
    ("number=%2B5", "5"),
    ("number=%205%20", "5"),
    ("number=-0", "0"),
    ("number=000", "0"),
    ("%6eumber=5", "5"),
    ("number=%35", "5"),
    ("x=1&number=5&y=2", "5"),
    ("number=5&number=6", "5"),
    ("number=100000000000000", "100000000000000"),
    ("number=-5", "-5"),
    ("number=0.2", "0.2"),
    ("number=1e3", "1e3"),
    ("number=5%", "5%"),
    ("number=", ""),
    ("number=%D9%A5", "%D9%A5"),
    ("", None),
    ("numbers=5", None),
    ("%zz=5", None),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_of_the_query_only_the_number_is_left(query: str, expected: str | None) -> None:
    requests = run([event(query) for query, _ in QUERIES])
    assert number(requests[[q for q, _ in QUERIES].index(query)]) == expected


JSON, TEXT, PROBLEM = "application/json", "text/plain", ", application/problem+json"
ACCEPTS = [
    (None, JSON),
    ("*/*", JSON),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
    ("TEXT/PLAIN", TEXT),
    ("text/*, application/json;q=0.5", TEXT),
    ("text/plain;q=0.5, application/json", JSON),
    ("application/problem+json", JSON + PROBLEM),
    ("text/plain, application/problem+json", TEXT + PROBLEM),
    ("text/plain;charset=utf-8", "text/plain;charset=utf-8"),
    ("garbage here", "garbage here"),
]


@pytest.mark.parametrize(("accept", "expected"), ACCEPTS)
def test_of_accept_only_what_version_1_chooses_by_is_left(
    accept: str | None, expected: str
) -> None:
    requests = run([event(accept=accept) for accept, _ in ACCEPTS])
    found = requests[[a for a, _ in ACCEPTS].index(accept)]
    assert found["headers"]["accept"]["value"] == expected


@pytest.mark.parametrize("uri", ["/api/v2/factorial", "/api/v2/factorial.txt", "/docs/", "/status"])
def test_other_addresses_do_not_choose_by_accept(uri: str) -> None:
    (request,) = run([event(accept="text/plain", uri=uri)])
    assert request["headers"]["accept"]["value"] == "*/*"
    assert request["uri"] == uri


def test_every_query_of_the_modules_table_keeps_its_meaning() -> None:
    found = re.findall(r'\{"([^"\\]*)", OUTCOME_(\w+), (\d+)', MODULE_TESTS)
    assert len(found) > 40
    for (query, meaning, value), request in zip(
        found, run([event(query) for query, _, _ in found]), strict=True
    ):
        given = number(request)
        if meaning == "NUMBER_MISSING":
            assert given is None, query
        elif meaning == "NUMBER_INVALID":
            assert given is not None, query
            assert not re.fullmatch(r"\d+", given), query
        elif meaning != "NUMBER_TOO_LARGE":
            assert given == value, query


def test_every_accept_field_of_the_modules_table_keeps_its_meaning() -> None:
    found = re.findall(r'\{("(?:[^"\\]|\\.)*"|NULL), (JSON|TEXT), (true|false)\}', MODULE_TESTS)
    assert len(found) > 40
    fields = [None if text == "NULL" else json.loads(text) for text, _, _ in found]
    for field, (_, representation, problem), request in zip(
        fields, found, run([event(accept=field) for field in fields]), strict=True
    ):
        expected = {"JSON": JSON, "TEXT": TEXT}[representation]
        expected += PROBLEM if problem == "true" else ""
        assert request["headers"]["accept"]["value"] in (expected, field), field

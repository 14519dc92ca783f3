"""Reading a synthesized template: plain data, so that a test says what it means in plain Python."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from variants import assembly, settings

STACKS = (
    "permissions",
    "registry",
    "network",
    "balancer",
    "service",
    "certificate",
    "edge",
)
"""All that there are, in the order of a first deployment. An environment has some of them."""


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    id: str
    type: str
    body: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.body["Properties"][name]

    def get(self, name: str) -> Any:
        return self.body.get("Properties", {}).get(name)


class Template:
    """A stack's template."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.resources = [Resource(name, r["Type"], r) for name, r in body["Resources"].items()]

    def all(self, kind: str) -> list[Resource]:
        """The resources of `AWS::kind`."""
        return [resource for resource in self.resources if resource.type == f"AWS::{kind}"]

    def one(self, kind: str) -> Resource:
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} of {kind}: {[r.id for r in found]}"
        return found[0]

    def only(self, kind: str, **properties: Any) -> Resource:
        """The one resource of `AWS::kind` with these properties."""
        found = [
            resource
            for resource in self.all(kind)
            if all(resource.get(name) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} of {kind} with {properties}"
        return found[0]


@cache
def templates() -> dict[str, Path]:
    """The file of each stack's template, by the stack's name."""
    return {stack.stack_name: Path(stack.template_full_path) for stack in assembly().stacks}


def stacks_of(environment: str) -> list[str]:
    """In the order of a first deployment."""
    prefix = settings(environment).prefix
    return [stack for stack in STACKS if f"{prefix}-{stack}" in templates()]


@cache
def template(environment: str, stack: str) -> Template:
    file = templates()[f"{settings(environment).prefix}-{stack}"]
    return Template(json.loads(file.read_text(encoding="utf-8")))


def ref(resource: Resource) -> dict[str, str]:
    return {"Ref": resource.id}


def attribute(resource: Resource, name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource.id, name]}


def flat(value: Any) -> str:
    """A value with its references as text, to look for a part of it."""
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(flat(part) for part in parts)
    if isinstance(value, dict) and "Ref" in value:
        return "{" + value["Ref"] + "}"
    return value if isinstance(value, str) else json.dumps(value)


def imported(value: Any, stack: Template) -> Any:
    """What another stack exports under the name that `value` imports."""
    if not (isinstance(value, dict) and "Fn::ImportValue" in value):
        return value
    for output in stack.body["Outputs"].values():
        if output.get("Export", {}).get("Name") == value["Fn::ImportValue"]:
            return output["Value"]
    raise AssertionError(f"nothing exports {value}")


def attributes(resource: Resource, name: str) -> dict[str, str]:
    """A load balancer's or target group's list of keys and values as a table."""
    return {item["Key"]: item["Value"] for item in resource[name]}


def statements(policy: Resource) -> list[dict[str, Any]]:
    return policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> set[str]:
    given = statement["Action"]
    return {given} if isinstance(given, str) else set(given)

"""Reads an environment's file and describes its errors."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from settings.schema import Environment

DIRECTORY = Path(__file__).parent.parent / "environments"


class SettingsError(Exception):
    """An environment's file is wrong; the message names it and every wrong setting in it."""


def names(directory: Path = DIRECTORY) -> list[str]:
    return sorted(file.stem for file in directory.glob("*.toml"))


def load(name: str, directory: Path = DIRECTORY) -> Environment:
    file = directory / f"{name}.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(names(directory))
        raise SettingsError(f"no environment {name!r}: there are {known}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name}: {error}") from None
    return parse(table, name)


def parse(table: dict[str, Any], name: str) -> Environment:
    """The name of the file is that of the environment, so that a copy gets another name."""
    try:
        return Environment.model_validate({**table, "name": name})
    except ValidationError as error:
        lines = [f"  {_sentence(finding)}" for finding in error.errors()]
        raise SettingsError("\n".join([f"{name}.toml:", *lines])) from None


def _sentence(finding: Any) -> str:
    unions = {"new", "existing", "own", "central", "shared"}
    place = ".".join(str(step) for step in finding["loc"] if step not in unions)
    message = finding["msg"].removeprefix("Value error, ").replace("\n", "\n  ")
    given = finding["input"]
    if finding["type"] == "value_error" or isinstance(given, dict):
        return f"{place}: {message}" if place else message
    return f"{place}: {message} (it is {given!r})"

"""Finds values in an environment's file that prevent a deployment."""

from collections.abc import Iterator

from settings.schema import Environment

EXAMPLE_ACCOUNT = "111122223333"
"""AWS's documentation uses this number; nobody has it."""


def obstacles(settings: Environment, credentials_account: str) -> list[str]:
    """One sentence each, naming the setting. `credentials_account` is empty if there are no credentials."""
    return [
        f"{settings.name}.toml: {sentence}"
        for sentence in _obstacles(settings, credentials_account)
    ]


def _obstacles(settings: Environment, credentials_account: str) -> Iterator[str]:
    domain = settings.domain
    if settings.account == EXAMPLE_ACCOUNT:
        yield f"account is the example {EXAMPLE_ACCOUNT}"
    elif credentials_account and settings.account != credentials_account:
        yield (f"account is {settings.account}, and these are credentials of {credentials_account}")
    if settings.delivery.github_repository.startswith("example-"):
        yield f"delivery.github_repository is the example {settings.delivery.github_repository}"
    if domain.zone_id.startswith("Z0EXAMPLE"):
        yield f"domain.zone_id is the example {domain.zone_id}"
    for name, value in (("host", domain.host), ("zone_name", domain.zone_name)):
        if f".{value}".endswith(".example.org"):
            yield f"domain.{name} is the example {value}"
    if not settings.alarms.emails:
        yield "alarms.emails is empty: nobody would be told of an alarm"

"""An environment's file: both are valid, and a wrong one is told apart with a message that helps."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from settings.deployable import EXAMPLE_ACCOUNT
from settings.load import DIRECTORY, SettingsError, load, names, parse
from variants import (
    ALL,
    CERTIFICATE,
    EXISTING_NETWORK,
    FILES,
    ORIGIN,
    OTHERS,
    SHARED_BALANCER,
    changed,
    settings,
    table,
)


def refusal(broken: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(broken, "broken")
    return str(caught.value)


def test_the_environments_are_dev_and_prod() -> None:
    assert tuple(names()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_no_account_and_no_person(name: str) -> None:
    assert settings(name).alarms.emails == []
    assert settings(name).account == EXAMPLE_ACCOUNT


@pytest.mark.parametrize("name", ALL)
def test_every_setting_is_in_the_file(name: str) -> None:
    """Defaults are for what an environment cannot have, such as gateways without NAT."""
    given = OTHERS.get(name) or table(name)
    for section, model in settings(name):
        if section in given and hasattr(model, "model_fields_set"):
            missing = set(type(model).model_fields) - model.model_fields_set
            assert missing <= {"nat_gateways"}


def test_an_unknown_environment_is_told_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no environment 'test': there are dev, prod"):
        load("test")


def test_a_file_that_is_not_toml_is_told_with_the_place(tmp_path: Any) -> None:
    (tmp_path / "bad.toml").write_text("region = eu\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"bad\.toml: .*line 1"):
        load("bad", tmp_path)


WRONG: list[tuple[dict[str, Any], str]] = [
    (changed("dev", task={"memry": 1}), "task.memry: Extra inputs are not permitted"),
    (changed("dev", task={"cpu": 300}), "task: cpu 300: Fargate has 256, 512, 1024"),
    (changed("dev", task={"memory": 4096}), "task: memory 4096: with cpu 256 Fargate has 512, 1024, 2048"),
    (changed("dev", task={"cpu": "256"}), "task.cpu: Input should be a valid integer (it is '256')"),
    (changed("dev", task={"architecture": "mips"}), "task.architecture: Input should be 'x86_64' or 'arm64'"),
    (changed("dev", account="1234"), "account: String should match"),
    (changed("dev", region="eu-centrall-1"), "region: AWS has no region eu-centrall-1: it has af-south-1"),
    (changed("prod", task={"spot": True}), "task: spot is not for production"),
    (changed("prod", scaling={"minimum": 1}), "scaling: production needs a minimum of 2"),
    (changed("dev", deployment={"bake_minutes": 6}), "deployment: bake_minutes 6 must be at least 7"),
    (changed("prod", deployment={"canary_minutes": 31}), "deployment: canary_minutes and bake_minutes together are 41, and 40 is the most"),
    (changed("dev", task={"largest_number": 100_000_001}), "task.largest_number: Input should be less than or equal to 100000000"),
    (changed("dev", scaling={"minimum": 0}), "scaling.minimum: Input should be greater than or equal to 1"),
    (changed("dev", scaling={"maximum": 2, "minimum": 3}), "scaling: maximum 2 is less than minimum 3"),
    (changed("dev", domain={"host": "factorial.example.com"}), "is not in the zone dev.example.org"),
    (changed("dev", domain={"zone_id": "dev"}), "domain.zone_id: String should match"),
    (changed("dev", logs={"days": 8}), "logs.days: Input should be 1, 3, 5, 7"),
    (changed("dev", alarms={"emails": ["duty"]}), "alarms.emails.0: String should match"),
    (changed("dev", registry={"create": False}), "oidc_provider_arn is needed with registry.create = false"),
    (changed("dev", delivery={"github_repository": "mod_factorial"}), "delivery.github_repository: String should match"),
    (changed("dev", network={**table("dev")["network"], "egress": "none"}), "network.egress: Input should be 'nat', 'endpoints' or 'public'"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.20.0.0"}), "network.cidr: 10.20.0.0: a VPC has a prefix of 16 to 28 bits"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.20.0.0/26"}), "network: cidr 10.20.0.0/26 is too small: its four subnets would be /28, and a load balancer takes none that is smaller than /27"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.20.0.0/28"}), "its four subnets would be /30"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.20.0.0/25"}, scaling={"maximum": 20}), "cidr 10.20.0.0/25 has 19 addresses for tasks in each zone"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.20.0.1/16"}), "network.cidr: 10.20.0.1/16 has host bits set"),
    (changed("dev", network={**table("dev")["network"], "cidr": "10.256.0.0/16"}), "network.cidr: Octet 256 (> 255) not permitted"),
    (changed("dev", network={"kind": "other"}), "network: Input tag 'other' found using 'kind' does not match"),
    (changed("dev", network={**EXISTING_NETWORK, "zones": ["eu-central-1a"]}), "network.zones: List should have at least 2 items"),
    (changed("dev", network={**EXISTING_NETWORK, "zones": ["eu-central-1a"] * 2}), "zones are to be two different ones, not eu-central-1a twice"),
    (changed("dev", network={**EXISTING_NETWORK, "zones": ["eu-west-1a", "eu-west-1b"]}), "zone eu-west-1a is not in region eu-central-1"),
    (changed("dev", balancer=SHARED_BALANCER), "a shared balancer reaches only the tasks in its own VPC"),
    (changed("dev", network=EXISTING_NETWORK, balancer={**SHARED_BALANCER, "full_name": "app/other/0123456789abcdef"}), "listener_arn is not of the balancer with full_name app/other/0123456789abcdef"),
    (changed("dev", balancer={**table("dev")["balancer"], "tls_policy": "TLS10"}), "balancer.tls_policy: Input should be 'TLS13_13'"),
    (changed("dev", balancer={**table("dev")["balancer"], "clients": []}), "balancer.clients: List should have at least 1 item"),
    (changed("dev", balancer={**table("dev")["balancer"], "clients": ["office"]}), "balancer.clients.0: 'office' does not appear to be an IPv4 or IPv6 network"),
    (changed("dev", firewall={"requests_per_source": 5}), "requests_per_source: 0 for no firewall, or at least 10"),
    (changed("dev", firewall={"window_seconds": 90}), "firewall.window_seconds: Input should be 60, 120, 300 or 600"),
    (changed("prod", network=EXISTING_NETWORK, balancer=SHARED_BALANCER), "the firewall of a shared balancer is its owner's"),
    (changed("dev", domain={"zone_id": ""}), "zone_id and zone_name come together"),
    (changed("dev", domain={"zone_id": "", "zone_name": ""}), "certificate_arn is needed without a zone"),
    (changed("dev", edge={"enabled": True}), 'edge: the balancer behind it needs scheme = "internal"'),
    (changed("dev", edge={"certificate_arn": CERTIFICATE}), "CloudFront takes certificates of us-east-1 only"),
    (changed("dev", edge={"balancer_arn": ORIGIN}), "balancer_arn and balancer_dns_name come together"),
    ({**OTHERS["internal"], "edge": {**table("dev")["edge"], "enabled": True}}, "edge: certificate_arn is needed without a zone"),
    (changed("dev", times={"stop": 121}), "times: stop 121 s must be at most 120 s"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_setting_is_refused_by_name(broken: dict[str, Any], message: str) -> None:
    told = refusal(broken)
    assert told.startswith("broken.toml:\n  ")
    assert message in told


def test_a_missing_section_and_all_that_is_wrong_are_told_at_once() -> None:
    broken = changed("dev", task={"cpu": "256"}, logs={"days": 8})
    del broken["alarms"]
    told = refusal(broken)
    assert all(place in told for place in ("task.cpu: ", "logs.days: ", "alarms: Field required"))


def explained(text: str) -> Iterator[str]:
    """The settings of a file that have a comment in their line."""
    section = ""
    for line in text.splitlines():
        if found := re.match(r"\[([a-z]+)\]", line):
            section = found[1]
        elif (found := re.match(r"([a-z_]+) = .*?(#|$)", line)) and found[2]:
            yield f"{section}.{found[1]}"


def test_every_setting_is_explained() -> None:
    """In the file of the development environment, and those of other kinds in the document."""
    document = (DIRECTORY.parent.parent / "docs" / "infrastructure.md").read_text("utf-8")
    file = (DIRECTORY / "dev.toml").read_text("utf-8")
    known = {
        f"{section}.{field}"
        for name in ALL
        for section, model in settings(name)
        if isinstance(model, BaseModel)
        for field in type(model).model_fields
    }
    # This one has no place in a file of that kind, but stands in the comment of egress.
    assert known - {*explained(file), *explained(document)} == {"network.nat_gateways"}
    assert "nat_gateways = 1 or 2" in file

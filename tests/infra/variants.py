"""Every kind of environment that the settings allow, as changes to the files that are deployed.

Run as a program it writes their templates into a directory, for the linters.
"""

import sys
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "infra"))

from assembly import add_environment, new_app
from settings.load import DIRECTORY, load, parse
from settings.schema import Environment

DIGEST = "sha256:" + "0123456789abcdef" * 4
COMMIT = "0123456789" * 4

ACCOUNT = "111122223333"
BALANCER_NAME = "app/central/0123456789abcdef"
ARN = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}"
SHARED_BALANCER = {
    "kind": "shared",
    "scheme": "internet-facing",
    "listener_arn": f"{ARN}:listener/{BALANCER_NAME}/fedcba9876543210",
    "full_name": BALANCER_NAME,
    "security_group_id": "sg-0123456789abcdef0",
    "dns_name": "central-1234567890.eu-central-1.elb.amazonaws.com",
    "zone_id": "Z215JYRZR1TBD5",
    "idle_timeout": 60,
    "priority": 120,
}
EXISTING_NETWORK = {
    "kind": "existing",
    "vpc_id": "vpc-0123456789abcdef0",
    "zones": ["eu-central-1a", "eu-central-1c"],
    "balancer_subnet_ids": ["subnet-0000000000000000a", "subnet-0000000000000000c"],
    "task_subnet_ids": ["subnet-1111111111111111a", "subnet-1111111111111111c"],
    "tasks_are_public": False,
    "proxies": ["10.99.0.0/24", "10.99.1.0/28"],
}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
CERTIFICATE = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
EDGE_CERTIFICATE = CERTIFICATE.replace("eu-central-1", "us-east-1")
PREFIX_LIST = "pl-0123456789abcdef0"
ORIGIN = f"{ARN}:loadbalancer/app/mod-f/0123456789abcdef"
ORIGIN_NAME = "internal-mod-f-1234567890.eu-central-1.elb.amazonaws.com"


def table(name: str) -> dict[str, Any]:
    """An environment's file, not yet validated."""
    return tomllib.loads((DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))


def changed(name: str, **sections: Any) -> dict[str, Any]:
    """The file of environment `name` with these settings; a section with a kind is replaced whole."""
    result = deepcopy(table(name))
    for section, values in sections.items():
        whole = not isinstance(values, dict) or "kind" in values
        result[section] = values if whole else {**result[section], **values}
    return result


INTERNAL = {"scheme": "internal", "clients": [PREFIX_LIST]}

# dev goes out by public addresses and prod by NAT gateways, both with a balancer of their own.
OTHERS = {
    "endpoints": changed("prod", network={**table("prod")["network"], "egress": "endpoints"}),
    "shared": changed(
        "prod",
        balancer=SHARED_BALANCER,
        network=EXISTING_NETWORK,
        firewall={"requests_per_source": 0},
    ),
    "central": changed(
        "prod",
        balancer={
            **table("prod")["balancer"],
            "kind": "central",
            "deletion_protection": True,
            "certificate_arns": [CERTIFICATE],
        },
    ),
    "edge": changed(
        "prod",
        balancer={**table("prod")["balancer"], **INTERNAL},
        edge={"enabled": True, "balancer_arn": ORIGIN, "balancer_dns_name": ORIGIN_NAME},
    ),
    "elsewhere": changed(
        "prod",
        balancer={**SHARED_BALANCER, "scheme": "internal"},
        network=EXISTING_NETWORK,
        domain={"zone_id": "", "zone_name": "", "certificate_arn": CERTIFICATE},
        edge={"enabled": True, "certificate_arn": EDGE_CERTIFICATE},
    ),
    "internal": changed(
        "dev",
        balancer={**table("dev")["balancer"], "scheme": "internal", "clients": ["10.0.0.0/8"]},
        domain={"zone_id": "", "zone_name": "", "certificate_arn": CERTIFICATE},
    ),
    "existing": changed(
        "dev",
        network={**EXISTING_NETWORK, "tasks_are_public": True},
        balancer={**table("dev")["balancer"], "dual_stack": False},
        registry={"create": False},
        delivery={"oidc_provider_arn": PROVIDER},
    ),
    "opposite": changed(
        "dev",
        task={"architecture": "arm64", "spot": False, "cpu": 2048, "memory": 4096},
        scaling={"minimum": 3, "maximum": 9, "cpu_percent": 45},
        deployment={"alarms_roll_back": False},
        alarms={"emails": ["alarms@example.org", "duty@example.org"]},
        delivery={"oidc_provider_arn": PROVIDER, "github_repository": "owner@12/name@345"},
    ),
}
FILES = ("dev", "prod")
ALL = (*FILES, *OTHERS)
SHARED = ("shared", "elsewhere")
EDGE = ("edge", "elsewhere")
MADE = tuple(name for name in ALL if name not in SHARED)
OWN = tuple(name for name in MADE if name != "central")
NEW_NETWORK = tuple(name for name in ALL if name not in (*SHARED, "existing"))
CANARY = ("prod", "endpoints", "shared", "central", "edge", "elsewhere")


@cache
def settings(name: str) -> Environment:
    return parse(OTHERS[name], name) if name in OTHERS else load(name)


@cache
def assembly(directory: str | None = None) -> Any:
    """All of them in one app, since starting the CDK takes longer than using it."""
    app = new_app(directory)
    for name in ALL:
        add_environment(app, settings(name), COMMIT if name == "opposite" else DIGEST)
    return app.synth()


if __name__ == "__main__":
    assembly(sys.argv[1])

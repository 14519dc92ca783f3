"""Holds every kind of environment against cdk-nag's AwsSolutions rules.

Each finding that is accepted stands here with its argument, for one construct and one finding. A
finding without one fails, and so does an argument that no finding needs any longer.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks

import variants
from assembly import add_environment, new_app

PACK = "AwsSolutions"


@dataclass(frozen=True)
class Acknowledgement:
    """`construct` is the end of a path, after the stack's name; `*` stands for any part of one."""

    construct: str
    finding: str
    reason: str

    @property
    def id(self) -> str:
        return f"{PACK}::{PACK}-{self.finding}"


ACKNOWLEDGED = (
    Acknowledgement(
        "DeliveryRole/DefaultPolicy/Resource",
        "IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/cdk-*]",
        "The bootstrap roles' names hold a qualifier, the account and the region; these roles, which "
        "the bootstrap makes and limits, are all that deploying needs.",
    ),
    Acknowledgement(
        "DeliveryRole/DefaultPolicy/Resource",
        "IAM5[Resource::*]",
        "ecr:GetAuthorizationToken takes no resource; what the token opens, the other statements say.",
    ),
    Acknowledgement(
        "Task/Definition/ExecutionRole/DefaultPolicy/Resource",
        "IAM5[Resource::*]",
        "ecr:GetAuthorizationToken takes no resource; pulling is granted on one repository.",
    ),
    Acknowledgement(
        "SecurityGroups/Balancer/Resource",
        "EC23",
        "A public web service: the world is to reach its balancer, on 80 for the redirect and on 443.",
    ),
    Acknowledgement(
        "Balancer/AccessLogs/Resource",
        "S1",
        "This bucket holds access logs; logging the access to it would need another such bucket, and "
        "so on. Nobody but the balancer's logging service is allowed to write to it.",
    ),
    Acknowledgement(
        "Task/Definition/Resource",
        "ECS2",
        "The variables are limits, times and addresses that stand in the repository: nothing secret. "
        "They change with the task's size, so they belong into the same template.",
    ),
    Acknowledgement(
        "Service/Cluster/Resource",
        "ECS4",
        "Processor and memory of the service, free of charge, are what the alarms need; the balancer "
        "tells the rest. Container Insights would cost more than the tasks' logs and alarms together.",
    ),
)


def main(directory: str) -> int:
    app = new_app(directory)
    for name in variants.ALL:
        add_environment(app, variants.settings(name), variants.DIGEST)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    unused = {entry for entry in ACKNOWLEDGED if not acknowledge(app, entry)}
    failed = False
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        failed = True
    report = Path(directory) / "validation-report.json"
    found = list(findings(report, suppressed=False))
    accepted = {(rule, path) for rule, path in findings(report, suppressed=True)}
    unused |= {
        entry
        for entry in ACKNOWLEDGED
        if not any(rule in entry.id and matches(path, entry) for rule, path in accepted)
    }
    for entry in unused:
        print(
            f"{entry.construct}: {entry.finding} is acknowledged, but nothing finds it any longer"
        )
    print(
        f"cdk-nag {PACK}: {len(found)} findings, {len(accepted)} acknowledged with "
        f"{len(ACKNOWLEDGED)} arguments, in {len(variants.ALL)} environments"
    )
    return 1 if failed or found or unused else 0


def acknowledge(app: App, entry: Acknowledgement) -> int:
    """On every construct that the entry names; tells on how many."""
    count = 0
    for construct in app.node.find_all():
        if matches(construct.node.path, entry):
            Validations.of(construct).acknowledge(Acknowledgment(id=entry.id, reason=entry.reason))
            count += 1
    return count


def matches(path: str, entry: Acknowledgement) -> bool:
    _, _, within = path.partition("/")
    return fnmatchcase(within, entry.construct)


def findings(report: Path, *, suppressed: bool) -> Iterator[tuple[str, str]]:
    """Rule and path of each finding of the pack."""
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        if plugin["pluginName"] == PACK:
            for violation in plugin["suppressedViolations" if suppressed else "violations"]:
                for construct in violation["violatingConstructs"]:
                    yield violation["ruleName"], construct["constructPath"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

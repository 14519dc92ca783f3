"""Checks every kind of environment against cdk-nag's AwsSolutions rules.

Each finding that is accepted stands here with its argument. A finding without one fails, and so does an
argument that no finding needs any longer.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

import variants
from assembly import add_environment, new_app

PACK = "AwsSolutions"


@dataclass(frozen=True)
class Acknowledgement:
    """`construct` is a path after the stack's name. `...` stands for any text, in both patterns."""

    construct: str
    finding: str
    reason: str

    def covers(self, rule: str, path: str) -> bool:
        _, _, within = path.partition("/")
        return _like(self.construct, within) and _like(f"{PACK}-{self.finding}", rule)


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(re.escape("..."), ".*"), text) is not None


ACKNOWLEDGED = (
    Acknowledgement(
        "Policies/Deploy.../Resource",
        "IAM5[...]",
        "Listing and describing take no resource. What CloudFormation names itself, or numbers, is limited "
        "by the tag of the environment instead of by a name; all else is limited by the names' prefix.",
    ),
    Acknowledgement(
        "Policies/Boundary/Resource",
        "IAM5[...]",
        "A boundary gives nothing. It names the actions; the roles' own policies name the resources.",
    ),
    Acknowledgement(
        "Identities/.../DefaultPolicy/Resource",
        "IAM5[Resource::arn:...]",
        "The stacks of one environment, its bootstrap's roles and bucket in each of its regions, its "
        "service: their names end in what AWS adds, or are the same in every region.",
    ),
    Acknowledgement(
        "Identities/.../DefaultPolicy/Resource",
        "IAM5[Resource::*]",
        "ecr:GetAuthorizationToken, cloudformation:ListStacks and ecs:DescribeTaskDefinition take no resource.",
    ),
    Acknowledgement(
        "DeploymentTest/ServiceRole/Resource",
        "IAM4[...]",
        "AWS's own policies for a function's log and its network interfaces; the boundary limits them.",
    ),
    Acknowledgement(
        "Service/HookRole/DefaultPolicy/Resource",
        "IAM5[Resource::<DeploymentTest...>:*]",
        "Every version of one function.",
    ),
    Acknowledgement(
        "Service/Service/OtherTargetRole/Resource",
        "IAM4[...]",
        "AWS's own policy for moving traffic between target groups; the boundary limits it.",
    ),
    Acknowledgement(
        "Distribution/Resource",
        "CFR1",
        "The service is for the whole world.",
    ),
    Acknowledgement(
        "Distribution/Resource",
        "CFR3",
        "Access logs are on, by the log delivery that needs no access control lists: see edge_logs.py.",
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
        "Logs/Bucket/Resource",
        "S1",
        "The same for CloudFront's.",
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
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    found = sorted(set(findings(Path(directory) / "validation-report.json")))
    unaccepted = [each for each in found if not any(a.covers(*each) for a in ACKNOWLEDGED)]
    unused = [a for a in ACKNOWLEDGED if not any(a.covers(*each) for each in found)]
    for rule, path in unaccepted:
        print(f"{path}: {rule}")
    for entry in unused:
        print(f"{entry.construct}: {entry.finding} is accepted, but nothing finds it any longer")
    print(
        f"cdk-nag {PACK}: {len(found)} findings, all but {len(unaccepted)} accepted with "
        f"{len(ACKNOWLEDGED)} arguments, in {len(variants.ALL)} environments"
    )
    return 1 if unaccepted or unused or not found else 0


def findings(report: Path) -> Iterator[tuple[str, str]]:
    """Rule and path of each finding of the pack."""
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        if plugin["pluginName"] == PACK:
            for violation in plugin["violations"]:
                for construct in violation["violatingConstructs"]:
                    yield violation["ruleName"], construct["constructPath"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

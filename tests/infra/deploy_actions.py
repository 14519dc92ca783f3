"""The actions that deploying takes: of every kind of resource in the templates, what its schema says that
creating, reading, changing, deleting and listing it needs. cfn-lint brings the schemas.

Run as a program it writes them to infra/deploy_actions.json.
"""

import json
import re
from pathlib import Path

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from templates import stacks_of, template
from variants import ALL

FILE = Path(__file__).parent.parent.parent / "infra" / "deploy_actions.json"

KNOWN = load_resource(AdditionalSpecs, "Policies.json")
"""The actions that IAM knows, by service, in lower case: schemas name some that it does not."""

BESIDES = {
    # Its schema has no permissions at all.
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": (
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:RemoveListenerCertificates",
    ),
    # CloudWatch Logs asks CloudFront whether the caller may have the distribution's log delivered.
    "AWS::Logs::DeliverySource": ("cloudfront:AllowVendedLogDeliveryForResource",),
}
"""What the schemas lack."""

USED = {
    "acm",
    "application-autoscaling",
    "budgets",
    "cloudfront",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "iam",
    "lambda",
    "logs",
    "route53",
    "s3",
    "sns",
    "wafv2",
}
"""Schemas also name actions of services that a resource could be combined with, but is not here."""

NOT_USED = re.compile(
    r"iam:.*(User|Group)Policy|s3:(DeleteObject|GetObject.*)|.*(VerifiedAccess|Ipam).*"
)
"""Nor are these features; and no stack has to read or delete the objects in a bucket."""


def kinds() -> set[str]:
    """Of what the execution role deploys: all stacks but the one that an administrator does."""
    return {
        resource.type
        for name in ALL
        for stack in stacks_of(name)
        if stack != "permissions"
        for resource in template(name, stack).resources
    }


def needed() -> list[str]:
    actions = {"ssm:GetParameters"}  # of the rule that looks at the bootstrap's version
    for kind in kinds():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        actions.update(BESIDES.get(kind, ()))
        for handler in schema.get("handlers", {}).values():
            for permission in handler["permissions"]:
                service, _, name = permission.partition(":")
                known = KNOWN.get(service, {}).get("Actions", {})
                if service in USED and name.lower() in known and not NOT_USED.fullmatch(permission):
                    actions.add(f"{service}:{name[0].upper()}{name[1:]}")
    return sorted(actions)


if __name__ == "__main__":
    FILE.write_text(json.dumps(needed(), indent=2) + "\n", encoding="utf-8")

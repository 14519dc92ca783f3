"""The permissions of CloudFormation for one environment, and the boundary of the roles that it creates."""

import json
from pathlib import Path

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from settings.schema import Environment

ACTIONS: list[str] = json.loads(
    (Path(__file__).parent.parent / "deploy_actions.json").read_text(encoding="utf-8")
)
"""All actions that creating, changing and deleting the stacks' resources needs, by the schemas that AWS
publishes for them. `make infra-actions` writes the list, and a test compares it with the templates."""

POLICY_SIZE = 5500
"""Characters. IAM allows 6,144 in one managed policy; the difference is for parts that are not counted."""

GIVES_PERMISSIONS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
"""Only for roles that have the boundary. No action may remove the boundary."""

BOUNDARY = {
    "Images": ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    "LogIn": ("ecr:GetAuthorizationToken",),
    "Log": ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:DescribeLogGroups", "logs:PutLogEvents"),
    "Traffic": ("elasticloadbalancing:Describe*", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule", "elasticloadbalancing:RegisterTargets"),
    "Hook": ("lambda:InvokeFunction",),
    "Interfaces": ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
}  # fmt: skip
"""The union of the needs of the task, its agent, the flow log, ECS and the deployment test."""

SPECIAL = (
    "iam:CreateServiceLinkedRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:ListRoles",
    "iam:PassRole",
)

PASSED_TO = [
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "lambda.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
]


class DeployPolicies(Construct):
    """Managed policies for the bootstrap's execution role, and the boundary."""

    def __init__(self, scope: Construct, id: str, settings: Environment) -> None:
        super().__init__(scope, id)
        prefix = settings.prefix
        iam.ManagedPolicy(
            self,
            "Boundary",
            managed_policy_name=f"{prefix}-boundary",
            description=f"The most that roles of {prefix} may do",
            statements=[
                iam.PolicyStatement(sid=sid, actions=list(actions), resources=["*"])
                for sid, actions in BOUNDARY.items()
            ],
        )
        self.arns = []
        for number, statements in enumerate(_packed(_statements(settings)), 1):
            name = f"{prefix}-deploy-{number}"
            self.arns.append(f"arn:{Aws.PARTITION}:iam::{settings.account}:policy/{name}")
            iam.ManagedPolicy(
                self,
                f"Deploy{number}",
                managed_policy_name=name,
                description=f"What CloudFormation needs for the stacks of {prefix}",
                statements=statements,
            )


def _statements(settings: Environment) -> list[iam.PolicyStatement]:
    """One statement for each service, for the resources of this environment if their names are known in
    advance."""
    account, prefix = settings.account, settings.prefix

    def arn(service: str, *resources: str, region: str = "*") -> list[str]:
        return [f"arn:{Aws.PARTITION}:{service}:{region}:{account}:{each}" for each in resources]

    roles = arn("iam", f"role/{prefix}/*", region="")
    scopes = {
        "budgets": arn("budgets", f"budget/{prefix}", region=""),
        # The second kind is made by scaling, on behalf of the role that makes the scaling policy.
        "cloudwatch": arn(
            "cloudwatch", f"alarm:{prefix}-*", f"alarm:TargetTracking-service/{prefix}/{prefix}-*"
        )
        + arn("cloudwatch", f"dashboard/{prefix}", region=""),
        "ecr": arn("ecr", f"repository/{settings.registry.repository}"),
        "lambda": arn("lambda", f"function:{prefix}-*"),
        "route53": [
            f"arn:{Aws.PARTITION}:route53:::{each}"
            for each in (f"hostedzone/{settings.domain.zone_id or 'none'}", "change/*")
        ],
        "s3": [f"arn:{Aws.PARTITION}:s3:::{prefix}-*"],
        "sns": arn("sns", f"{prefix}-*"),
        "ssm": arn("ssm", f"parameter/cdk-bootstrap/{settings.delivery.qualifier}/version"),
    }
    joined = _joined(settings)
    services: dict[str, list[str]] = {}
    for action in ACTIONS:
        services.setdefault(action.partition(":")[0], []).append(action)
    of_roles = set(services.pop("iam"))
    others = of_roles - {*GIVES_PERMISSIONS, *SPECIAL}
    statements = [
        iam.PolicyStatement(
            sid="NotOfAnotherEnvironment",
            effect=iam.Effect.DENY,
            actions=["*"],
            **({"not_resources": joined} if joined else {"resources": ["*"]}),
            conditions={
                "StringNotEquals": {"aws:ResourceTag/environment": settings.name},
                "Null": {"aws:ResourceTag/environment": "false"},
            },
        ),
        iam.PolicyStatement(
            sid="RolesWithinTheBoundary",
            actions=sorted(of_roles & set(GIVES_PERMISSIONS)),
            resources=roles,
            conditions={
                "StringEquals": {
                    "iam:PermissionsBoundary": (
                        f"arn:{Aws.PARTITION}:iam::{account}:policy/{prefix}-boundary"
                    )
                }
            },
        ),
        iam.PolicyStatement(
            sid="Roles",
            actions=sorted(others),
            resources=roles,
        ),
        iam.PolicyStatement(
            sid="RolesForServices",
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": PASSED_TO}},
        ),
        iam.PolicyStatement(
            sid="RolesOfServices",
            actions=["iam:CreateServiceLinkedRole"],
            resources=arn("iam", "role/aws-service-role/*", region=""),
        ),
    ]
    for service, actions in services.items():
        # What only lists or describes takes no resource, or is needed before there is one.
        verbs = [f"{service}:{verb}" for verb in ("Describe", "List")]
        changing = [each for each in actions if not each.startswith(tuple(verbs))]
        looking = [f"{verb}*" for verb in verbs if any(each.startswith(verb) for each in actions)]
        for chosen, resources in ((changing, scopes.get(service, ["*"])), (looking, ["*"])):
            if chosen:
                statements.append(iam.PolicyStatement(actions=chosen, resources=resources))
    return statements


def _joined(settings: Environment) -> list[str]:
    """Resources of others, such as another environment, that this one uses."""
    balancer, network = settings.balancer, settings.network
    arns = []
    if balancer.kind == "shared":
        arns += [
            balancer.listener_arn,
            balancer.listener_arn.replace(":listener/", ":listener-rule/") + "/*",
        ]
    if network.kind == "existing":
        ids = [network.vpc_id, *network.balancer_subnet_ids, *network.task_subnet_ids]
        arns += [
            f"arn:{Aws.PARTITION}:ec2:{settings.region}:{settings.account}:{each.partition('-')[0]}/{each}"
            for each in ids
        ]
    return arns


def _packed(statements: list[iam.PolicyStatement]) -> list[list[iam.PolicyStatement]]:
    """The statements in order, in as few policies as the size limit allows."""
    policies: list[list[iam.PolicyStatement]] = []
    size = POLICY_SIZE
    for statement in statements:
        length = len(json.dumps(statement.to_json(), separators=(",", ":")))
        if size + length > POLICY_SIZE:
            policies.append([])
            size = 0
        policies[-1].append(statement)
        size += length
    return policies

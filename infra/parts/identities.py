"""The roles that deploy and plan, for people and for workflows. There are no stored keys."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from parts.deployment_test import name_of
from settings.schema import Delivery, Environment

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

DELIVERING = ("deliver.yml",)
PLANNING = ("deliver.yml", "weekly.yml")
"""The workflows on the main branch that may assume the delivery role and the plan role."""

PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:ListImages",
)
PUSH = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

UNTAG = ("ecr:BatchDeleteImage",)
"""The last step of a promotion removes the `-rc` tag by this action. Otherwise the life-cycle rule for
candidates would delete promoted images."""

LOOK_AT_STACKS = (
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
)
PREPARE = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
)
DEPLOY = (
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:RollbackStack",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateTerminationProtection",
)


class Identities(Construct):
    """The CDK assumes `deploy` for a person. The workflow has `delivery`, which also pushes images, and `plan`,
    which shows what runs and creates change sets but executes none."""

    def __init__(self, scope: Construct, id: str, settings: Environment) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self._iam = f"arn:{Aws.PARTITION}:iam::{settings.account}"
        provider = _provider_arn(self, settings.delivery)
        repository = settings.delivery.github_repository
        environment = settings.delivery.github_environment
        subject = f"repo:{repository}:environment:{environment}"

        self.deploy = self._role("deploy", iam.AccountRootPrincipal(), "Deploys the stacks")
        self._on_stacks(self.deploy, [*LOOK_AT_STACKS, *PREPARE, *DEPLOY])

        self.delivery = self._role(
            "delivery",
            self._workflows(provider, subject, DELIVERING),
            f"Pushes and deploys for the environment {environment} of {repository}",
        )
        self._on_stacks(self.delivery, [*LOOK_AT_STACKS, *PREPARE, *DEPLOY])
        # An environment that uses another one's repository gets images that are there already.
        writes = [*PUSH, *UNTAG] if settings.registry.create else []
        self._on_images(self.delivery, [*PULL, *writes])

        if settings.internal_only:
            function = self._arn("lambda", f"function:{name_of(settings)}")
            _allow(self.delivery, "SmokeTest", ["lambda:InvokeFunction"], [function])

        self.plan = self._role(
            "plan",
            self._workflows(provider, f"{subject}-plan", PLANNING),
            "Shows what runs, and what a deployment would change",
        )
        self._on_stacks(self.plan, [*LOOK_AT_STACKS, *PREPARE])
        self._on_images(self.plan, list(PULL))
        for role in (self.delivery, self.plan):
            _allow(
                role,
                "WhatRuns",
                ["ecs:DescribeClusters", "ecs:DescribeServices"],
                [
                    self._arn("ecs", f"cluster/{settings.prefix}"),
                    self._arn("ecs", f"service/{settings.prefix}/{settings.prefix}"),
                ],
            )
            # Neither of them takes a resource.
            _allow(
                role, "Lists", ["cloudformation:ListStacks", "ecs:DescribeTaskDefinition"], ["*"]
            )

    def _role(self, name: str, trusted: iam.IPrincipal, description: str) -> iam.Role:
        return iam.Role(
            self,
            name.capitalize(),
            role_name=f"{self._settings.prefix}-{name}",
            description=description,
            assumed_by=trusted,
            max_session_duration=Duration.hours(1),
        )

    def _workflows(self, provider: str, subject: str, files: tuple[str, ...]) -> iam.IPrincipal:
        """Only runs of these workflows in the version of the main branch."""
        folder = f"{self._settings.delivery.repository_name}/.github/workflows"
        return iam.WebIdentityPrincipal(
            provider,
            {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:sub": subject,
                    f"{ISSUER}:job_workflow_ref": [
                        f"{folder}/{file}@refs/heads/main" for file in files
                    ],
                }
            },
        )

    def _bootstrap_roles(self, *names: str) -> list[str]:
        """The roles of this environment's bootstrap, in each region that it uses."""
        qualifier, account = self._settings.delivery.qualifier, self._settings.account
        return [f"{self._iam}:role/cdk-{qualifier}-{name}-role-{account}-*" for name in names]

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{Aws.PARTITION}:{service}:*:{self._settings.account}:{resource}"

    def _on_stacks(self, role: iam.Role, actions: list[str]) -> None:
        """All stacks of the environment except `permissions`."""
        prefix, qualifier = self._settings.prefix, self._settings.delivery.qualifier
        _allow(role, "Stacks", actions, [self._arn("cloudformation", f"stack/{prefix}-*")])
        role.add_to_policy(
            iam.PolicyStatement(
                sid="NotPermissions",
                effect=iam.Effect.DENY,
                actions=["cloudformation:*"],
                resources=[self._arn("cloudformation", f"stack/{prefix}-permissions/*")],
            )
        )
        _allow(
            role,
            "ThroughTheExecutionRole",
            ["iam:PassRole"],
            self._bootstrap_roles("cfn-exec"),
        )
        _allow(
            role,
            "BootstrapVersion",
            ["ssm:GetParameter", "ssm:GetParameters"],
            [self._arn("ssm", f"parameter/cdk-bootstrap/{qualifier}/version")],
        )
        assets = f"arn:{Aws.PARTITION}:s3:::cdk-{qualifier}-assets-{self._settings.account}-*"
        _allow(
            role,
            "Templates",
            ["s3:GetObject", "s3:GetBucketLocation", "s3:ListBucket"],
            [assets, f"{assets}/*"],
        )

    def _on_images(self, role: iam.Role, actions: list[str]) -> None:
        repository = self._settings.registry.repository
        _allow(role, "Images", actions, [self._arn("ecr", f"repository/{repository}")])
        _allow(
            role, "LogInToTheRegistry", ["ecr:GetAuthorizationToken"], ["*"]
        )  # it takes no other


def _allow(role: iam.Role, sid: str, actions: list[str], resources: list[str]) -> None:
    role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))


def _provider_arn(scope: Construct, delivery: Delivery) -> str:
    if delivery.oidc_provider_arn:
        return delivery.oidc_provider_arn
    provider = iam.OidcProviderNative(
        scope, "Provider", url=f"https://{ISSUER}", client_ids=[AUDIENCE]
    )
    return provider.oidc_provider_arn

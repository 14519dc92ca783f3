"""The role that a workflow takes on to push an image and to deploy it: no stored keys."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from settings.schema import Delivery

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

UNTAG = ("ecr:BatchDeleteImage",)
"""Promotion's last step takes the `-rc` tag off, and taking a tag off has this name. Without it, the
life-cycle rule for candidates would reach promoted images."""


class DeliveryRole(iam.Role):
    """Trusted for one repository and one of its environments, which is where approval is asked for."""

    def __init__(
        self, scope: Construct, id: str, role_name: str, delivery: Delivery, images: ecr.IRepository
    ) -> None:
        subject = f"repo:{delivery.github_repository}:environment:{delivery.github_environment}"
        super().__init__(
            scope,
            id,
            role_name=role_name,
            description=f"Pushes and deploys for {subject}",
            max_session_duration=Duration.hours(1),
            assumed_by=iam.WebIdentityPrincipal(
                _provider_arn(scope, delivery),
                {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}},
            ),
        )
        self.add_to_policy(
            iam.PolicyStatement(
                sid="DeployThroughTheBootstrapRoles",
                actions=["sts:AssumeRole"],
                resources=[f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-*"],
            )
        )
        self.add_to_policy(
            iam.PolicyStatement(
                sid="PushAndPromote",
                actions=[*PUSH, *UNTAG],
                resources=[images.repository_arn],
            )
        )
        self.add_to_policy(
            iam.PolicyStatement(
                sid="LogInToTheRegistry",
                actions=["ecr:GetAuthorizationToken"],
                resources=["*"],  # it takes no other
            )
        )


def _provider_arn(scope: Construct, delivery: Delivery) -> str:
    if delivery.oidc_provider_arn:
        return delivery.oidc_provider_arn
    provider = iam.OidcProviderNative(
        scope, "Provider", url=f"https://{ISSUER}", client_ids=[AUDIENCE]
    )
    return provider.oidc_provider_arn

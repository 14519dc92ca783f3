"""The common properties of all stacks of an environment."""

import jsii
from aws_cdk import (
    Aspects,
    Aws,
    DefaultStackSynthesizer,
    Environment,
    Fn,
    IAspect,
    IStackSynthesizer,
    Stack,
    Tags,
)
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from settings import schema


class EnvironmentStack(Stack):
    """Pinned to the environment's account, so that the CDK refuses credentials of another one."""

    def __init__(
        self,
        scope: Construct,
        part: str,
        settings: schema.Environment,
        *,
        region: str | None = None,
        synthesizer: IStackSynthesizer | None = None,
        termination_protection: bool = False,
    ) -> None:
        roles = f"arn:${{AWS::Partition}}:iam::{settings.account}:role"
        super().__init__(
            scope,
            f"{settings.prefix}-{part}",
            env=Environment(account=settings.account, region=region or settings.region),
            synthesizer=synthesizer
            or DefaultStackSynthesizer(
                qualifier=settings.delivery.qualifier,
                # Ours, because the bootstrap's may deploy and delete every stack of the account.
                deploy_role_arn=f"{roles}/{settings.prefix}-deploy",
            ),
            termination_protection=termination_protection,
        )
        Tags.of(self).add("application", settings.application)
        Tags.of(self).add("environment", settings.name)
        if synthesizer is None:
            Aspects.of(self).add(LimitedRoles(settings))

    @property
    def availability_zones(self) -> list[str]:
        """The first two zones of the region at deployment. Their names would need a look-up."""
        return [Fn.select(number, Fn.get_azs()) for number in range(2)]


@jsii.implements(IAspect)
class LimitedRoles:
    """Roles of the stacks are under a path of their own and have a permissions boundary, so deploying a stack
    cannot grant a permission that the permissions stack does not allow."""

    def __init__(self, settings: schema.Environment) -> None:
        self._path = f"/{settings.prefix}/"
        self._boundary = (
            f"arn:{Aws.PARTITION}:iam::{settings.account}:policy/{settings.prefix}-boundary"
        )

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, iam.CfnRole):
            node.path = self._path
            node.permissions_boundary = self._boundary

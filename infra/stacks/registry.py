"""First, once per account: where images go and who may bring them. It needs no image yet."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from parts.delivery_role import DeliveryRole
from parts.repository import repository_of
from settings.schema import Environment


class RegistryStack(Stack):
    """The repository and the delivery role."""

    def __init__(self, scope: Construct, id: str, settings: Environment, **kwargs: Any) -> None:
        super().__init__(scope, id, **kwargs)
        images = repository_of(self, settings.registry)
        role = DeliveryRole(
            self,
            "DeliveryRole",
            role_name=f"{settings.prefix}-delivery",
            delivery=settings.delivery,
            images=images,
        )
        CfnOutput(self, "RepositoryUri", value=images.repository_uri)
        CfnOutput(self, "DeliveryRoleArn", value=role.role_arn)

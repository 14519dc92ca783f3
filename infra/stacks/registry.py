"""The registry of images, once per account. It can be deployed before there is an image."""

from aws_cdk import CfnOutput
from constructs import Construct

from parts.repository import ImageRepository
from settings.schema import Environment
from stacks.base import EnvironmentStack


class RegistryStack(EnvironmentStack):
    """The repository."""

    def __init__(self, scope: Construct, settings: Environment) -> None:
        super().__init__(scope, "registry", settings)
        images = ImageRepository(self, "Repository", settings.registry)
        CfnOutput(self, "RepositoryUri", value=images.repository_uri)

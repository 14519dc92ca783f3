"""Puts an environment's stacks into an app."""

import re
from dataclasses import dataclass

from aws_cdk import App, Stack, Tags
from aws_cdk import Environment as Place

from settings.schema import Environment
from stacks.network import NetworkStack
from stacks.registry import RegistryStack
from stacks.service import ServiceStack

IMAGE = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")


class ImageError(ValueError):
    """The image is named by something that can come to mean another one."""


@dataclass(frozen=True)
class Stacks:
    """One environment's."""

    registry: RegistryStack
    network: NetworkStack
    service: ServiceStack


def new_app(outdir: str | None = None) -> App:
    """Sends nothing home about what is in it, and puts nothing about it into the templates."""
    return App(
        outdir=outdir,
        analytics_reporting=False,
        # CloudFormation refuses to take away from the network what the service still uses.
        context={"@aws-cdk/core:defaultCrossStackReferences": "strong"},
    )


def add_environment(app: App, settings: Environment, image: str) -> Stacks:
    """`image` is a digest, or the tag of a commit, which is immutable too; never `latest`."""
    if not IMAGE.fullmatch(image):
        raise ImageError(f"image {image!r}: neither sha256:<64 hex digits> nor a commit's 40")
    # The region alone: the account comes with the credentials, so that none stands in a file.
    place = Place(region=settings.region)

    def called(part: str) -> str:
        return f"{settings.prefix}-{part}"

    registry = RegistryStack(app, called("registry"), settings, env=place)
    network = NetworkStack(app, called("network"), settings, env=place)
    service = ServiceStack(
        app,
        called("service"),
        settings,
        network=network,
        image=image,
        env=place,
        termination_protection=settings.balancer.kind == "own"
        and settings.balancer.deletion_protection,
    )
    for stack in (registry, network, service):
        _tag(stack, settings)
    return Stacks(registry, network, service)


def _tag(stack: Stack, settings: Environment) -> None:
    Tags.of(stack).add("application", settings.application)
    Tags.of(stack).add("environment", settings.name)

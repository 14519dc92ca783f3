"""Puts an environment's stacks into an app."""

import re

from aws_cdk import App

from settings.schema import Environment
from stacks.balancer import BalancerStack
from stacks.edge import CertificateStack, EdgeStack
from stacks.network import NetworkStack
from stacks.permissions import PermissionsStack
from stacks.registry import RegistryStack
from stacks.service import ServiceStack

IMAGE = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")


class ImageError(ValueError):
    """The image is named by a tag that may be moved to another image."""


def new_app(outdir: str | None = None) -> App:
    """The app sends no usage data to AWS and adds none to the templates."""
    return App(
        outdir=outdir,
        analytics_reporting=False,
        # CloudFormation refuses to take away from one stack what another one still uses.
        context={"@aws-cdk/core:defaultCrossStackReferences": "strong"},
    )


def add_environment(app: App, settings: Environment, image: str) -> None:
    """`image` is a digest, or the tag of a commit, which is immutable too; never `latest`."""
    if not IMAGE.fullmatch(image):
        raise ImageError(f"image {image!r}: neither sha256:<64 hex digits> nor a commit's 40")
    PermissionsStack(app, settings)
    if settings.registry.create:
        RegistryStack(app, settings)
    network = NetworkStack(app, settings)
    central = (
        BalancerStack(app, settings, settings.balancer, network)
        if settings.balancer.kind == "central"
        else None
    )
    ServiceStack(app, settings, network=network, central=central, image=image)
    if settings.edge.enabled:
        own = None if settings.edge.certificate_arn else CertificateStack(app, settings)
        # CloudFront needs the balancer's ARN, which the deployed service stack tells.
        if settings.origin[0]:
            EdgeStack(app, settings, own)

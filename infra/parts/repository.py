"""Where the images are kept, and which of them are thrown away when."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from settings.schema import Registry


class ImageRepository(ecr.Repository):
    """A commit's tag means one image for ever; `latest` alone moves.

    Promotion takes the `-rc` tag off an image, so that what may be deployed has only tags that no rule
    matches. A rule looks at all tags of an image and one is enough: a rule on any other pattern, or
    on a number of images, could reach an image that runs or that one must be able to go back to. A rule on
    images without a tag could reach the signed statements about such an image, which have none. ECR deletes
    these with the image that they are about.
    """

    def __init__(self, scope: Construct, id: str, registry: Registry) -> None:
        super().__init__(
            scope,
            id,
            repository_name=registry.repository,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE_WITH_EXCLUSION,
            image_tag_mutability_exclusion_filters=[
                ecr.ImageTagMutabilityExclusionFilter.wildcard("latest")
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        self.add_lifecycle_rule(
            description="Candidates that were never promoted",
            rule_priority=1,
            tag_pattern_list=["*-rc"],
            max_image_age=Duration.days(registry.candidate_days),
        )

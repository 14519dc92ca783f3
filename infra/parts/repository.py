"""The registry of the images, and its rules that delete some of them."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from settings.schema import Registry


class ImageRepository(ecr.Repository):
    """The tag of a commit never moves; only `latest` does. Promotion removes the `-rc` tag, so that no rule
    matches an image that may be deployed. A rule applies if any tag of an image matches, so a rule on another
    pattern, or on the number of images, could delete an image that runs or that a rollback needs. A rule on
    images without a tag could delete attestations, which have none. ECR deletes these together with their
    image."""

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

"""A bucket for access logs, of a load balancer or of CloudFront."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct


class AccessLogs(s3.Bucket):
    """The bucket is encrypted by S3's own key, because a balancer supports no other. CloudFormation never
    deletes the bucket. It could not delete one with objects, and a balancer writes an object as soon as logging
    is on, so a first deployment that fails would otherwise end in ROLLBACK_FAILED. CloudFormation chooses the
    name, so the next attempt creates another bucket; the old one has to be deleted by hand."""

    def __init__(self, scope: Construct, id: str, days: int) -> None:
        super().__init__(
            scope,
            id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

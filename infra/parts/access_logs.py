"""A bucket for access logs, of a load balancer or of CloudFront."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct


class AccessLogs(s3.Bucket):
    """Encrypted by S3's own key, which is the only kind a balancer can write with.

    CloudFormation keeps the bucket whatever becomes of the stack. It cannot delete a bucket that has an
    object, and a balancer writes one as soon as logging is on: a first deployment that fails would
    otherwise end in ROLLBACK_FAILED. CloudFormation chooses the name, so the next attempt makes another
    bucket, and the old one is to be deleted by hand.
    """

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

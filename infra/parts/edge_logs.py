"""CloudFront's access logs in a bucket, by the log delivery that needs no access control lists."""

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from parts.access_logs import AccessLogs
from settings.schema import Environment


class EdgeLogs(Construct):
    """Compressed W3C text, one object a few minutes."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        distribution: cloudfront.Distribution,
    ) -> None:
        super().__init__(scope, id)
        name = f"{settings.prefix}-edge"
        bucket = AccessLogs(self, "Bucket", settings.edge.log_days)
        policy = bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogDelivery",
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects("*")],
                conditions={"StringEquals": {"aws:SourceAccount": settings.account}},
            )
        )
        source = logs.CfnDeliverySource(
            self,
            "Source",
            name=name,
            log_type="ACCESS_LOGS",
            resource_arn=distribution.distribution_arn,
        )
        destination = logs.CfnDeliveryDestination(
            self,
            "Destination",
            name=name,
            destination_resource_arn=bucket.bucket_arn,
            output_format="w3c",
        )
        destination.node.add_dependency(policy.policy_dependable)
        delivery = logs.CfnDelivery(
            self,
            "Delivery",
            delivery_source_name=name,
            delivery_destination_arn=destination.attr_arn,
        )
        delivery.node.add_dependency(source)

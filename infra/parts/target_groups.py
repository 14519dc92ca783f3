"""The target groups: how the balancer checks, chooses and drains the tasks."""

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from settings.image import HEALTH_PATH, PORT
from settings.schema import Environment


def target_groups(
    scope: Construct, settings: Environment, vpc: ec2.IVpc
) -> list[elb.ApplicationTargetGroup]:
    """One group, or two for canary deployments, in which old and new tasks are in different groups. The
    balancer sends a request to the task with the fewest outstanding requests. Round robin would be uneven,
    because one request may cost a million times as much as another."""
    names = (
        ["Targets"] if settings.deployment.strategy == "rolling" else ["Targets", "OtherTargets"]
    )
    return [
        elb.ApplicationTargetGroup(
            scope,
            name,
            vpc=vpc,
            target_type=elb.TargetType.IP,
            protocol=elb.ApplicationProtocol.HTTP,
            port=PORT,
            load_balancing_algorithm_type=(
                elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS
            ),
            deregistration_delay=Duration.seconds(settings.times.deregistration_delay),
            health_check=elb.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        for name in names
    ]

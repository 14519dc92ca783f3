"""The tasks as the balancer sees them: how it checks, chooses and leaves them."""

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from settings.image import HEALTH_PATH, PORT


class TargetGroup(elb.ApplicationTargetGroup):
    """The next request goes to the task with the fewest unanswered ones: taking turns would be unfair
    where one request costs a million times another."""

    def __init__(
        self, scope: Construct, id: str, *, vpc: ec2.IVpc, deregistration_delay: int
    ) -> None:
        super().__init__(
            scope,
            id,
            vpc=vpc,
            target_type=elb.TargetType.IP,
            protocol=elb.ApplicationProtocol.HTTP,
            port=PORT,
            load_balancing_algorithm_type=(
                elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS
            ),
            deregistration_delay=Duration.seconds(deregistration_delay),
            health_check=elb.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )

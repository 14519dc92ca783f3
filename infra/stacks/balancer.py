"""A central load balancer, which several applications share."""

from aws_cdk import CfnOutput
from constructs import Construct

from parts.balancer import LoadBalancer
from settings.schema import Environment, MadeBalancer
from stacks.base import EnvironmentStack
from stacks.network import NetworkStack


class BalancerStack(EnvironmentStack):
    """Its outputs, and the network stack's, are what other applications write into their `[balancer]` with
    `kind = "shared"`."""

    def __init__(
        self,
        scope: Construct,
        settings: Environment,
        balancer: MadeBalancer,
        network: NetworkStack,
    ) -> None:
        super().__init__(
            scope, "balancer", settings, termination_protection=balancer.deletion_protection
        )
        self.balancer = LoadBalancer(
            self,
            "Balancer",
            environment=settings,
            settings=balancer,
            vpc=network.vpc,
            subnets=network.balancer_subnets,
            security_group=network.groups.balancer,
        )
        alb = self.balancer.alb
        outputs = {
            "ListenerArn": self.balancer.listener.listener_arn,
            "FullName": alb.load_balancer_full_name,
            "DnsName": alb.load_balancer_dns_name,
            "ZoneId": alb.load_balancer_canonical_hosted_zone_id,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

"""The network, which changes seldom and outlives the service in it."""

from aws_cdk import CfnOutput
from constructs import Construct

from parts.endpoints import Endpoints
from parts.security_groups import SecurityGroups
from parts.vpc import ExistingVpc, NewVpc
from settings.schema import Environment
from stacks.base import EnvironmentStack


class NetworkStack(EnvironmentStack):
    """The VPC, new or existing, and the security groups."""

    def __init__(self, scope: Construct, settings: Environment) -> None:
        super().__init__(scope, "network", settings)
        network = settings.network
        chosen = (
            NewVpc(
                self,
                "Network",
                network,
                internal_balancer=settings.balancer.scheme == "internal",
            )
            if network.kind == "new"
            else ExistingVpc(self, "Network", network)
        )
        self.vpc = chosen.vpc
        self.balancer_subnets = chosen.balancer_subnets
        self.task_subnets = chosen.task_subnets
        self.groups = SecurityGroups(self, "SecurityGroups", self.vpc, settings)
        if settings.balancer.kind == "central":
            group = self.groups.balancer.security_group_id
            CfnOutput(self, "BalancerSecurityGroupId", value=group)
        if network.kind == "new" and network.egress == "endpoints":
            Endpoints(
                self,
                "Endpoints",
                vpc=self.vpc,
                subnets=self.task_subnets,
                tasks=self.groups.task,
            )

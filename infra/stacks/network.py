"""Second: the network, which changes seldom and outlives the service in it."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from parts.endpoints import Endpoints
from parts.security_groups import SecurityGroups
from parts.vpc import ExistingVpc, NewVpc
from settings.schema import Environment


class NetworkStack(Stack):
    """The VPC, new or existing, and the security groups."""

    def __init__(self, scope: Construct, id: str, settings: Environment, **kwargs: Any) -> None:
        super().__init__(scope, id, **kwargs)
        network = settings.network
        chosen = (
            NewVpc(self, "Network", network)
            if network.kind == "new"
            else ExistingVpc(self, "Network", network)
        )
        self.vpc = chosen.vpc
        self.balancer_subnets = chosen.balancer_subnets
        self.task_subnets = chosen.task_subnets
        self.groups = SecurityGroups(self, "SecurityGroups", self.vpc, settings.balancer)
        if network.kind == "new" and network.egress == "endpoints":
            Endpoints(
                self,
                "Endpoints",
                vpc=self.vpc,
                subnets=self.task_subnets,
                tasks=self.groups.task,
            )

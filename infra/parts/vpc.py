"""The VPC: two zones, and one of three ways out; or one that exists already."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from parts.retention import RETENTION
from settings.schema import ExistingNetwork, NewNetwork

PUBLIC = "Public"
PRIVATE = "Private"
ZONES = 2

PRIVATE_TYPES = {
    "nat": ec2.SubnetType.PRIVATE_WITH_EGRESS,
    "endpoints": ec2.SubnetType.PRIVATE_ISOLATED,
    "public": ec2.SubnetType.PRIVATE_ISOLATED,
}


class NewVpc(Construct):
    """Public subnets for everything with public addresses, private subnets for the rest."""

    def __init__(
        self, scope: Construct, id: str, network: NewNetwork, *, internal_balancer: bool
    ) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            ip_protocol=ec2.IpProtocol.DUAL_STACK,
            max_azs=ZONES,
            nat_gateways=network.nat_gateways if network.egress == "nat" else 0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name=PUBLIC,
                    subnet_type=ec2.SubnetType.PUBLIC,
                    # The balancer gets its addresses by itself, a task only if its service asks for one.
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(name=PRIVATE, subnet_type=PRIVATE_TYPES[network.egress]),
            ],
            # Emptying the default security group needs a custom resource; nothing is in that group.
            restrict_default_security_group=False,
        )
        self.balancer_subnets = ec2.SubnetSelection(
            subnet_group_name=PRIVATE if internal_balancer else PUBLIC
        )
        self.task_subnets = ec2.SubnetSelection(
            subnet_group_name=PUBLIC if network.tasks_are_public else PRIVATE
        )
        self.vpc.add_flow_log(
            "Refused",
            traffic_type=ec2.FlowLogTrafficType.REJECT,
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                logs.LogGroup(
                    self,
                    "FlowLog",
                    retention=RETENTION[network.flow_log_days],
                    removal_policy=RemovalPolicy.DESTROY,
                )
            ),
        )


class ExistingVpc(Construct):
    """It is given by its ids, because a look-up would need credentials."""

    def __init__(self, scope: Construct, id: str, network: ExistingNetwork) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc.from_vpc_attributes(
            self, "Vpc", vpc_id=network.vpc_id, availability_zones=network.zones
        )
        self.balancer_subnets = self._subnets(
            "Balancer", network.zones, network.balancer_subnet_ids
        )
        self.task_subnets = self._subnets("Task", network.zones, network.task_subnet_ids)

    def _subnets(self, name: str, zones: list[str], ids: list[str]) -> ec2.SubnetSelection:
        return ec2.SubnetSelection(
            subnets=[
                ec2.Subnet.from_subnet_attributes(
                    self, f"{name}{number}", subnet_id=subnet_id, availability_zone=zone
                )
                for number, (zone, subnet_id) in enumerate(zip(zones, ids, strict=True), 1)
            ]
        )

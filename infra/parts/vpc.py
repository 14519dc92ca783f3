"""The VPC: two zones, and one of three ways out; or one that exists already."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from parts.retention import RETENTION
from settings.schema import ExistingNetwork, NewNetwork

BALANCER = "Balancer"
TASK = "Task"
ZONES = 2


class NewVpc(Construct):
    """Balancer in public subnets; tasks in private ones, or beside it if they have public addresses."""

    def __init__(self, scope: Construct, id: str, network: NewNetwork) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            ip_protocol=ec2.IpProtocol.DUAL_STACK,
            max_azs=ZONES,
            nat_gateways=network.nat_gateways if network.egress == "nat" else 0,
            subnet_configuration=_subnet_groups(network.egress),
            # Emptying the default security group needs a custom resource; nothing is in that group.
            restrict_default_security_group=False,
        )
        self.balancer_subnets = ec2.SubnetSelection(subnet_group_name=BALANCER)
        self.task_subnets = ec2.SubnetSelection(
            subnet_group_name=BALANCER if network.tasks_are_public else TASK
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


def _subnet_groups(egress: str) -> list[ec2.SubnetConfiguration]:
    public = ec2.SubnetConfiguration(
        name=BALANCER,
        subnet_type=ec2.SubnetType.PUBLIC,
        # The balancer gets its public addresses by itself, a task only if its service asks for one.
        map_public_ip_on_launch=False,
    )
    private_types = {
        "nat": ec2.SubnetType.PRIVATE_WITH_EGRESS,
        "endpoints": ec2.SubnetType.PRIVATE_ISOLATED,
    }
    if egress == "public":
        return [public]
    return [public, ec2.SubnetConfiguration(name=TASK, subnet_type=private_types[egress])]


class ExistingVpc(Construct):
    """Given by its ids, for a look-up would need credentials to synthesize."""

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

"""Who may connect to whom: clients to the balancer, the balancer to the tasks, the tasks out by HTTPS."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from settings.image import PORT
from settings.schema import Environment, MadeBalancer

EVERYWHERE = {"IPv4": ec2.Peer.any_ipv4(), "IPv6": ec2.Peer.any_ipv6()}


class SecurityGroups(Construct):
    """All groups and the rules between them are in one stack, so that no two stacks depend on each other."""

    def __init__(self, scope: Construct, id: str, vpc: ec2.IVpc, settings: Environment) -> None:
        super().__init__(scope, id)
        balancer = settings.balancer
        self.balancer = (
            ec2.SecurityGroup.from_security_group_id(
                self,
                "Balancer",
                balancer.security_group_id,
                mutable=False,  # it belongs to others
            )
            if balancer.kind == "shared"
            else self._of_balancer(vpc, balancer)
        )
        self.task = ec2.SecurityGroup(
            self,
            "Task",
            vpc=vpc,
            description="Tasks: reached by the balancer only",
            allow_all_outbound=False,
            allow_all_ipv6_outbound=False,
        )
        self.task.connections.allow_from(self.balancer, ec2.Port.tcp(PORT), "Balancer to tasks")
        for name, anyone in EVERYWHERE.items():
            self.task.add_egress_rule(anyone, ec2.Port.HTTPS, f"Registry and logs by {name}")
        self.test: ec2.SecurityGroup | None = None
        if settings.deployment_test and balancer.scheme == "internal":
            self.test = ec2.SecurityGroup(
                self,
                "Test",
                vpc=vpc,
                description="Deployment test: reaches the balancer only",
                allow_all_outbound=False,
            )
            for port in (ec2.Port.HTTP, ec2.Port.HTTPS):
                self.test.connections.allow_to(self.balancer, port, "Test to balancer")

    def _of_balancer(self, vpc: ec2.IVpc, balancer: MadeBalancer) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Balancer",
            vpc=vpc,
            description="Balancer: reached by its clients, reaches the tasks only",
            allow_all_outbound=False,
        )
        for client in balancer.clients:
            peer = _peer(client)
            group.add_ingress_rule(peer, ec2.Port.HTTP, f"To be redirected, {client}")
            group.add_ingress_rule(peer, ec2.Port.HTTPS, f"HTTPS, {client}")
        if balancer.kind == "central":
            # Others register their tasks with it; their own security groups decide who may connect.
            group.add_egress_rule(
                ec2.Peer.ipv4(vpc.vpc_cidr_block), ec2.Port.all_tcp(), "Tasks of all applications"
            )
        return group


def _peer(client: str) -> ec2.IPeer:
    if client.startswith("pl-"):
        return ec2.Peer.prefix_list(client)
    return ec2.Peer.ipv6(client) if ":" in client else ec2.Peer.ipv4(client)

"""Who may talk to whom: the world to the balancer, the balancer to the tasks, the tasks out by HTTPS."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from settings.image import PORT
from settings.schema import OwnBalancer, SharedBalancer

EVERYWHERE = {"IPv4": ec2.Peer.any_ipv4(), "IPv6": ec2.Peer.any_ipv6()}


class SecurityGroups(Construct):
    """Both groups and the rules between them are made in one stack, so that no two stacks wait for
    each other."""

    def __init__(
        self, scope: Construct, id: str, vpc: ec2.IVpc, balancer: OwnBalancer | SharedBalancer
    ) -> None:
        super().__init__(scope, id)
        self.balancer = (
            self._own_balancer(vpc)
            if balancer.kind == "own"
            else ec2.SecurityGroup.from_security_group_id(
                self,
                "Balancer",
                balancer.security_group_id,
                mutable=False,  # it belongs to others
            )
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

    def _own_balancer(self, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Balancer",
            vpc=vpc,
            description="Balancer: reached by everyone, reaches the tasks only",
            allow_all_outbound=False,
        )
        for name, anyone in EVERYWHERE.items():
            group.add_ingress_rule(anyone, ec2.Port.HTTP, f"To be redirected, {name}")
            group.add_ingress_rule(anyone, ec2.Port.HTTPS, f"HTTPS, {name}")
        return group

"""A place on a central load balancer that several applications share, cheaper than one each."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from settings.schema import SharedBalancer


class SharedLoadBalancer(Construct):
    """A rule for our host name and our certificate, both on a listener that is not ours."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: SharedBalancer,
        host: str,
        security_group: ec2.ISecurityGroup,
        certificate: acm.ICertificate,
        targets: elb.IApplicationTargetGroup,
    ) -> None:
        super().__init__(scope, id)
        self.alb = elb.ApplicationLoadBalancer.from_application_load_balancer_attributes(
            self,
            "Balancer",
            load_balancer_arn=settings.arn,
            load_balancer_dns_name=settings.dns_name,
            load_balancer_canonical_hosted_zone_id=settings.zone_id,
            security_group_id=settings.security_group_id,
        )
        self.full_name = settings.full_name
        listener = elb.ApplicationListener.from_application_listener_attributes(
            self, "Https", listener_arn=settings.listener_arn, security_group=security_group
        )
        # The listener keeps its own certificate as the default; the client's server name picks ours.
        elb.ApplicationListenerCertificate(
            self, "Certificate", listener=listener, certificates=[certificate]
        )
        self.listener = elb.ApplicationListenerRule(
            self,
            "Rule",
            listener=listener,
            priority=settings.priority,
            conditions=[elb.ListenerCondition.host_headers([host])],
            action=elb.ListenerAction.forward([targets]),
        )

"""A load balancer of this service's own: 80 redirects, 443 forwards."""

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from parts.access_logs import AccessLogs
from settings.schema import OwnBalancer

HTTP = 80
HTTPS = 443


class OwnLoadBalancer(Construct):
    """Has the same three names as the shared one: `alb`, `full_name` and the `listener` to wait for."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: OwnBalancer,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
        certificate: acm.ICertificate,
        targets: elb.IApplicationTargetGroup,
    ) -> None:
        super().__init__(scope, id)
        self.alb = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            vpc_subnets=subnets,
            internet_facing=True,
            ip_address_type=(
                elb.IpAddressType.DUAL_STACK if settings.dual_stack else elb.IpAddressType.IPV4
            ),
            security_group=security_group,
            idle_timeout=Duration.seconds(settings.idle_timeout),
            drop_invalid_header_fields=True,
            deletion_protection=settings.deletion_protection,
        )
        self.full_name = self.alb.load_balancer_full_name
        self.alb.log_access_logs(AccessLogs(self, "AccessLogs", settings.access_log_days))
        self.alb.add_listener(
            "Http",
            port=HTTP,
            protocol=elb.ApplicationProtocol.HTTP,
            open=False,  # the security group says who may come
            default_action=elb.ListenerAction.redirect(
                protocol="HTTPS", port=str(HTTPS), permanent=True
            ),
        )
        self.listener = self.alb.add_listener(
            "Https",
            port=HTTPS,
            protocol=elb.ApplicationProtocol.HTTPS,
            open=False,
            ssl_policy=elb.SslPolicy[settings.tls_policy],
            certificates=[certificate],
            default_action=elb.ListenerAction.forward([targets]),
        )

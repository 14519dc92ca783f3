"""A load balancer: port 80 redirects to 443, and port 443 answers 404 unless a rule matches."""

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from parts.access_logs import AccessLogs
from parts.domain import certificate_of
from parts.firewall import Firewall
from settings.schema import Environment, MadeBalancer, SharedBalancer

HTTP = 80
HTTPS = 443


class LoadBalancer(Construct):
    """A load balancer of this environment, for one application or as a central one."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        settings: MadeBalancer,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id)
        domain = environment.domain
        certificates = [
            certificate_of(self, "Certificate", domain, domain.certificate_arn),
            *(
                acm.Certificate.from_certificate_arn(self, f"Certificate{number}", arn)
                for number, arn in enumerate(settings.certificate_arns, 2)
            ),
        ]
        self.alb = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            vpc_subnets=subnets,
            internet_facing=settings.scheme == "internet-facing",
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
            open=False,  # the security group says which clients may connect
            default_action=elb.ListenerAction.redirect(
                protocol="HTTPS", port=str(HTTPS), permanent=True
            ),
        )
        self.listener: elb.IApplicationListener = self.alb.add_listener(
            "Https",
            port=HTTPS,
            protocol=elb.ApplicationProtocol.HTTPS,
            open=False,
            ssl_policy=elb.SslPolicy[settings.tls_policy],
            certificates=certificates,
            default_action=elb.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="Not found"
            ),
        )
        if environment.firewall_on_balancer:
            firewall = Firewall(
                self,
                "Firewall",
                name=environment.prefix,
                scope="REGIONAL",
                settings=environment.firewall,
            )
            firewall.protect(self.alb)


class JoinedLoadBalancer(Construct):
    """An existing central balancer: only our certificate is added to its listener."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        settings: SharedBalancer,
        security_group: ec2.ISecurityGroup,
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
        self.listener = elb.ApplicationListener.from_application_listener_attributes(
            self, "Https", listener_arn=settings.listener_arn, security_group=security_group
        )
        domain = environment.domain
        # The listener keeps its own certificate as the default; the client's server name selects ours.
        elb.ApplicationListenerCertificate(
            self,
            "ListenerCertificate",
            listener=self.listener,
            certificates=[certificate_of(self, "Certificate", domain, domain.certificate_arn)],
        )

"""The service's name: its certificate, and its addresses in the DNS."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from settings.schema import Domain


class ServiceName(Construct):
    """In a zone given by id and name, for finding it by name would be a look-up."""

    def __init__(self, scope: Construct, id: str, domain: Domain) -> None:
        super().__init__(scope, id)
        self._host = domain.host
        self._zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        self.certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=domain.host,
            validation=acm.CertificateValidation.from_dns(self._zone),
        )

    def point_to(self, alb: elb.IApplicationLoadBalancer) -> None:
        target = route53.RecordTarget.from_alias(targets.LoadBalancerTarget(alb))
        for record in (route53.ARecord, route53.AaaaRecord):
            record(
                self,
                record.__name__,
                zone=self._zone,
                # A final dot makes it whole, so that the zone's name is not added to it.
                record_name=f"{self._host}.",
                target=target,
            )

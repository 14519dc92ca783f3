"""The service's name: its certificate, and its addresses in the DNS."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from settings.schema import Domain


def certificate_of(scope: Construct, id: str, domain: Domain, arn: str) -> acm.ICertificate:
    """The certificate that `arn` names, or if it is empty a new one, validated through the zone."""
    if arn:
        return acm.Certificate.from_certificate_arn(scope, id, arn)
    return acm.Certificate(
        scope,
        id,
        domain_name=domain.host,
        validation=acm.CertificateValidation.from_dns(_zone(scope, f"{id}Zone", domain)),
    )


class Records(Construct):
    """Alias records for IPv4 and IPv6; none outside Route 53, where a person creates a CNAME record."""

    def __init__(
        self, scope: Construct, id: str, domain: Domain, target: route53.IAliasRecordTarget
    ) -> None:
        super().__init__(scope, id)
        if not domain.zone_id:
            return
        zone = _zone(self, "Zone", domain)
        for record in (route53.ARecord, route53.AaaaRecord):
            record(
                self,
                record.__name__,
                zone=zone,
                # A final dot makes it a whole name, so that the zone's name is not added to it.
                record_name=f"{domain.host}.",
                target=route53.RecordTarget.from_alias(target),
            )


def _zone(scope: Construct, id: str, domain: Domain) -> route53.IHostedZone:
    """Both id and name are given, because finding the zone by its name would need a look-up."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, id, hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
    )

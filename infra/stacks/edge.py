"""CloudFront and its certificate: two stacks in us-east-1, the only region with certificates, firewalls and
metrics for CloudFront."""

from aws_cdk import CfnOutput
from aws_cdk import aws_route53_targets as route53_targets
from constructs import Construct

from parts.alarm import Watch
from parts.distribution import Distribution
from parts.domain import Records, certificate_of
from parts.edge_alarms import EdgeAlarms
from parts.edge_logs import EdgeLogs
from parts.firewall import Firewall
from parts.topic import AlarmTopic
from settings.schema import EDGE_REGION, Environment
from stacks.base import EnvironmentStack


class CertificateStack(EnvironmentStack):
    """The certificate that clients see."""

    def __init__(self, scope: Construct, settings: Environment) -> None:
        super().__init__(scope, "certificate", settings, region=EDGE_REGION)
        self.certificate = certificate_of(self, "Certificate", settings.domain, "")
        CfnOutput(self, "CertificateArn", value=self.certificate.certificate_arn)


class EdgeStack(EnvironmentStack):
    """The distribution, its firewall, logs and alarms, and the service's name."""

    def __init__(
        self, scope: Construct, settings: Environment, own: CertificateStack | None
    ) -> None:
        super().__init__(scope, "edge", settings, region=EDGE_REGION)
        firewall = (
            Firewall(
                self,
                "Firewall",
                name=f"{settings.prefix}-edge",
                scope="CLOUDFRONT",
                settings=settings.firewall,
            )
            if settings.firewall.requests_per_source
            else None
        )
        distribution = Distribution(
            self,
            "Distribution",
            settings=settings,
            certificate=(
                own.certificate
                if own
                else certificate_of(
                    self, "Certificate", settings.domain, settings.edge.certificate_arn
                )
            ),
            web_acl_arn=firewall.arn if firewall else None,
        )
        Records(self, "Name", settings.domain, route53_targets.CloudFrontTarget(distribution))
        EdgeLogs(self, "Logs", settings=settings, distribution=distribution)
        topic = AlarmTopic(
            self, "Topic", name=f"{settings.prefix}-edge-alarms", emails=settings.alarms.emails
        )
        EdgeAlarms(self, "Alarms", watch=Watch(settings, topic), distribution=distribution)
        CfnOutput(self, "Url", value=f"https://{settings.domain.host}/")
        CfnOutput(self, "DistributionDomainName", value=distribution.distribution_domain_name)

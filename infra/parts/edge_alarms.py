"""Alarms on CloudFront's metrics: failures of the origin, and the hit ratio of the cache."""

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from parts.alarm import Alarm, Watch

PERIOD = Duration.minutes(5)


class EdgeAlarms(Construct):
    """CloudFront's own metrics, which exist only in us-east-1."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        watch: Watch,
        distribution: cloudfront.Distribution,
    ) -> None:
        super().__init__(scope, id)
        settings = watch.environment
        least = settings.alarms.minimum_requests

        def metric(name: str, statistic: str = "Average") -> cloudwatch.Metric:
            return cloudwatch.Metric(
                namespace="AWS/CloudFront",
                metric_name=name,
                dimensions_map={
                    "DistributionId": distribution.distribution_id,
                    "Region": "Global",
                },
                statistic=statistic,
                period=PERIOD,
            )

        def with_enough_requests(
            expression: str, otherwise: int, **used: cloudwatch.Metric
        ) -> cloudwatch.MathExpression:
            return cloudwatch.MathExpression(
                expression=f"IF(FILL(requests, 0) >= {least}, {expression}, {otherwise})",
                using_metrics={"requests": metric("Requests", "Sum"), **used},
                period=PERIOD,
            )

        self.all = [
            Alarm(
                self,
                watch,
                "edge-origin",
                meaning=(
                    f"For ten minutes more than {settings.alarms.error_percent:g} % of at least {least} "
                    "requests in five minutes got 502, 503 or 504 from CloudFront"
                ),
                metric=with_enough_requests(
                    "FILL(bad, 0) + FILL(unavailable, 0) + FILL(late, 0)",
                    0,
                    bad=metric("502ErrorRate"),
                    unavailable=metric("503ErrorRate"),
                    late=metric("504ErrorRate"),
                ),
                above=settings.alarms.error_percent,
                periods=2,
            ),
            Alarm(
                self,
                watch,
                "edge-hits",
                meaning=(
                    f"For half an hour CloudFront has answered less than {settings.edge.hit_percent:g} % of "
                    f"at least {least} requests in five minutes from its cache"
                ),
                metric=with_enough_requests("FILL(hits, 0)", 100, hits=metric("CacheHitRate")),
                below=settings.edge.hit_percent,
                periods=6,
            ),
        ]

"""The balancer's metrics of our target groups, whichever stack made the balancer."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb

NAMESPACE = "AWS/ApplicationELB"


class TargetMetrics:
    """For all target groups together, because they change roles with each canary deployment."""

    def __init__(
        self, balancer_full_name: str, groups: Sequence[elb.IApplicationTargetGroup]
    ) -> None:
        self._balancer = {"LoadBalancer": balancer_full_name}
        self._groups = [group.target_group_full_name for group in groups]

    def requests(self, period: Duration) -> cloudwatch.IMetric:
        return self._metric("RequestCount", "Sum", period, "Requests")

    def server_errors(self, period: Duration) -> cloudwatch.IMetric:
        return self._metric("HTTPCode_Target_5XX_Count", "Sum", period, "5xx of the tasks")

    def response_time(self, statistic: str, period: Duration) -> cloudwatch.IMetric:
        """The longer one of two groups, because percentiles cannot be added."""
        return self._metric("TargetResponseTime", statistic, period, statistic, join="MAX")

    def healthy_hosts(self, period: Duration) -> cloudwatch.IMetric:
        return self._metric("HealthyHostCount", "Minimum", period, "Healthy")

    def unhealthy_hosts(self, period: Duration) -> cloudwatch.IMetric:
        return self._metric("UnHealthyHostCount", "Maximum", period, "Unhealthy")

    def balancer_errors(self, period: Duration) -> cloudwatch.Metric:
        """5xx responses of the balancer itself, for all its applications; so they are only used if the balancer
        has no other."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="HTTPCode_ELB_5XX_Count",
            dimensions_map=self._balancer,
            statistic="Sum",
            period=period,
            label="5xx of the balancer",
        )

    def _metric(
        self,
        name: str,
        statistic: str,
        period: Duration,
        label: str,
        join: str = "SUM",
    ) -> cloudwatch.IMetric:
        metrics = [
            cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=name,
                dimensions_map={**self._balancer, "TargetGroup": group},
                statistic=statistic,
                period=period,
                label=label,
            )
            for group in self._groups
        ]
        if len(metrics) == 1:
            return metrics[0]
        names = [f"{statistic.lower()}_{name}{number}" for number in range(len(metrics))]
        return cloudwatch.MathExpression(
            # Without FILL a group that has no task, and so no data, would hide the other one.
            expression=f"{join}([{', '.join(f'FILL({each}, 0)' for each in names)}])",
            using_metrics=dict(zip(names, metrics, strict=True)),
            period=period,
            label=label,
        )

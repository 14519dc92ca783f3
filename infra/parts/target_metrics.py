"""The balancer's figures for our targets, the same for an own and for a shared balancer."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb

NAMESPACE = "AWS/ApplicationELB"


class TargetMetrics:
    """Names the balancer by its full name, which is all that is known of a shared one."""

    def __init__(self, balancer_full_name: str, targets: elb.IApplicationTargetGroup) -> None:
        self._balancer = {"LoadBalancer": balancer_full_name}
        self._targets = {**self._balancer, "TargetGroup": targets.target_group_full_name}

    def requests(self, period: Duration) -> cloudwatch.Metric:
        return self._metric("RequestCount", "Sum", period, "Requests")

    def server_errors(self, period: Duration) -> cloudwatch.Metric:
        return self._metric("HTTPCode_Target_5XX_Count", "Sum", period, "5xx of the tasks")

    def requests_per_target(self, period: Duration) -> cloudwatch.Metric:
        return self._metric("RequestCountPerTarget", "Sum", period, "Requests a task")

    def response_time(self, statistic: str, period: Duration) -> cloudwatch.Metric:
        return self._metric("TargetResponseTime", statistic, period, statistic)

    def healthy_hosts(self, period: Duration) -> cloudwatch.Metric:
        return self._metric("HealthyHostCount", "Minimum", period, "Healthy")

    def unhealthy_hosts(self, period: Duration) -> cloudwatch.Metric:
        return self._metric("UnHealthyHostCount", "Maximum", period, "Unhealthy")

    def balancer_errors(self, period: Duration) -> cloudwatch.Metric:
        """5xx that the balancer itself answers, for all its applications: of use on an own one only."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="HTTPCode_ELB_5XX_Count",
            dimensions_map=self._balancer,
            statistic="Sum",
            period=period,
            label="5xx of the balancer",
        )

    def _metric(self, name: str, statistic: str, period: Duration, label: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map=self._targets,
            statistic=statistic,
            period=period,
            label=label,
        )

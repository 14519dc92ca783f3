"""Requests that the budget refused: counted from the log, which has the reason."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from settings.image import LOG_REASON, LOG_STATUS, REASON_REFUSED


class Refusals(Construct):
    """They are counted apart from other 5xx responses: a refusal means that the service is too small, not that
    it fails."""

    def __init__(self, scope: Construct, id: str, log: logs.ILogGroup, namespace: str) -> None:
        super().__init__(scope, id)
        self._filter = logs.MetricFilter(
            self,
            "Filter",
            log_group=log,
            filter_pattern=logs.FilterPattern.all(
                logs.FilterPattern.number_value(LOG_STATUS, "=", 503),
                logs.FilterPattern.string_value(LOG_REASON, "=", REASON_REFUSED),
            ),
            metric_namespace=namespace,
            metric_name="Refused",
            metric_value="1",
            default_value=0,
        )

    def metric(self, period: Duration) -> cloudwatch.Metric:
        return self._filter.metric(statistic="Sum", period=period, label="Refused by budget")

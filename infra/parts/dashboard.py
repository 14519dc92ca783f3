"""A dashboard with the metrics of the alarms."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from parts.refusals import Refusals
from parts.target_metrics import TargetMetrics


class Dashboard(cloudwatch.Dashboard):
    """The state of every alarm, then the metrics of the responses, then those of the tasks."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        alarms: list[cloudwatch.Alarm],
        metrics: TargetMetrics,
        refusals: Refusals,
        service: ecs.FargateService,
    ) -> None:
        super().__init__(scope, id, dashboard_name=name)
        minute = Duration.minutes(1)

        def graph(title: str, *lines: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
            return cloudwatch.GraphWidget(title=title, left=list(lines), width=8)

        self.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=24))
        self.add_widgets(
            graph("Requests", metrics.requests(minute)),
            graph("Failed and refused", metrics.server_errors(minute), refusals.metric(minute)),
            graph(
                "Time to answer, seconds",
                *(metrics.response_time(share, minute) for share in ("p50", "p90", "p99")),
            ),
        )
        self.add_widgets(
            graph("Tasks", metrics.healthy_hosts(minute), metrics.unhealthy_hosts(minute)),
            graph("Processor, percent", service.metric_cpu_utilization(period=minute)),
            graph("Memory, percent", service.metric_memory_utilization(period=minute)),
        )

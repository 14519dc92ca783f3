"""Alarms on what the tasks use."""

from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from parts.alarm import Alarm, Watch


class ServiceAlarms(Construct):
    """The alarm on processors means that scaling did not help, the one on memory that the budget's figures are
    wrong."""

    def __init__(
        self, scope: Construct, id: str, *, watch: Watch, service: ecs.FargateService
    ) -> None:
        super().__init__(scope, id)
        settings = watch.environment
        period = Duration.minutes(5)
        planned = ceil(100 * settings.budget.planned_mib / settings.task.memory)
        self.all = [
            Alarm(
                self,
                watch,
                "cpu",
                meaning=(
                    f"Above {settings.alarms.cpu_percent:g} % for 15 minutes, with "
                    f"{settings.scaling.maximum} tasks at most"
                ),
                metric=service.metric_cpu_utilization(period=period, statistic="Average"),
                above=settings.alarms.cpu_percent,
                periods=3,
            ),
            Alarm(
                self,
                watch,
                "memory",
                meaning=(
                    f"Above {planned} %, more than httpd, its connections and the whole budget should "
                    "ever use: a task may be killed for it"
                ),
                metric=service.metric_memory_utilization(period=period, statistic="Maximum"),
                above=planned,
                periods=1,
            ),
        ]

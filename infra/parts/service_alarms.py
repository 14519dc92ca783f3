"""Alarms on what the tasks use."""

from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sns as sns
from constructs import Construct

from parts.alarm import Alarm
from settings.schema import Environment


class ServiceAlarms(Construct):
    """Processor: scaling has not helped. Memory: the budget's figures are wrong."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        service: ecs.FargateService,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        period = Duration.minutes(5)
        planned = ceil(100 * settings.budget.planned_mib / settings.task.memory)
        self.all = [
            Alarm(
                self,
                "Cpu",
                name=f"{settings.prefix}-cpu",
                meaning=(
                    f"Above {settings.alarms.cpu_percent:g} % for 15 minutes: scaling, which aims at "
                    f"{settings.scaling.cpu_percent:g} %, has reached {settings.scaling.maximum} tasks "
                    "or does not work"
                ),
                metric=service.metric_cpu_utilization(period=period, statistic="Average"),
                above=settings.alarms.cpu_percent,
                periods=3,
                topic=topic,
            ),
            Alarm(
                self,
                "Memory",
                name=f"{settings.prefix}-memory",
                meaning=(
                    f"Above {planned} %, more than httpd, its connections and the whole budget should "
                    "ever use: a task may be killed for it"
                ),
                metric=service.metric_memory_utilization(period=period, statistic="Maximum"),
                above=planned,
                periods=1,
                topic=topic,
            ),
        ]

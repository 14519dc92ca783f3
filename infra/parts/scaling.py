"""How many tasks there are: by processor load, and if wished by requests."""

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from parts.target_metrics import TargetMetrics
from settings.schema import Scaling


class ServiceScaling(Construct):
    """Processor load first: requests differ a million times in cost, so that their number says little."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service: ecs.FargateService,
        metrics: TargetMetrics,
        settings: Scaling,
    ) -> None:
        super().__init__(scope, id)
        tasks = service.auto_scale_task_count(
            min_capacity=settings.desired, max_capacity=settings.maximum
        )
        tasks.scale_on_cpu_utilization("Cpu", target_utilization_percent=settings.cpu_percent)
        if settings.requests_per_minute:
            # A metric of our own naming: the predefined one needs a balancer made in this app.
            tasks.scale_to_track_custom_metric(
                "Requests",
                metric=metrics.requests_per_target(Duration.minutes(1)),
                target_value=settings.requests_per_minute,
            )

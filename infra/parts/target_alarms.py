"""Alarms on the responses. None refers to the service, so the service can depend on them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from parts.alarm import Alarm, Watch
from parts.refusals import Refusals
from parts.target_metrics import TargetMetrics
from settings.schema import Environment

FIVE_MINUTES = Duration.minutes(5)
ONE_MINUTE = Duration.minutes(1)


class TargetAlarms(Construct):
    """Errors, refusals, slowness, and tasks that the balancer does not find healthy."""

    def __init__(
        self, scope: Construct, id: str, *, watch: Watch, metrics: TargetMetrics, refusals: Refusals
    ) -> None:
        super().__init__(scope, id)
        settings = watch.environment
        limits, times = settings.alarms, settings.times
        errors = Alarm(
            self,
            watch,
            "errors",
            meaning=(
                f"More than {limits.error_percent:g} % of at least {limits.minimum_requests} requests "
                "in five minutes failed with 5xx, refusals by the budget not counted"
            ),
            metric=_error_percent(settings, metrics, refusals),
            above=limits.error_percent,
            periods=1,
        )
        unhealthy = Alarm(
            self,
            watch,
            "unhealthy",
            meaning="For three minutes a task has not passed the balancer's health check",
            metric=metrics.unhealthy_hosts(ONE_MINUTE),
            above=0,
            periods=3,
        )
        refused = Alarm(
            self,
            watch,
            "refused",
            meaning=(
                f"More than {limits.refusals} requests in five minutes were refused because memory or "
                "computing slots were taken"
            ),
            metric=refusals.metric(FIVE_MINUTES),
            above=limits.refusals,
            periods=1,
        )
        slow = Alarm(
            self,
            watch,
            "slow",
            meaning=(
                f"For ten minutes one request in a hundred has taken longer than {times.computing} s, "
                "the time limit of a computation"
            ),
            metric=metrics.response_time("p99", FIVE_MINUTES),
            above=times.computing,
            periods=2,
        )
        missing = Alarm(
            self,
            watch,
            "missing",
            meaning=f"For five minutes fewer than {settings.scaling.minimum} tasks have been healthy",
            metric=metrics.healthy_hosts(ONE_MINUTE),
            below=settings.scaling.minimum,
            periods=5,
            may_not_be_missing=True,  # with the last task the metric goes too
        )
        self.all = [errors, refused, slow, unhealthy, missing]
        self.rollback: list[cloudwatch.Alarm] = [errors, unhealthy]
        """The alarms that a bad image raises within minutes. The others may have causes that a deployment does
        not change, or is meant to change, so they must not stop it."""


def _error_percent(
    settings: Environment, metrics: TargetMetrics, refusals: Refusals
) -> cloudwatch.MathExpression:
    """Errors per hundred requests; zero if there are too few requests for a ratio. The balancer does not count
    its own responses as requests, so they are added to both."""
    used: dict[str, cloudwatch.IMetric] = {
        "requests": metrics.requests(FIVE_MINUTES),
        "failed": metrics.server_errors(FIVE_MINUTES),
        "refused": refusals.metric(FIVE_MINUTES),
    }
    all_requests, errors = "FILL(requests, 0)", "FILL(failed, 0) - FILL(refused, 0)"
    if settings.balancer.kind == "own":
        used["unanswered"] = metrics.balancer_errors(FIVE_MINUTES)
        all_requests += " + FILL(unanswered, 0)"
        errors += " + FILL(unanswered, 0)"
    return cloudwatch.MathExpression(
        expression=(
            f"IF(({all_requests}) >= {settings.alarms.minimum_requests}, "
            f"100 * ({errors}) / ({all_requests}), 0)"
        ),
        using_metrics=used,
        period=FIVE_MINUTES,
        label="Errors, percent",
    )

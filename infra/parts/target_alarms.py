"""Alarms on what the callers get. None refers to the service, which can so wait for them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from parts.alarm import Alarm
from parts.refusals import Refusals
from parts.target_metrics import TargetMetrics
from settings.schema import Environment

FIVE_MINUTES = Duration.minutes(5)
ONE_MINUTE = Duration.minutes(1)


class TargetAlarms(Construct):
    """Errors, refusals, slowness, and tasks that the balancer does not find well."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        metrics: TargetMetrics,
        refusals: Refusals,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        limits, times = settings.alarms, settings.times
        errors_name, unhealthy_name = f"{settings.prefix}-errors", f"{settings.prefix}-unhealthy"
        errors = Alarm(
            self,
            "Errors",
            name=errors_name,
            meaning=(
                f"More than {limits.error_percent:g} % of at least {limits.minimum_requests} requests "
                "in five minutes failed with 5xx, refusals by the budget not counted"
            ),
            metric=_error_percent(settings, metrics, refusals),
            above=limits.error_percent,
            periods=1,
            topic=topic,
        )
        unhealthy = Alarm(
            self,
            "Unhealthy",
            name=unhealthy_name,
            meaning="For three minutes the balancer has found a task that does not answer as it should",
            metric=metrics.unhealthy_hosts(ONE_MINUTE),
            above=0,
            periods=3,
            topic=topic,
        )
        refused = Alarm(
            self,
            "Refused",
            name=f"{settings.prefix}-refused",
            meaning=(
                f"More than {limits.refusals} requests in five minutes were refused because memory or "
                "computing slots were spent: more or larger tasks, or a smaller maximum"
            ),
            metric=refusals.metric(FIVE_MINUTES),
            above=limits.refusals,
            periods=1,
            topic=topic,
        )
        slow = Alarm(
            self,
            "Slow",
            name=f"{settings.prefix}-slow",
            meaning=(
                f"One request in a hundred takes as long as the time limit of {times.computing} s for "
                "a computation, or longer: those that follow will be stopped by it"
            ),
            metric=metrics.response_time("p99", FIVE_MINUTES),
            above=times.computing,
            periods=2,
            topic=topic,
        )
        missing = Alarm(
            self,
            "Missing",
            name=f"{settings.prefix}-missing",
            meaning=f"For five minutes fewer than {settings.scaling.desired} tasks have been healthy",
            metric=metrics.healthy_hosts(ONE_MINUTE),
            below=settings.scaling.desired,
            periods=5,
            may_not_be_missing=True,  # with the last task the metric goes too
            topic=topic,
        )
        self.all = [errors, refused, slow, unhealthy, missing]
        self.rollback: dict[str, cloudwatch.Alarm] = {
            errors_name: errors,
            unhealthy_name: unhealthy,
        }


def _error_percent(
    settings: Environment, metrics: TargetMetrics, refusals: Refusals
) -> cloudwatch.MathExpression:
    """Errors per hundred requests, zero below the number of requests from which a ratio says anything.

    What the balancer answers by itself, it does not count as a request, so it is added to both.
    """
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

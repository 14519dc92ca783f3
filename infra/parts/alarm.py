"""An alarm with a name and a link to the runbook, which notifies the topic when it rises and falls."""

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from settings.schema import Environment


@dataclass(frozen=True)
class Watch:
    """The common properties of all alarms of a stack."""

    environment: Environment
    topic: sns.ITopic

    def runbook(self, name: str) -> str:
        repository = self.environment.delivery.repository_name
        return f"https://github.com/{repository}/blob/main/docs/runbook.md#{name}"


class Alarm(cloudwatch.Alarm):
    """Missing data does not raise the alarm, because a service without requests has none, unless
    `may_not_be_missing`."""

    def __init__(
        self,
        scope: Construct,
        watch: Watch,
        name: str,
        *,
        meaning: str,
        metric: cloudwatch.IMetric,
        above: float | None = None,
        below: float | None = None,
        periods: int,
        may_not_be_missing: bool = False,
    ) -> None:
        comparisons, missing_data = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        super().__init__(
            scope,
            name,
            alarm_name=f"{watch.environment.prefix}-{name}",
            alarm_description=f"{meaning}. Runbook: {watch.runbook(name)}",
            metric=metric,
            threshold=above if below is None else below,
            comparison_operator=(
                comparisons.GREATER_THAN_THRESHOLD
                if below is None
                else comparisons.LESS_THAN_THRESHOLD
            ),
            evaluation_periods=periods,
            treat_missing_data=(
                missing_data.BREACHING if may_not_be_missing else missing_data.NOT_BREACHING
            ),
        )
        self.add_alarm_action(actions.SnsAction(watch.topic))
        self.add_ok_action(actions.SnsAction(watch.topic))

"""An alarm as all of ours are: by a name of its own, telling the topic both of rise and of fall."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alarm(cloudwatch.Alarm):
    """Missing data is no alarm, a service that nobody calls having none, unless it `may_not_be_missing`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        meaning: str,
        metric: cloudwatch.IMetric,
        above: float | None = None,
        below: float | None = None,
        periods: int,
        may_not_be_missing: bool = False,
        topic: sns.ITopic,
    ) -> None:
        comparisons, missing_data = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        super().__init__(
            scope,
            id,
            alarm_name=name,
            alarm_description=meaning,
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
        self.add_alarm_action(actions.SnsAction(topic))
        self.add_ok_action(actions.SnsAction(topic))

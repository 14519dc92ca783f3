"""A budget for the month of the environment's account, with warnings."""

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from parts.topic import AlarmTopic

FORECAST = ("FORECASTED", 100)
SPENT = ("ACTUAL", 80)


class SpendingAlarm(Construct):
    """It notifies the topic when most of the budget is spent, and when the forecast exceeds it."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, monthly_dollars: int, topic: AlarmTopic
    ) -> None:
        super().__init__(scope, id)
        budget = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=monthly_dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=topic.topic_arn
                        )
                    ],
                )
                for kind, percent in (FORECAST, SPENT)
            ],
        )
        # AWS Budgets tries whether it may publish, so the topic's policy has to be there first.
        budget.node.add_dependency(topic.policy)

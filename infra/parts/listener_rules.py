"""The rules by which a listener forwards requests for our host name to our target groups."""

from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

TEST_HEADER = "X-Deployment-Test"
"""A request with this header, of any value, reaches the new tasks before other requests do."""


class ListenerRules(Construct):
    """There is always `production`; with a second target group there is also `test`, which is evaluated before
    it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        listener: elb.IApplicationListener,
        host: str,
        priority: int,
        groups: list[elb.ApplicationTargetGroup],
    ) -> None:
        super().__init__(scope, id)
        for_host = elb.ListenerCondition.host_headers([host])
        if len(groups) == 1:
            action = elb.ListenerAction.forward(groups)
        else:
            # These are the weights of the first deployment; ECS changes them in every later one.
            action = elb.ListenerAction.weighted_forward(
                [
                    elb.WeightedTargetGroup(target_group=group, weight=weight)
                    for group, weight in zip(groups, (1, 0), strict=True)
                ]
            )
        self.production = elb.ApplicationListenerRule(
            self,
            "Production",
            listener=listener,
            priority=priority,
            conditions=[for_host],
            action=action,
        )
        if len(groups) > 1:
            self.test = elb.ApplicationListenerRule(
                self,
                "Test",
                listener=listener,
                priority=priority - 1,
                conditions=[for_host, elb.ListenerCondition.http_header(TEST_HEADER, ["*"])],
                action=action,
            )

"""A web application firewall with one rule: no source may send more than so many requests."""

from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

WINDOW_SECONDS = 300


class RateLimit(Construct):
    """Counts by source address. The budget in the module protects the tasks; this protects the bill."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        alb: elb.IApplicationLoadBalancer,
        requests_per_source: int,
    ) -> None:
        super().__init__(scope, id)
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(name),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name="rate-by-source",
                    priority=0,
                    action=waf.CfnWebACL.RuleActionProperty(block={}),
                    statement=waf.CfnWebACL.StatementProperty(
                        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                            aggregate_key_type="IP",
                            limit=requests_per_source,
                            evaluation_window_sec=WINDOW_SECONDS,
                        )
                    ),
                    visibility_config=_visible(f"{name}-rate"),
                )
            ],
        )
        waf.CfnWebACLAssociation(
            self, "Association", resource_arn=alb.load_balancer_arn, web_acl_arn=acl.attr_arn
        )


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )

"""A web application firewall with one rule, which limits the requests of each source address."""

from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from settings import schema

BODY = "too-many-requests"
MESSAGE = "Too many requests from your address: try again later"


class Firewall(Construct):
    """The budget in the module protects the tasks; the firewall limits the costs. A refused request gets 429,
    Retry-After and one line of text, like the module's own errors."""

    def __init__(
        self,
        construct_scope: Construct,
        id: str,
        *,
        name: str,
        scope: str,
        settings: schema.Firewall,
    ) -> None:
        super().__init__(construct_scope, id)
        window = settings.window_seconds
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope=scope,
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(name),
            custom_response_bodies={
                BODY: waf.CfnWebACL.CustomResponseBodyProperty(
                    content=MESSAGE, content_type="TEXT_PLAIN"
                )
            },
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name="rate-by-source",
                    priority=0,
                    action=waf.CfnWebACL.RuleActionProperty(
                        block=waf.CfnWebACL.BlockActionProperty(
                            custom_response=waf.CfnWebACL.CustomResponseProperty(
                                response_code=429,
                                custom_response_body_key=BODY,
                                response_headers=[
                                    waf.CfnWebACL.CustomHTTPHeaderProperty(
                                        name="Retry-After", value=str(window)
                                    ),
                                    waf.CfnWebACL.CustomHTTPHeaderProperty(
                                        name="Cache-Control", value="no-store"
                                    ),
                                ],
                            )
                        )
                    ),
                    statement=waf.CfnWebACL.StatementProperty(
                        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                            aggregate_key_type="IP",
                            limit=settings.requests_per_source,
                            evaluation_window_sec=window,
                        )
                    ),
                    visibility_config=_visible(f"{name}-rate"),
                )
            ],
        )
        self.arn = acl.attr_arn

    def protect(self, alb: elb.IApplicationLoadBalancer) -> None:
        waf.CfnWebACLAssociation(
            self, "Association", resource_arn=alb.load_balancer_arn, web_acl_arn=self.arn
        )


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )

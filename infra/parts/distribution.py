"""CloudFront in front of an internal balancer, which it reaches through a VPC origin."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from settings.schema import Environment

SOURCE = Path(__file__).parent.parent / "edge_function.js"

YEAR = Duration.days(365)

ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
"""The statuses of errors that CloudFront would cache for ten seconds in spite of `no-store`. It never caches
412."""

LONGEST_WAIT = 60
"""Seconds that CloudFront waits for an origin, unless AWS raises the quota."""


class Distribution(cloudfront.Distribution):
    """The cache key is path, `number`, representation and compression. The origin says how long: a year for a
    result, not at all for an error. Range and If-None-Match need no setting."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        certificate: acm.ICertificate,
        web_acl_arn: str | None,
    ) -> None:
        name = f"{settings.prefix}-edge"
        arn, dns_name = settings.origin
        origin = cloudfront.VpcOrigin(
            scope,
            "Origin",
            vpc_origin_name=name,
            endpoint=cloudfront.VpcOriginEndpoint.application_load_balancer(
                elb.ApplicationLoadBalancer.from_application_load_balancer_attributes(
                    scope,
                    "Balancer",
                    load_balancer_arn=arn,
                    load_balancer_dns_name=dns_name,
                    security_group_id="unused",  # what it lets in is decided where it is made
                )
            ),
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
        )
        super().__init__(
            scope,
            id,
            comment=name,
            domain_names=[settings.domain.host],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass[f"PRICE_CLASS_{settings.edge.price_class}"],
            publish_additional_metrics=True,
            web_acl_id=web_acl_arn,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.VpcOrigin.with_vpc_origin(
                    origin,
                    domain_name=dns_name,
                    read_timeout=Duration.seconds(
                        min(settings.balancer.idle_timeout, LONGEST_WAIT)
                    ),
                    # Shorter than the balancer's, so that CloudFront is the one that closes.
                    keepalive_timeout=Duration.seconds(min(settings.balancer.idle_timeout - 5, 60)),
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                # All, so that the service answers what it does not allow, with 405 and `Allow`.
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                compress=True,
                cache_policy=cloudfront.CachePolicy(
                    scope,
                    "CachePolicy",
                    cache_policy_name=name,
                    min_ttl=Duration.seconds(0),
                    default_ttl=Duration.seconds(0),
                    max_ttl=YEAR,
                    query_string_behavior=cloudfront.CacheQueryStringBehavior.allow_list("number"),
                    header_behavior=cloudfront.CacheHeaderBehavior.allow_list("Accept"),
                    cookie_behavior=cloudfront.CacheCookieBehavior.none(),
                    enable_accept_encoding_gzip=True,
                    enable_accept_encoding_brotli=True,
                ),
                # The balancer's certificate and rule are for our host name.
                origin_request_policy=cloudfront.OriginRequestPolicy(
                    scope,
                    "OriginPolicy",
                    origin_request_policy_name=name,
                    header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list("Host"),
                ),
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                        function=cloudfront.Function(
                            scope,
                            "Normalise",
                            function_name=name,
                            comment="Makes requests equal that get the same response",
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                            code=cloudfront.FunctionCode.from_inline(
                                SOURCE.read_text(encoding="utf-8")
                            ),
                        ),
                    )
                ],
            ),
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in ERRORS
            ],
        )

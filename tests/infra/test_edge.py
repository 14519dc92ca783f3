"""CloudFront: what it keeps, how it reaches the balancer, its certificate, firewall, logs and alarms."""

from typing import Any

import pytest

from settings.schema import EDGE_REGION
from templates import attribute, flat, imported, ref, stacks_of, statements, template
from variants import (
    ALL,
    EDGE,
    EDGE_CERTIFICATE,
    ORIGIN,
    ORIGIN_NAME,
    SHARED_BALANCER,
    settings,
)


def distribution(name: str) -> dict[str, Any]:
    return template(name, "edge").one("CloudFront::Distribution")["DistributionConfig"]


@pytest.mark.parametrize("name", ALL)
def test_there_is_an_edge_where_it_is_enabled(name: str) -> None:
    assert ("edge" in stacks_of(name)) is (name in EDGE) is settings(name).edge.enabled


@pytest.mark.parametrize("name", EDGE)
def test_it_reaches_an_internal_balancer_by_tls_through_a_vpc_origin(name: str) -> None:
    stack = template(name, "edge")
    origin = stack.one("CloudFront::VpcOrigin")
    endpoint = origin["VpcOriginEndpointConfig"]
    arn, dns_name = (ORIGIN, ORIGIN_NAME)
    if name == "elsewhere":
        dns_name = SHARED_BALANCER["dns_name"]
        arn = str(SHARED_BALANCER["listener_arn"]).rpartition("/")[0]
        arn = arn.replace(":listener/", ":loadbalancer/")
    assert endpoint["Arn"] == arn
    assert endpoint["OriginProtocolPolicy"] == "https-only"
    (used,) = distribution(name)["Origins"]
    assert used["DomainName"] == dns_name
    assert used["VpcOriginConfig"]["VpcOriginId"] == attribute(origin, "Id")
    chosen = settings(name)
    waits = used["VpcOriginConfig"]["OriginReadTimeout"]
    assert chosen.times.queue + chosen.times.computing + 5 < waits <= 60
    assert used["VpcOriginConfig"]["OriginKeepaliveTimeout"] < chosen.balancer.idle_timeout
    assert chosen.balancer.scheme == "internal"


@pytest.mark.parametrize("name", EDGE)
def test_the_cache_key_is_path_number_accept_and_compression(name: str) -> None:
    policy = template(name, "edge").one("CloudFront::CachePolicy")["CachePolicyConfig"]
    assert policy["ParametersInCacheKeyAndForwardedToOrigin"] == {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": True,
        "EnableAcceptEncodingGzip": True,
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Accept"]},
        "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["number"]},
    }


@pytest.mark.parametrize("name", EDGE)
def test_the_origin_says_how_long_and_errors_are_not_kept(name: str) -> None:
    policy = template(name, "edge").one("CloudFront::CachePolicy")["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 31_536_000)
    errors = {each["ErrorCode"]: each for each in distribution(name)["CustomErrorResponses"]}
    assert {400, 404, 405, 416, 500, 502, 503, 504} <= set(errors)
    for each in errors.values():
        assert each["ErrorCachingMinTTL"] == 0
        assert "ResponsePagePath" not in each


@pytest.mark.parametrize("name", EDGE)
def test_requests_are_normalised_compressed_and_sent_to_https(name: str) -> None:
    stack = template(name, "edge")
    behavior = distribution(name)["DefaultCacheBehavior"]
    function = stack.one("CloudFront::Function")
    assert behavior["FunctionAssociations"] == [
        {"EventType": "viewer-request", "FunctionARN": attribute(function, "FunctionARN")}
    ]
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert len(function["FunctionCode"]) < 10_240, "the most that CloudFront takes"
    assert behavior["Compress"] is True
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert set(behavior["AllowedMethods"]) >= {"GET", "HEAD", "OPTIONS", "POST", "DELETE"}
    policy = stack.one("CloudFront::OriginRequestPolicy")["OriginRequestPolicyConfig"]
    assert policy["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Host"]}


def test_the_certificate_is_of_a_stack_of_its_own_or_given() -> None:
    stack = template("edge", "certificate")
    certificate = stack.one("CertificateManager::Certificate")
    assert certificate["DomainName"] == settings("edge").domain.host
    used = distribution("edge")["ViewerCertificate"]
    assert imported(used["AcmCertificateArn"], stack) == ref(certificate)
    assert used["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert EDGE_REGION == "us-east-1"

    assert "certificate" not in stacks_of("elsewhere")
    given = distribution("elsewhere")["ViewerCertificate"]["AcmCertificateArn"]
    assert given == EDGE_CERTIFICATE


@pytest.mark.parametrize("name", EDGE)
def test_the_name_leads_to_the_distribution(name: str) -> None:
    stack, domain = template(name, "edge"), settings(name).domain
    assert distribution(name)["Aliases"] == [domain.host]
    records = stack.all("Route53::RecordSet")
    assert sorted(record["Type"] for record in records) == (["A", "AAAA"] if domain.zone_id else [])
    for record in records:
        target = attribute(stack.one("CloudFront::Distribution"), "DomainName")
        assert record["AliasTarget"]["DNSName"] == target


def test_the_firewall_is_at_the_edge() -> None:
    acl = template("edge", "edge").one("WAFv2::WebACL")
    assert acl["Scope"] == "CLOUDFRONT"
    assert distribution("edge")["WebACLId"] == attribute(acl, "Arn")


@pytest.mark.parametrize("name", EDGE)
def test_access_logs_go_to_a_bucket_for_a_while(name: str) -> None:
    stack = template(name, "edge")
    bucket = stack.one("S3::Bucket")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == settings(name).edge.log_days
    source, destination = stack.one("Logs::DeliverySource"), stack.one("Logs::DeliveryDestination")
    assert flat(source["ResourceArn"]).endswith(
        f":distribution/{{{stack.one('CloudFront::Distribution').id}}}"
    )
    assert destination["DestinationResourceArn"] == attribute(bucket, "Arn")
    delivery = stack.one("Logs::Delivery")
    assert delivery["DeliverySourceName"] == source["Name"]
    assert delivery["DeliveryDestinationArn"] == attribute(destination, "Arn")
    (writer,) = (
        statement
        for statement in statements(stack.one("S3::BucketPolicy"))
        if statement["Effect"] == "Allow"
    )
    assert writer["Principal"] == {"Service": "delivery.logs.amazonaws.com"}


@pytest.mark.parametrize("name", EDGE)
def test_alarms_are_on_failures_of_the_origin_and_on_the_hit_ratio(name: str) -> None:
    stack, chosen = template(name, "edge"), settings(name)
    alarms = {
        alarm["AlarmName"].removeprefix(f"{chosen.prefix}-"): alarm
        for alarm in stack.all("CloudWatch::Alarm")
    }
    assert set(alarms) == {"edge-origin", "edge-hits"}
    assert alarms["edge-origin"]["Threshold"] == chosen.alarms.error_percent
    assert alarms["edge-hits"]["Threshold"] == chosen.edge.hit_percent
    assert alarms["edge-hits"]["ComparisonOperator"] == "LessThanThreshold"
    names = {
        key: {
            m["MetricStat"]["Metric"]["MetricName"] for m in alarm["Metrics"] if "MetricStat" in m
        }
        for key, alarm in alarms.items()
    }
    assert names == {
        "edge-origin": {"Requests", "502ErrorRate", "503ErrorRate", "504ErrorRate"},
        "edge-hits": {"Requests", "CacheHitRate"},
    }
    stack.one("CloudFront::MonitoringSubscription")
    topic = ref(stack.one("SNS::Topic"))
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms.values())

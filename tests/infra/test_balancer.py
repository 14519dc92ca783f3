"""The way to the tasks: an own balancer or a shared one, the certificate, the name."""

from pathlib import Path

import pytest

from templates import (
    Template,
    attribute,
    attributes,
    flat,
    imported,
    ref,
    statements,
    template,
)
from variants import ALL, CANARY, CERTIFICATE, MADE, SHARED, SHARED_BALANCER, settings

LB = "ElasticLoadBalancingV2"


def where(name: str) -> Template:
    """The stack that has the balancer's resources."""
    return template(name, "balancer" if name == "central" else "service")


@pytest.mark.parametrize("name", MADE)
def test_port_80_redirects_for_good(name: str) -> None:
    listener = where(name).only(f"{LB}::Listener", Port=80)
    assert listener["Protocol"] == "HTTP"
    assert listener["DefaultActions"] == [
        {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
    ]


@pytest.mark.parametrize("name", MADE)
def test_port_443_answers_404_to_names_that_no_rule_is_for(name: str) -> None:
    stack = where(name)
    listener = stack.only(f"{LB}::Listener", Port=443)
    assert listener["Protocol"] == "HTTPS"
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert listener["DefaultActions"] == [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {
                "StatusCode": "404",
                "ContentType": "text/plain",
                "MessageBody": "Not found",
            },
        }
    ]
    assert len(stack.all(f"{LB}::Listener")) == 2
    expected = (
        CERTIFICATE if name == "internal" else ref(stack.one("CertificateManager::Certificate"))
    )
    assert listener["Certificates"] == [{"CertificateArn": expected}]


@pytest.mark.parametrize("name", MADE)
def test_the_balancer_itself(name: str) -> None:
    stack, chosen = where(name), settings(name).balancer
    balancer = stack.one(f"{LB}::LoadBalancer")
    given = attributes(balancer, "LoadBalancerAttributes")
    assert balancer["Scheme"] == chosen.scheme
    assert balancer["IpAddressType"] == ("dualstack" if chosen.dual_stack else "ipv4")
    assert len(balancer["Subnets"]) == 2
    assert given["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert given["deletion_protection.enabled"] == str(chosen.deletion_protection).lower()
    assert given["idle_timeout.timeout_seconds"] == str(chosen.idle_timeout)
    assert given["access_logs.s3.enabled"] == "true"


def test_both_schemes_and_both_sides_of_deletion_protection_are_tested() -> None:
    made = [settings(name).balancer for name in MADE]
    assert {balancer.scheme for balancer in made} == {"internet-facing", "internal"}
    assert {balancer.deletion_protection for balancer in made} == {True, False}


@pytest.mark.parametrize("name", ALL)
def test_a_rule_forwards_our_host_name(name: str) -> None:
    stack, chosen = template(name, "service"), settings(name)
    rule = stack.only(f"{LB}::ListenerRule", Priority=chosen.balancer.priority)
    assert rule["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": [chosen.domain.host]}}
    ]
    if name in SHARED:
        assert rule["ListenerArn"] == SHARED_BALANCER["listener_arn"]
    else:
        listener = where(name).only(f"{LB}::Listener", Port=443)
        assert imported(rule["ListenerArn"], where(name)) == ref(listener)
    groups = [ref(group) for group in stack.all(f"{LB}::TargetGroup")]
    (action,) = rule["Actions"]
    if name in CANARY:
        weights = {
            flat(group["TargetGroupArn"]): group["Weight"]
            for group in action["ForwardConfig"]["TargetGroups"]
        }
        assert sorted(weights.values()) == [0, 1]
        assert sorted(weights) == sorted(flat(group) for group in groups)
    else:
        assert action == {"Type": "forward", "TargetGroupArn": groups[0]}


@pytest.mark.parametrize("name", ALL)
def test_a_canary_has_a_rule_for_test_requests_before_the_other_one(name: str) -> None:
    rules = template(name, "service").all(f"{LB}::ListenerRule")
    if name not in CANARY:
        assert len(rules) == 1
        return
    test = template(name, "service").only(
        f"{LB}::ListenerRule", Priority=settings(name).balancer.priority - 1
    )
    assert test["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": [settings(name).domain.host]}},
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Deployment-Test", "Values": ["*"]},
        },
    ]


@pytest.mark.parametrize("name", MADE)
def test_access_logs_go_to_a_private_bucket_for_a_while(name: str) -> None:
    stack = where(name)
    bucket = stack.one("S3::Bucket")
    balancer = stack.one(f"{LB}::LoadBalancer")
    assert attributes(balancer, "LoadBalancerAttributes")["access_logs.s3.bucket"] == ref(bucket)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == settings(name).balancer.access_log_days
    allowed = [s for s in statements(stack.one("S3::BucketPolicy")) if s["Effect"] == "Allow"]
    assert {s["Action"] for s in allowed} == {"s3:PutObject", "s3:GetBucketAcl"}
    assert "*" not in [s["Principal"].get("AWS") for s in allowed]
    denied = [s for s in statements(stack.one("S3::BucketPolicy")) if s["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [s["Condition"] for s in denied]


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_balancer_is_only_added_to(name: str) -> None:
    stack = template(name, "service")
    for kind in (f"{LB}::LoadBalancer", f"{LB}::Listener", "S3::Bucket", "WAFv2::WebACL"):
        assert stack.all(kind) == []
    added = stack.one(f"{LB}::ListenerCertificate")
    assert added["ListenerArn"] == SHARED_BALANCER["listener_arn"]
    expected = (
        ref(stack.one("CertificateManager::Certificate")) if name == "shared" else CERTIFICATE
    )
    assert added["Certificates"] == [{"CertificateArn": expected}]


def test_a_central_balancer_has_the_certificates_of_others_too_and_says_how_to_join_it() -> None:
    stack = template("central", "balancer")
    (added,) = stack.all(f"{LB}::ListenerCertificate")
    assert added["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    outputs = {*stack.body["Outputs"], *template("central", "network").body["Outputs"]}
    assert {
        "ListenerArn",
        "FullName",
        "DnsName",
        "ZoneId",
        "BalancerSecurityGroupId",
    } <= outputs
    for kind in (f"{LB}::LoadBalancer", "CertificateManager::Certificate"):
        assert template("central", "service").all(kind) == []


@pytest.mark.parametrize("name", ALL)
def test_a_certificate_is_validated_by_dns_unless_one_is_given(name: str) -> None:
    domain = settings(name).domain
    found = where(name).all("CertificateManager::Certificate")
    assert len(found) == (0 if domain.certificate_arn else 1)
    for certificate in found:
        assert certificate["DomainName"] == domain.host
        assert certificate["ValidationMethod"] == "DNS"
        assert certificate["DomainValidationOptions"] == [
            {"DomainName": domain.host, "HostedZoneId": domain.zone_id}
        ]


@pytest.mark.parametrize("name", ALL)
def test_the_name_leads_to_the_balancer(name: str) -> None:
    stack, domain = template(name, "service"), settings(name).domain
    records = stack.all("Route53::RecordSet")
    if settings(name).edge.enabled or not domain.zone_id:
        assert records == []
        return
    assert sorted(record["Type"] for record in records) == ["A", "AAAA"]
    for record in records:
        assert record["Name"] == f"{domain.host}."
        assert record["HostedZoneId"] == domain.zone_id
        alias = record["AliasTarget"]
        if name == "shared":
            assert alias["DNSName"] == f"dualstack.{SHARED_BALANCER['dns_name']}"
            assert alias["HostedZoneId"] == SHARED_BALANCER["zone_id"]
            continue
        balancer = where(name).one(f"{LB}::LoadBalancer")
        separator, (prefix, target) = alias["DNSName"]["Fn::Join"]
        assert (separator, prefix) == ("", "dualstack.")
        assert imported(target, where(name)) == attribute(balancer, "DNSName")
        assert imported(alias["HostedZoneId"], where(name)) == attribute(
            balancer, "CanonicalHostedZoneID"
        )


@pytest.mark.parametrize("name", ALL)
def test_the_target_group(name: str) -> None:
    groups = template(name, "service").all(f"{LB}::TargetGroup")
    assert len(groups) == (2 if name in CANARY else 1)
    for group in groups:
        given = attributes(group, "TargetGroupAttributes")
        assert (group["Protocol"], group["Port"], group["TargetType"]) == ("HTTP", 5000, "ip")
        assert group["HealthCheckPath"] == "/status"
        assert group["Matcher"] == {"HttpCode": "200"}
        assert (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]) == (10, 5)
        assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (2, 3)
        assert given["load_balancing.algorithm.type"] == "least_outstanding_requests"
        delay = settings(name).times.deregistration_delay
        assert given["deregistration_delay.timeout_seconds"] == str(delay)
        network = template(name, "network")
        assert imported(group["VpcId"], network) == (
            ref(network.one("EC2::VPC"))
            if network.all("EC2::VPC")
            else settings(name).network.vpc_id
        )


@pytest.mark.parametrize("name", ALL)
def test_the_firewall_is_there_if_asked_for_and_there_is_no_edge(name: str) -> None:
    if not settings(name).firewall.requests_per_source or settings(name).edge.enabled:
        assert template(name, "service").all("WAFv2::WebACL") == []
        return
    stack = where(name)
    acl = stack.one("WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}
    association = stack.one("WAFv2::WebACLAssociation")
    assert association["ResourceArn"] == ref(stack.one(f"{LB}::LoadBalancer"))
    assert association["WebACLArn"] == attribute(acl, "Arn")


@pytest.mark.parametrize(("name", "stack"), [("prod", "service"), ("edge", "edge")])
def test_what_the_firewall_answers_is_in_the_api_document(name: str, stack: str) -> None:
    acl, firewall = template(name, stack).one("WAFv2::WebACL"), settings(name).firewall
    (rule,) = acl["Rules"]
    assert rule["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": firewall.window_seconds,
        "Limit": firewall.requests_per_source,
    }
    answer = rule["Action"]["Block"]["CustomResponse"]
    body = acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
    assert body["ContentType"] == "TEXT_PLAIN"
    assert {"Name": "Retry-After", "Value": "300"} in answer["ResponseHeaders"]
    assert {"Name": "Cache-Control", "Value": "no-store"} in answer["ResponseHeaders"]
    documents = Path(__file__).parent.parent.parent / "docs"
    document = " ".join((documents / "api.md").read_text("utf-8").split())
    assert f"| {answer['ResponseCode']} | `{body['Content']}` |" in document
    prod = settings("prod").firewall
    shipped = f"{prod.requests_per_source:,} requests in five minutes"
    assert f"in the shipped production environment {shipped}" in document
    assert prod.window_seconds == 300
    assert f"may answer {answer['ResponseCode']}" in (documents / "openapi.yaml").read_text("utf-8")


def test_both_sides_of_the_firewalls_switch_are_tested() -> None:
    assert {settings(name).firewall_on_balancer for name in MADE} == {True, False}

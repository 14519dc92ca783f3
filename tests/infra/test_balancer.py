"""The way to the tasks: an own balancer or a shared one, the certificate, the name."""

import pytest

from templates import attribute, attributes, flat, imported, ref, statements, template
from variants import ALL, BALANCER_NAME, OWN, SHARED_BALANCER, settings

LB = "ElasticLoadBalancingV2"


@pytest.mark.parametrize("name", OWN)
def test_port_80_redirects_for_good(name: str) -> None:
    listener = template(name, "service").only(f"{LB}::Listener", Port=80)
    assert listener["Protocol"] == "HTTP"
    assert listener["DefaultActions"] == [
        {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
    ]


@pytest.mark.parametrize("name", OWN)
def test_port_443_forwards_to_the_tasks(name: str) -> None:
    stack = template(name, "service")
    listener = stack.only(f"{LB}::Listener", Port=443)
    assert listener["Protocol"] == "HTTPS"
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert listener["Certificates"] == [
        {"CertificateArn": ref(stack.one("CertificateManager::Certificate"))}
    ]
    assert listener["DefaultActions"] == [
        {"Type": "forward", "TargetGroupArn": ref(stack.one(f"{LB}::TargetGroup"))}
    ]
    assert len(stack.all(f"{LB}::Listener")) == 2


@pytest.mark.parametrize("name", OWN)
def test_the_balancer_itself(name: str) -> None:
    stack, chosen = template(name, "service"), settings(name).balancer
    balancer = stack.one(f"{LB}::LoadBalancer")
    given = attributes(balancer, "LoadBalancerAttributes")
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["IpAddressType"] == ("dualstack" if chosen.dual_stack else "ipv4")
    assert len(balancer["Subnets"]) == 2
    assert given["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert given["deletion_protection.enabled"] == str(chosen.deletion_protection).lower()
    assert given["idle_timeout.timeout_seconds"] == str(chosen.idle_timeout)
    assert given["access_logs.s3.enabled"] == "true"


def test_production_is_protected_against_deletion_and_development_is_not() -> None:
    for name, expected in (("prod", "true"), ("dev", "false")):
        balancer = template(name, "service").one(f"{LB}::LoadBalancer")
        given = attributes(balancer, "LoadBalancerAttributes")
        assert given["deletion_protection.enabled"] == expected


@pytest.mark.parametrize("name", OWN)
def test_access_logs_go_to_a_private_bucket_for_a_while(name: str) -> None:
    stack = template(name, "service")
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


def test_a_shared_balancer_is_only_added_to() -> None:
    stack = template("shared", "service")
    assert stack.all(f"{LB}::LoadBalancer") == []
    assert stack.all(f"{LB}::Listener") == []
    assert stack.all("S3::Bucket") == []
    assert stack.all("WAFv2::WebACL") == []
    rule = stack.one(f"{LB}::ListenerRule")
    assert rule["ListenerArn"] == SHARED_BALANCER["listener_arn"]
    assert rule["Priority"] == SHARED_BALANCER["priority"]
    assert rule["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": [settings("shared").domain.host]}}
    ]
    assert rule["Actions"] == [
        {"Type": "forward", "TargetGroupArn": ref(stack.one(f"{LB}::TargetGroup"))}
    ]


def test_a_shared_balancer_gets_our_certificate_beside_its_own() -> None:
    stack = template("shared", "service")
    added = stack.one(f"{LB}::ListenerCertificate")
    assert added["ListenerArn"] == SHARED_BALANCER["listener_arn"]
    assert added["Certificates"] == [
        {"CertificateArn": ref(stack.one("CertificateManager::Certificate"))}
    ]


@pytest.mark.parametrize("name", ALL)
def test_the_certificate_is_validated_by_dns(name: str) -> None:
    domain = settings(name).domain
    certificate = template(name, "service").one("CertificateManager::Certificate")
    assert certificate["DomainName"] == domain.host
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": domain.host, "HostedZoneId": domain.zone_id}
    ]


@pytest.mark.parametrize("record_type", ["A", "AAAA"])
@pytest.mark.parametrize("name", ALL)
def test_the_name_leads_to_the_balancer(name: str, record_type: str) -> None:
    stack, domain = template(name, "service"), settings(name).domain
    assert len(stack.all("Route53::RecordSet")) == 2
    record = stack.only("Route53::RecordSet", Type=record_type)
    assert record["Name"] == f"{domain.host}."
    assert record["HostedZoneId"] == domain.zone_id
    alias = record["AliasTarget"]
    if name == "shared":
        assert alias["DNSName"] == "dualstack." + str(SHARED_BALANCER["dns_name"])
        assert alias["HostedZoneId"] == SHARED_BALANCER["zone_id"]
    else:
        balancer = stack.one(f"{LB}::LoadBalancer")
        assert alias["DNSName"] == {
            "Fn::Join": ["", ["dualstack.", attribute(balancer, "DNSName")]]
        }
        assert alias["HostedZoneId"] == attribute(balancer, "CanonicalHostedZoneID")


@pytest.mark.parametrize("name", ALL)
def test_the_target_group(name: str) -> None:
    stack = template(name, "service")
    group = stack.one(f"{LB}::TargetGroup")
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
        ref(network.one("EC2::VPC")) if network.all("EC2::VPC") else settings(name).network.vpc_id
    )


@pytest.mark.parametrize("name", ALL)
def test_the_firewall_is_there_if_asked_for(name: str) -> None:
    stack, balancer = template(name, "service"), settings(name).balancer
    if name == "shared" or not balancer.requests_per_source:
        assert stack.all("WAFv2::WebACL") == []
        return
    acl = stack.one("WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}
    (rule,) = acl["Rules"]
    assert rule["Action"] == {"Block": {}}
    assert rule["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": balancer.requests_per_source,
    }
    association = stack.one("WAFv2::WebACLAssociation")
    assert association["ResourceArn"] == ref(stack.one(f"{LB}::LoadBalancer"))
    assert association["WebACLArn"] == attribute(acl, "Arn")


def test_both_sides_of_the_firewalls_switch_are_tested() -> None:
    assert settings("prod").balancer.requests_per_source > 0
    assert settings("dev").balancer.requests_per_source == 0


def test_the_shared_balancers_full_name_is_its_own() -> None:
    assert flat(template("shared", "service").one("CloudWatch::Dashboard")["DashboardBody"]).count(
        BALANCER_NAME
    )

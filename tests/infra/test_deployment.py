"""A deployment to moto's mock of AWS, stack by stack as a person would, read back by boto3.

It proves that the templates are whole: every reference between resources and between stacks has a
target. moto ignores kinds of resources that it does not know, LEFT_OUT, and drops a service's balancer,
and of a repository the scan on push, the lifecycle policy and the exception for `latest`. All of these are
asserted on the templates instead.
"""

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from templates import stacks_of, template
from variants import ACCOUNT, DIGEST, settings

ENVIRONMENT = "prod"
REGION = "eu-central-1"
BOOTSTRAP = "/cdk-bootstrap/factprod/version"

LEFT_OUT = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Budgets::Budget",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::VPCCidrBlock",
    "AWS::IAM::OIDCProvider",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}
UNSUPPORTED = re.compile(r"Tried to parse (AWS::\S+) but it's not supported")

Client = Any


@pytest.fixture(scope="module")
def _aws() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        patch.setenv(name, "testing")
    patch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield
    patch.undo()


def client(service: str) -> Client:
    return boto3.client(service, region_name=REGION)


def for_the_mock(body: dict[str, Any], certificate_arn: str) -> dict[str, Any]:
    """The template without what the mock fails on instead of leaving it out: the subnets' IPv6
    addresses, the dashboard, and references to certificates, none of which it makes."""
    text = json.dumps(body)
    for logical_id, resource in body["Resources"].items():
        if resource["Type"] == "AWS::CertificateManager::Certificate":
            text = text.replace(json.dumps({"Ref": logical_id}), json.dumps(certificate_arn))
    prepared = json.loads(text)
    for logical_id, resource in body["Resources"].items():
        if resource["Type"] == "AWS::EC2::Subnet":
            del prepared["Resources"][logical_id]["Properties"]["Ipv6CidrBlock"]
            del prepared["Resources"][logical_id]["Properties"]["AssignIpv6AddressOnCreation"]
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            del prepared["Resources"][logical_id]
    return prepared


@dataclass(frozen=True)
class Deployment:
    """What CloudFormation made, and which kinds of resources the mock said that it left out."""

    formation: Client
    skipped: set[str]


@pytest.fixture(scope="module")
def deployed(_aws: None) -> Deployment:
    """All stacks, created in order."""
    chosen = settings(ENVIRONMENT)
    client("ssm").put_parameter(Name=BOOTSTRAP, Value="30", Type="String")
    zone = client("route53").create_hosted_zone(Name=chosen.domain.zone_name, CallerReference="1")
    zone_id = zone["HostedZone"]["Id"].removeprefix("/hostedzone/")
    certificate = client("acm").request_certificate(DomainName=chosen.domain.host)
    formation = client("cloudformation")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for stack in stacks_of(ENVIRONMENT):
            name = f"{chosen.prefix}-{stack}"
            body = json.dumps(
                for_the_mock(template(ENVIRONMENT, stack).body, certificate["CertificateArn"])
            )
            formation.create_stack(
                StackName=name,
                TemplateBody=body.replace(chosen.domain.zone_id, zone_id),
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
    said = (UNSUPPORTED.match(str(warning.message)) for warning in told)
    return Deployment(formation, {match[1] for match in said if match})


def test_every_stack_is_complete(deployed: Deployment) -> None:
    for stack in stacks_of(ENVIRONMENT):
        name = f"{settings(ENVIRONMENT).prefix}-{stack}"
        (found,) = deployed.formation.describe_stacks(StackName=name)["Stacks"]
        assert found["StackStatus"] == "CREATE_COMPLETE"


def test_the_registry_has_its_settings(deployed: Deployment) -> None:
    registry = settings(ENVIRONMENT).registry
    (found,) = client("ecr").describe_repositories()["repositories"]
    assert found["repositoryName"] == registry.repository
    assert found["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"


def test_the_life_cycle_policy_is_one_that_a_registry_takes(deployed: Deployment) -> None:
    """The mock leaves it out of the stack, but checks its grammar when it is put by hand."""
    registry = settings(ENVIRONMENT).registry
    repository = template(ENVIRONMENT, "registry").one("ECR::Repository")
    client("ecr").put_lifecycle_policy(
        repositoryName=registry.repository,
        lifecyclePolicyText=repository["LifecyclePolicy"]["LifecyclePolicyText"],
    )


def test_the_balancer_redirects_and_forwards(deployed: Deployment) -> None:
    elb = client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    found = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    listeners = {listener["Port"]: listener for listener in found}
    assert set(listeners) == {80, 443}
    (redirect,) = listeners[80]["DefaultActions"]
    assert redirect["Type"] == "redirect"
    assert redirect["RedirectConfig"]["StatusCode"] == "HTTP_301"
    assert redirect["RedirectConfig"]["Protocol"] == "HTTPS"
    assert redirect["RedirectConfig"]["Port"] == "443"
    (otherwise,) = listeners[443]["DefaultActions"]
    assert otherwise["FixedResponseConfig"]["StatusCode"] == "404"
    groups = {group["TargetGroupArn"] for group in elb.describe_target_groups()["TargetGroups"]}
    rules = elb.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]
    ours = {rule["Priority"]: rule["Actions"][0] for rule in rules if not rule["IsDefault"]}
    assert set(ours) == {"99", "100"}
    for action in ours.values():
        found = action["ForwardConfig"]["TargetGroups"]
        assert {group["TargetGroupArn"] for group in found} == groups
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"


def test_the_target_group_checks_the_status(deployed: Deployment) -> None:
    (vpc,) = (v for v in client("ec2").describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.30.0.0/16")
    for group in client("elbv2").describe_target_groups()["TargetGroups"]:
        assert (group["Protocol"], group["Port"], group["TargetType"]) == ("HTTP", 5000, "ip")
        assert group["HealthCheckPath"] == "/status"
        assert group["VpcId"] == vpc["VpcId"]


def test_the_name_is_an_alias_of_the_balancer(deployed: Deployment) -> None:
    route53 = client("route53")
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    (balancer,) = client("elbv2").describe_load_balancers()["LoadBalancers"]
    records = {
        record["Type"]: record
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])[
            "ResourceRecordSets"
        ]
        if record["Name"].startswith(settings(ENVIRONMENT).domain.host)
    }
    assert set(records) == {"A", "AAAA"}
    for record in records.values():
        assert record["AliasTarget"]["DNSName"].rstrip(".") == f"dualstack.{balancer['DNSName']}"


def test_the_service_runs_the_image_by_its_digest(deployed: Deployment) -> None:
    ecs, prefix = client("ecs"), settings(ENVIRONMENT).prefix
    (service,) = ecs.describe_services(cluster=prefix, services=[prefix])["services"]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (container,) = task["containerDefinitions"]
    registry = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    assert container["image"] == f"{registry}/mod-factorial@{DIGEST}"
    assert container["readonlyRootFilesystem"] is True


def test_the_balancer_may_reach_the_tasks(deployed: Deployment) -> None:
    groups = client("ec2").describe_security_groups()["SecurityGroups"]
    by_description = {group["Description"].partition(":")[0]: group for group in groups}
    (rule,) = by_description["Tasks"]["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (5000, 5000)
    (source,) = rule["UserIdGroupPairs"]
    assert source["GroupId"] == by_description["Balancer"]["GroupId"]


def test_what_the_mock_leaves_out_is_known(deployed: Deployment) -> None:
    assert deployed.skipped == LEFT_OUT

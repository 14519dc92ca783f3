"""The network stack: two zones, three ways out, and who reaches whom."""

from typing import Any

import pytest

from templates import Resource, Template, attribute, flat, imported, ref, template
from variants import (
    ALL,
    CANARY,
    EXISTING_NETWORK,
    MADE,
    NEW_NETWORK,
    PREFIX_LIST,
    SHARED,
    SHARED_BALANCER,
    settings,
)


def zones(subnets: list[Resource]) -> list[Any]:
    return [subnet["AvailabilityZone"] for subnet in subnets]


def subnets_of(stack: Template, tier: str) -> list[Resource]:
    return [subnet for subnet in stack.all("EC2::Subnet") if f"{tier}Subnet" in subnet.id]


def routes_of(stack: Template, tier: str) -> list[tuple[str, str]]:
    """Where each route of the tier's tables leads: which addresses, by which kind of way."""
    ways = ("GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId")
    return [
        (
            route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"),
            next(way for way in ways if route.get(way)),
        )
        for route in stack.all("EC2::Route")
        if f"{tier}Subnet" in route.id
    ]


@pytest.mark.parametrize("name", NEW_NETWORK)
def test_a_new_vpc_has_two_zones_and_both_protocols(name: str) -> None:
    stack = template(name, "network")
    assert stack.one("EC2::VPC")["CidrBlock"] == settings(name).network.cidr
    assert stack.one("EC2::VPCCidrBlock")["AmazonProvidedIpv6CidrBlock"] is True
    first, second = zones(subnets_of(stack, "Public"))
    assert first == {"Fn::Select": [0, {"Fn::GetAZs": ""}]}
    assert second == {"Fn::Select": [1, {"Fn::GetAZs": ""}]}
    assert zones(subnets_of(stack, "Private")) == [first, second]


@pytest.mark.parametrize("name", NEW_NETWORK)
def test_no_subnet_hands_out_public_addresses_by_itself(name: str) -> None:
    for subnet in template(name, "network").all("EC2::Subnet"):
        assert not subnet.get("MapPublicIpOnLaunch")


@pytest.mark.parametrize("name", NEW_NETWORK)
def test_refused_packets_are_logged_for_a_while(name: str) -> None:
    stack = template(name, "network")
    assert stack.one("EC2::FlowLog")["TrafficType"] == "REJECT"
    assert stack.one("EC2::FlowLog")["ResourceId"] == ref(stack.one("EC2::VPC"))
    assert stack.one("Logs::LogGroup")["RetentionInDays"] == settings(name).network.flow_log_days


def test_public_tasks_stand_beside_the_balancer_and_pay_for_no_way_out() -> None:
    stack = template("dev", "network")
    assert stack.all("EC2::NatGateway") == []
    assert stack.all("EC2::VPCEndpoint") == []
    assert ("0.0.0.0/0", "GatewayId") in routes_of(stack, "Public")


def test_nat_has_a_gateway_in_each_zone() -> None:
    stack = template("prod", "network")
    assert len(stack.all("EC2::NatGateway")) == settings("prod").network.nat_gateways == 2
    assert {flat(nat["SubnetId"]) for nat in stack.all("EC2::NatGateway")} == {
        flat(ref(subnet)) for subnet in subnets_of(stack, "Public")
    }
    assert sorted(routes_of(stack, "Private")) == sorted(
        2 * [("0.0.0.0/0", "NatGatewayId"), ("::/0", "EgressOnlyInternetGatewayId")]
    )
    assert stack.all("EC2::VPCEndpoint") == []


def test_endpoints_are_the_only_way_out() -> None:
    stack = template("endpoints", "network")
    assert stack.all("EC2::NatGateway") == []
    assert routes_of(stack, "Private") == []
    endpoints = stack.all("EC2::VPCEndpoint")
    names = {flat(endpoint["ServiceName"]): endpoint for endpoint in endpoints}
    assert {
        name.removeprefix("com.amazonaws.eu-central-1.") for name in names if "s3" not in name
    } == {
        "ecr.api",
        "ecr.dkr",
        "logs",
    }
    (layers,) = (endpoint for name, endpoint in names.items() if name.endswith(".s3"))
    assert layers["VpcEndpointType"] == "Gateway"
    (statement,) = layers["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert flat(statement["Resource"]).endswith(
        "prod-{AWS::Region}-starport-layer-bucket/*"
    ) or flat(statement["Resource"]).endswith("prod-eu-central-1-starport-layer-bucket/*")


def test_endpoints_are_reached_by_the_tasks_alone() -> None:
    stack = template("endpoints", "network")
    (group,) = (g for g in stack.all("EC2::SecurityGroup") if "Endpoints" in g["GroupDescription"])
    assert group.get("SecurityGroupIngress") is None
    task = task_group(stack)
    (rule,) = (
        rule
        for rule in stack.all("EC2::SecurityGroupIngress")
        if rule["GroupId"] == attribute(group, "GroupId")
    )
    assert rule["SourceSecurityGroupId"] == attribute(task, "GroupId")
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    for endpoint in stack.all("EC2::VPCEndpoint"):
        if endpoint["VpcEndpointType"] == "Interface":
            assert endpoint["SecurityGroupIds"] == [attribute(group, "GroupId")]
            assert endpoint["PrivateDnsEnabled"] is True


def task_group(stack: Template) -> Resource:
    (group,) = (g for g in stack.all("EC2::SecurityGroup") if "Tasks:" in g["GroupDescription"])
    return group


@pytest.mark.parametrize("name", MADE)
def test_the_clients_in_the_file_reach_the_balancer_and_nothing_else(name: str) -> None:
    stack = template(name, "network")
    open_groups = {
        group["GroupDescription"]: sorted(
            (
                rule.get("CidrIp") or rule.get("CidrIpv6") or rule["SourcePrefixListId"],
                rule["FromPort"],
                rule["ToPort"],
            )
            for rule in group.get("SecurityGroupIngress")
        )
        for group in stack.all("EC2::SecurityGroup")
        if group.get("SecurityGroupIngress")
    }
    # The rules of a prefix list are resources of their own.
    open_groups.setdefault(
        "Balancer: reached by its clients, reaches the tasks only",
        sorted(
            (rule["SourcePrefixListId"], rule["FromPort"], rule["ToPort"])
            for rule in stack.all("EC2::SecurityGroupIngress")
            if rule.get("SourcePrefixListId")
        ),
    )
    clients = settings(name).balancer.clients
    assert open_groups == {
        "Balancer: reached by its clients, reaches the tasks only": sorted(
            (client, port, port) for client in clients for port in (80, 443)
        )
    }


def test_every_kind_of_client_is_tested() -> None:
    clients = {client for name in MADE for client in settings(name).balancer.clients}
    assert {"0.0.0.0/0", "::/0", "10.0.0.0/8", PREFIX_LIST} <= clients


@pytest.mark.parametrize("name", ALL)
def test_the_deployment_test_reaches_an_internal_balancer_and_nothing_else(name: str) -> None:
    stack = template(name, "network")
    groups = [g for g in stack.all("EC2::SecurityGroup") if "test:" in g["GroupDescription"]]
    inside = name == "internal" or (name in CANARY and settings(name).balancer.scheme == "internal")
    assert len(groups) == inside
    function = [
        resource
        for resource in template(name, "service").all("Lambda::Function")
        if resource.get("VpcConfig")
    ]
    assert len(function) == inside
    for group in groups:
        ports = {
            (rule["FromPort"], rule["ToPort"])
            for rule in stack.all("EC2::SecurityGroupEgress")
            if rule["GroupId"] == attribute(group, "GroupId")
        }
        assert ports == {(80, 80), (443, 443)}  # 80 for the redirect


@pytest.mark.parametrize("name", MADE)
def test_the_balancer_reaches_the_tasks_only(name: str) -> None:
    stack = template(name, "network")
    (balancer,) = (
        g for g in stack.all("EC2::SecurityGroup") if "Balancer:" in g["GroupDescription"]
    )
    if name == "central":
        (to_all,) = balancer["SecurityGroupEgress"]
        assert (to_all["FromPort"], to_all["ToPort"]) == (0, 65535)
        assert to_all["CidrIp"] == attribute(stack.one("EC2::VPC"), "CidrBlock")
        return
    (egress,) = (
        rule
        for rule in stack.all("EC2::SecurityGroupEgress")
        if rule["GroupId"] == attribute(balancer, "GroupId")
    )
    assert egress["DestinationSecurityGroupId"] == attribute(task_group(stack), "GroupId")
    assert (egress["FromPort"], egress["ToPort"]) == (5000, 5000)
    assert balancer.get("SecurityGroupEgress") is None


@pytest.mark.parametrize("name", ALL)
def test_only_the_balancer_reaches_the_tasks(name: str) -> None:
    stack = template(name, "network")
    task = task_group(stack)
    assert task.get("SecurityGroupIngress") is None
    (rule,) = (
        rule
        for rule in stack.all("EC2::SecurityGroupIngress")
        if rule["GroupId"] == attribute(task, "GroupId")
    )
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5000, 5000)
    if name in SHARED:
        assert rule["SourceSecurityGroupId"] == SHARED_BALANCER["security_group_id"]
    else:
        (balancer,) = (
            g for g in stack.all("EC2::SecurityGroup") if "Balancer:" in g["GroupDescription"]
        )
        assert rule["SourceSecurityGroupId"] == attribute(balancer, "GroupId")


@pytest.mark.parametrize("name", ALL)
def test_the_tasks_reach_out_by_https_only(name: str) -> None:
    rules = task_group(template(name, "network"))["SecurityGroupEgress"]
    assert {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in rules} == {
        ("tcp", 443, 443)
    }


@pytest.mark.parametrize("name", ALL)
def test_no_stack_but_the_networks_has_a_rule(name: str) -> None:
    for kind in ("SecurityGroup", "SecurityGroupIngress", "SecurityGroupEgress"):
        assert template(name, "service").all(f"EC2::{kind}") == []


@pytest.mark.parametrize("name", ["existing", *SHARED])
def test_an_existing_vpc_is_used_as_given(name: str) -> None:
    network, service = template(name, "network"), template(name, "service")
    assert {resource.type for resource in network.resources} <= {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SecurityGroupEgress",
    }
    assert {g["VpcId"] for g in network.all("EC2::SecurityGroup")} == {EXISTING_NETWORK["vpc_id"]}
    tasks = service.one("ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert tasks["Subnets"] == EXISTING_NETWORK["task_subnet_ids"]
    if name == "existing":
        balancer = service.one("ElasticLoadBalancingV2::LoadBalancer")
        assert balancer["Subnets"] == EXISTING_NETWORK["balancer_subnet_ids"]


@pytest.mark.parametrize("name", ALL)
def test_tasks_run_in_their_subnets_with_a_public_address_only_if_they_need_one(name: str) -> None:
    network, service = template(name, "network"), template(name, "service")
    tasks = service.one("ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    public = settings(name).network.tasks_are_public
    assert tasks["AssignPublicIp"] == ("ENABLED" if public else "DISABLED")
    assert [imported(group, network) for group in tasks["SecurityGroups"]] == [
        attribute(task_group(network), "GroupId")
    ]
    if name in NEW_NETWORK:
        tier = "Public" if public else "Private"
        assert [imported(subnet, network) for subnet in tasks["Subnets"]] == [
            ref(subnet) for subnet in subnets_of(network, tier)
        ]


@pytest.mark.parametrize("name", NEW_NETWORK)
def test_a_balancer_is_in_public_subnets_unless_it_is_internal(name: str) -> None:
    network = template(name, "network")
    stack = template(name, "balancer" if name == "central" else "service")
    balancer = stack.one("ElasticLoadBalancingV2::LoadBalancer")
    internal = settings(name).balancer.scheme == "internal"
    assert [imported(subnet, network) for subnet in balancer["Subnets"]] == [
        ref(subnet) for subnet in subnets_of(network, "Private" if internal else "Public")
    ]

"""The service: how many tasks, how they are replaced, how many more there may be."""

import pytest

from templates import attribute, flat, ref, template
from variants import ALL, assembly, settings

LB = "ElasticLoadBalancingV2"


@pytest.mark.parametrize("name", ALL)
def test_a_deployment_takes_nothing_away_before_it_brings(name: str) -> None:
    service = template(name, "service").one("ECS::Service")
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentController"] == {"Type": "ECS"}
    assert service["LaunchType"] == "FARGATE"


@pytest.mark.parametrize("name", ALL)
def test_alarms_roll_a_deployment_back_and_are_there_before_it(name: str) -> None:
    stack = template(name, "service")
    service, prefix = stack.one("ECS::Service"), settings(name).prefix
    watched = [f"{prefix}-errors", f"{prefix}-unhealthy"]
    assert service["DeploymentConfiguration"]["Alarms"] == {
        "AlarmNames": watched,
        "Enable": True,
        "Rollback": True,
    }
    alarms = {stack.only("CloudWatch::Alarm", AlarmName=alarm).id for alarm in watched}
    assert alarms <= set(service.body["DependsOn"])


@pytest.mark.parametrize("name", ALL)
def test_tasks_are_counted_by_the_file_and_spread_over_the_zones(name: str) -> None:
    service = template(name, "service").one("ECS::Service")
    assert service["DesiredCount"] == settings(name).scaling.desired
    assert service["AvailabilityZoneRebalancing"] == "ENABLED"
    assert len(service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) == 2


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_both_environments_start_with_two_tasks(name: str) -> None:
    assert template(name, "service").one("ECS::Service")["DesiredCount"] == 2


@pytest.mark.parametrize("name", ALL)
def test_it_stands_behind_the_balancer(name: str) -> None:
    stack = template(name, "service")
    service = stack.one("ECS::Service")
    assert service["LoadBalancers"] == [
        {
            "ContainerName": "factorial",
            "ContainerPort": 5000,
            "TargetGroupArn": ref(stack.one(f"{LB}::TargetGroup")),
        }
    ]
    assert service["HealthCheckGracePeriodSeconds"] == 30
    leads_here = (
        stack.one(f"{LB}::ListenerRule")
        if name == "shared"
        else stack.only(f"{LB}::Listener", Port=443)
    )
    assert leads_here.id in service.body["DependsOn"]


@pytest.mark.parametrize("name", ALL)
def test_nobody_can_step_into_a_container(name: str) -> None:
    assert template(name, "service").one("ECS::Service")["EnableExecuteCommand"] is False


@pytest.mark.parametrize("name", ALL)
def test_scaling_is_by_processor_up_to_a_maximum(name: str) -> None:
    stack, scaling = template(name, "service"), settings(name).scaling
    target = stack.one("ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (scaling.desired, scaling.maximum)
    assert target["ScalableDimension"] == "ecs:service:DesiredCount"
    service = stack.one("ECS::Service")
    assert flat(target["ResourceId"]).endswith(flat(attribute(service, "Name")))
    (by_cpu,) = (
        policy["TargetTrackingScalingPolicyConfiguration"]
        for policy in stack.all("ApplicationAutoScaling::ScalingPolicy")
        if "Cpu" in policy.id
    )
    assert by_cpu["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
    }
    assert by_cpu["TargetValue"] == scaling.cpu_percent


@pytest.mark.parametrize("name", ALL)
def test_requests_scale_only_if_asked_to(name: str) -> None:
    stack, wished = template(name, "service"), settings(name).scaling.requests_per_minute
    policies = stack.all("ApplicationAutoScaling::ScalingPolicy")
    assert len(policies) == (2 if wished else 1)
    if wished:
        (by_requests,) = (
            policy["TargetTrackingScalingPolicyConfiguration"]
            for policy in policies
            if "Requests" in policy.id
        )
        metric = by_requests["CustomizedMetricSpecification"]
        assert (metric["MetricName"], metric["Statistic"]) == ("RequestCountPerTarget", "Sum")
        assert by_requests["TargetValue"] == wished


def test_requests_do_not_scale_either_environment_and_the_switch_is_tested() -> None:
    assert settings("dev").scaling.requests_per_minute == 0
    assert settings("prod").scaling.requests_per_minute == 0
    assert settings("opposite").scaling.requests_per_minute == 600


@pytest.mark.parametrize("name", ALL)
def test_the_stack_is_protected_like_its_balancer(name: str) -> None:
    protected = {"prod", "endpoints"}
    stack = assembly().get_stack_by_name(f"{settings(name).prefix}-service")
    assert bool(stack.termination_protection) is (name in protected)

"""The service: how many tasks, how they are replaced, how many more there may be."""

import pytest

from settings.load import DIRECTORY
from settings.times import ALARM_MINUTES
from templates import attribute, flat, ref, stacks_of, template
from variants import ALL, CANARY, assembly, settings

LB = "ElasticLoadBalancingV2"


@pytest.mark.parametrize("name", ALL)
def test_a_deployment_takes_nothing_away_before_it_brings(name: str) -> None:
    service = template(name, "service").one("ECS::Service")
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentController"] == {"Type": "ECS"}


@pytest.mark.parametrize("name", ALL)
def test_alarms_roll_a_deployment_back_and_are_there_before_it(name: str) -> None:
    stack = template(name, "service")
    service, prefix = stack.one("ECS::Service"), settings(name).prefix
    watched = [f"{prefix}-errors", f"{prefix}-unhealthy"]
    if name == "opposite":
        assert service["DeploymentConfiguration"]["Alarms"]["Enable"] is False
        return
    assert service["DeploymentConfiguration"]["Alarms"] == {
        "AlarmNames": watched,
        "Enable": True,
        "Rollback": True,
    }
    alarms = {stack.only("CloudWatch::Alarm", AlarmName=alarm).id for alarm in watched}
    assert alarms <= set(service.body["DependsOn"])


def test_the_switch_for_rolling_back_by_alarms_is_tested() -> None:
    assert {settings(name).deployment.alarms_roll_back for name in ALL} == {True, False}


@pytest.mark.parametrize("name", ALL)
def test_a_deployment_leaves_the_number_of_tasks_to_scaling(name: str) -> None:
    service, scaling = template(name, "service").one("ECS::Service"), settings(name).scaling
    if scaling.maximum > scaling.minimum:
        assert service.get("DesiredCount") is None
    else:
        assert service["DesiredCount"] == scaling.minimum
    assert service["AvailabilityZoneRebalancing"] == "ENABLED"
    assert len(service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) == 2


@pytest.mark.parametrize("name", ALL)
def test_spot_is_used_only_where_the_file_says_so(name: str) -> None:
    stack = template(name, "service")
    service = stack.one("ECS::Service")
    if settings(name).task.spot:
        assert service["CapacityProviderStrategy"] == [
            {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
        ]
        assert service.get("LaunchType") is None
        stack.one("ECS::ClusterCapacityProviderAssociations")
    else:
        assert service["LaunchType"] == "FARGATE"
        assert service.get("CapacityProviderStrategy") is None


def test_development_is_one_task_by_spot_and_production_two_at_least_and_none_by_spot() -> None:
    dev, prod = settings("dev"), settings("prod")
    assert (dev.scaling.minimum, dev.scaling.maximum, dev.task.spot) == (1, 1, True)
    assert (prod.scaling.minimum, prod.task.spot, prod.production) == (2, False, True)


@pytest.mark.parametrize("name", ALL)
def test_it_stands_behind_the_balancer(name: str) -> None:
    stack = template(name, "service")
    service = stack.one("ECS::Service")
    (target,) = service["LoadBalancers"]
    groups = [ref(group) for group in stack.all(f"{LB}::TargetGroup")]
    assert target["ContainerName"] == "factorial"
    assert target["ContainerPort"] == 5000
    assert target["TargetGroupArn"] in groups
    assert service["HealthCheckGracePeriodSeconds"] == 30
    priority = settings(name).balancer.priority
    rule = stack.only(f"{LB}::ListenerRule", Priority=priority)
    if name not in CANARY:
        assert rule.id in service.body["DependsOn"]
        return
    test = stack.only(f"{LB}::ListenerRule", Priority=priority - 1)
    advanced = target["AdvancedConfiguration"]
    assert advanced["ProductionListenerRule"] == ref(rule)
    assert advanced["TestListenerRule"] == ref(test)
    assert advanced["AlternateTargetGroupArn"] in groups
    assert advanced["AlternateTargetGroupArn"] != target["TargetGroupArn"]


@pytest.mark.parametrize("name", ALL)
def test_a_canary_is_tested_before_it_gets_traffic_and_watched_before_it_gets_all(
    name: str,
) -> None:
    stack, chosen = template(name, "service"), settings(name).deployment
    deployment = stack.one("ECS::Service")["DeploymentConfiguration"]
    if name not in CANARY:
        assert deployment["Strategy"] == "ROLLING"
        assert "LifecycleHooks" not in deployment
        return
    assert deployment["Strategy"] == "CANARY"
    assert deployment["CanaryConfiguration"] == {
        "CanaryPercent": chosen.canary_percent,
        "CanaryBakeTimeInMinutes": chosen.canary_minutes,
    }
    assert deployment["BakeTimeInMinutes"] == chosen.bake_minutes
    (hook,) = deployment["LifecycleHooks"]
    assert hook["HookTargetArn"] == attribute(stack.one("Lambda::Function"), "Arn")
    assert hook["LifecycleStages"] == ["POST_TEST_TRAFFIC_SHIFT"]


@pytest.mark.parametrize("name", ALL)
def test_the_smoke_test_is_a_function_where_ecs_or_a_workflow_cannot_ask_otherwise(
    name: str,
) -> None:
    stack, chosen = template(name, "service"), settings(name)
    functions = stack.all("Lambda::Function")
    assert len(functions) == (name in CANARY or name == "internal")
    output = stack.body["Outputs"].get("SmokeTest")
    # Only its VPC reaches this one, so `make smoke` calls the function instead of asking by itself.
    assert (output is not None) is (name == "internal")
    for function in functions:
        source = (DIRECTORY.parent / "smoke.py").read_text(encoding="utf-8")
        assert function["Code"] == {"ZipFile": source}
        assert (function["Handler"], function["Timeout"]) == ("index.handler", 300)
        variables = function["Environment"]["Variables"]
        assert variables["TEST_HEADER"] == "X-Deployment-Test"
        assert variables["HOST"] == chosen.domain.host
        assert output is None or output["Value"] == function["FunctionName"]


@pytest.mark.parametrize("name", ALL)
def test_an_alarm_can_rise_while_a_deployment_is_still_watched(name: str) -> None:
    """Five minutes at most of observation, two until CloudWatch has the last minute's metrics."""
    stack, prefix = template(name, "service"), settings(name).prefix
    for alarm_name in ("errors", "unhealthy"):
        alarm = stack.only("CloudWatch::Alarm", AlarmName=f"{prefix}-{alarm_name}")
        (period,) = {
            metric["MetricStat"]["Period"] for metric in alarm["Metrics"] if "MetricStat" in metric
        }
        seconds = period * alarm["EvaluationPeriods"]
        assert seconds + 120 <= ALARM_MINUTES * 60
    if name in CANARY:
        deployment = settings(name).deployment
        assert min(deployment.canary_minutes, deployment.bake_minutes) >= ALARM_MINUTES


@pytest.mark.parametrize("name", ALL)
def test_nobody_can_step_into_a_container(name: str) -> None:
    assert template(name, "service").one("ECS::Service")["EnableExecuteCommand"] is False


@pytest.mark.parametrize("name", ALL)
def test_scaling_is_by_processor_between_the_files_numbers(name: str) -> None:
    stack, scaling = template(name, "service"), settings(name).scaling
    if scaling.minimum == scaling.maximum:
        assert stack.all("ApplicationAutoScaling::ScalableTarget") == []
        return
    target = stack.one("ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (scaling.minimum, scaling.maximum)
    assert target["ScalableDimension"] == "ecs:service:DesiredCount"
    service = stack.one("ECS::Service")
    assert flat(target["ResourceId"]).endswith(flat(attribute(service, "Name")))
    policy = stack.one("ApplicationAutoScaling::ScalingPolicy")
    by_cpu = policy["TargetTrackingScalingPolicyConfiguration"]
    assert by_cpu["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
    }
    assert by_cpu["TargetValue"] == scaling.cpu_percent


@pytest.mark.parametrize("name", ALL)
def test_the_stack_with_the_balancer_is_protected_like_it(name: str) -> None:
    for stack in ("service", "balancer"):
        if stack in stacks_of(name):
            has_balancer = bool(template(name, stack).all(f"{LB}::LoadBalancer"))
            artifact = assembly().get_stack_by_name(f"{settings(name).prefix}-{stack}")
            assert bool(artifact.termination_protection) is (
                has_balancer and settings(name).balancer.deletion_protection
            )

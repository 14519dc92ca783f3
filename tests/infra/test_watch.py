"""Alarms whose thresholds follow from something, the topic, the dashboard, the budget."""

import re
from pathlib import Path
from typing import Any

import pytest

from templates import Resource, attribute, flat, imported, ref, stacks_of, statements, template
from variants import ALL, BALANCER_NAME, SHARED, settings

LB = "ElasticLoadBalancingV2"
NAMES = ("errors", "refused", "slow", "unhealthy", "missing", "cpu", "memory")
TARGET_METRICS = {
    "RequestCount",
    "HTTPCode_Target_5XX_Count",
    "TargetResponseTime",
    "UnHealthyHostCount",
    "HealthyHostCount",
}


def alarm(environment: str, name: str) -> Resource:
    full_name = f"{settings(environment).prefix}-{name}"
    return template(environment, "service").only("CloudWatch::Alarm", AlarmName=full_name)


def metrics(found: Resource) -> dict[str, dict[str, Any]]:
    """The metrics that an alarm looks at, by their ids."""
    return {m["Id"]: m["MetricStat"] for m in found["Metrics"] if "MetricStat" in m}


def single(found: Resource) -> tuple[str, str, int]:
    """Name, statistic and period of the one metric that an alarm looks at, be it of two groups."""
    ((name, statistic, period),) = {
        (stat["Metric"]["MetricName"], stat["Stat"], stat["Period"])
        for stat in metrics(found).values()
    }
    return name, statistic, period


@pytest.mark.parametrize("name", ALL)
def test_these_alarms_and_no_other(name: str) -> None:
    prefix = settings(name).prefix
    assert {a["AlarmName"] for a in template(name, "service").all("CloudWatch::Alarm")} == {
        f"{prefix}-{alarm_name}" for alarm_name in NAMES
    }


RUNBOOK = (Path(__file__).parent.parent.parent / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", ALL)
def test_every_alarm_leads_to_its_section_of_the_runbook(name: str) -> None:
    for stack in stacks_of(name):
        for found in template(name, stack).all("CloudWatch::Alarm"):
            alarm_name = found["AlarmName"].removeprefix(f"{settings(name).prefix}-")
            repository = settings(name).delivery.repository_name
            assert found["AlarmDescription"].endswith(
                f"Runbook: https://github.com/{repository}/blob/main/docs/runbook.md#{alarm_name}"
            )
            for part in ("**Meaning.**", "**First look.**", "**Usual causes.**", "**Way back.**"):
                assert part in SECTIONS[alarm_name], f"{alarm_name} has no {part}"


def test_the_runbook_has_no_section_without_an_alarm() -> None:
    assert set(SECTIONS) == {*NAMES, "edge-origin", "edge-hits", "budget"}


@pytest.mark.parametrize("alarm_name", NAMES)
def test_the_runbook_says_which_alarms_roll_a_deployment_back(alarm_name: str) -> None:
    says = "rolls a deployment back" in SECTIONS[alarm_name]
    watched = template("prod", "service").one("ECS::Service")["DeploymentConfiguration"]["Alarms"]
    assert says is (f"{settings('prod').prefix}-{alarm_name}" in watched["AlarmNames"])


@pytest.mark.parametrize("name", ALL)
def test_missing_data_is_no_alarm_but_of_tasks_and_every_alarm_is_told(name: str) -> None:
    stack = template(name, "service")
    topic = ref(stack.one("SNS::Topic"))
    for found in stack.all("CloudWatch::Alarm"):
        of_tasks = found["AlarmName"] == f"{settings(name).prefix}-missing"
        assert found["TreatMissingData"] == ("breaching" if of_tasks else "notBreaching")
        assert found["AlarmActions"] == found["OKActions"] == [topic]
        assert found["AlarmDescription"]


def value(found: Resource, **figures: float) -> float:
    """What an alarm computes for a period in which its metrics have these values, by the metrics' names.

    Of two target groups the first has the whole value.
    """
    names: dict[str, Any] = {
        "IF": lambda test, yes, no: yes if test else no,
        "FILL": lambda figure, _: figure,
        "SUM": sum,
        "MAX": max,
    }
    for key, stat in metrics(found).items():
        name = stat["Metric"]["MetricName"]
        names[key] = 0 if "_" in key and key.endswith("1") else figures[name]
    expressions = {m["Id"]: m["Expression"] for m in found["Metrics"] if "Expression" in m}
    (result,) = (m["Id"] for m in found["Metrics"] if m.get("ReturnData"))
    # Those that others are made of come first here.
    for key in sorted(expressions, key=lambda key: key == result):
        names[key] = eval(expressions[key], {"__builtins__": {}}, names)  # noqa: S307
    return names[result]


@pytest.mark.parametrize("name", ALL)
def test_errors_are_a_ratio_with_a_minimum_of_requests_and_without_refusals(name: str) -> None:
    found, limits = alarm(name, "errors"), settings(name).alarms
    assert found["Threshold"] == limits.error_percent
    assert found["ComparisonOperator"] == "GreaterThanThreshold"
    own = settings(name).balancer.kind == "own"
    expected = {"RequestCount", "HTTPCode_Target_5XX_Count", "Refused"}
    used = {stat["Metric"]["MetricName"] for stat in metrics(found).values()}
    assert used == expected | ({"HTTPCode_ELB_5XX_Count"} if own else set())
    assert {stat["Period"] for stat in metrics(found).values()} == {300}
    assert {stat["Stat"] for stat in metrics(found).values()} == {"Sum"}

    def percent(requests: int, failed: int, refused: int = 0, unanswered: int = 0) -> float:
        return value(
            found,
            RequestCount=requests,
            HTTPCode_Target_5XX_Count=failed,
            Refused=refused,
            HTTPCode_ELB_5XX_Count=unanswered,
        )

    few, many = limits.minimum_requests - 1, limits.minimum_requests
    assert percent(few, few) == 0
    assert percent(many, many) == 100
    assert percent(1000, 30) == 3
    assert percent(1000, 30, refused=30) == 0
    if own:
        assert percent(0, 0, unanswered=many) == 100


@pytest.mark.parametrize("name", ALL)
def test_refusals_are_counted_from_the_logs_reason(name: str) -> None:
    stack, found = template(name, "service"), alarm(name, "refused")
    log_filter = stack.one("Logs::MetricFilter")
    assert log_filter["LogGroupName"] == ref(
        stack.only("Logs::LogGroup", LogGroupName=f"/mod-factorial/{name}")
    )
    assert log_filter["FilterPattern"] == '{ ($.status = 503) && ($.reason = "busy") }'
    (transformation,) = log_filter["MetricTransformations"]
    (stat,) = metrics(found).values()
    assert transformation["MetricValue"] == "1"
    assert transformation["MetricName"] == stat["Metric"]["MetricName"]
    assert transformation["MetricNamespace"] == stat["Metric"]["Namespace"]
    assert found["Threshold"] == settings(name).alarms.refusals
    assert single(found) == ("Refused", "Sum", 300)


@pytest.mark.parametrize("name", ALL)
def test_slowness_is_measured_by_the_time_limit(name: str) -> None:
    found = alarm(name, "slow")
    assert single(found) == ("TargetResponseTime", "p99", 300)
    assert found["Threshold"] == settings(name).times.computing


@pytest.mark.parametrize("name", ALL)
def test_hosts_are_watched_from_both_sides(name: str) -> None:
    unhealthy, missing = alarm(name, "unhealthy"), alarm(name, "missing")
    assert single(unhealthy) == ("UnHealthyHostCount", "Maximum", 60)
    assert (unhealthy["ComparisonOperator"], unhealthy["Threshold"]) == ("GreaterThanThreshold", 0)
    assert single(missing) == ("HealthyHostCount", "Minimum", 60)
    assert value(missing, HealthyHostCount=3) == 3
    assert value(unhealthy, UnHealthyHostCount=2) == 2
    assert missing["ComparisonOperator"] == "LessThanThreshold"
    assert missing["Threshold"] == settings(name).scaling.minimum


@pytest.mark.parametrize("name", ALL)
def test_processor_and_memory(name: str) -> None:
    stack, chosen = template(name, "service"), settings(name)
    cpu, memory = alarm(name, "cpu"), alarm(name, "memory")
    service = attribute(stack.one("ECS::Service"), "Name")
    for found, metric in ((cpu, "CPUUtilization"), (memory, "MemoryUtilization")):
        assert (found["Namespace"], found["MetricName"]) == ("AWS/ECS", metric)
        assert {"Name": "ServiceName", "Value": service} in found["Dimensions"]
    assert cpu["Threshold"] == chosen.alarms.cpu_percent > chosen.scaling.cpu_percent
    planned = 100 * chosen.budget.planned_mib / chosen.task.memory
    assert planned <= memory["Threshold"] < min(planned + 1, 100)


@pytest.mark.parametrize("name", ALL)
def test_balancer_metrics_are_of_our_targets(name: str) -> None:
    stack = template(name, "service")
    groups = [attribute(group, "TargetGroupFullName") for group in stack.all(f"{LB}::TargetGroup")]
    seen = set()
    for alarm_name in ("errors", "slow", "unhealthy", "missing"):
        for stat in metrics(alarm(name, alarm_name)).values():
            metric = stat["Metric"]
            given = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
            if metric["MetricName"] == "Refused":
                continue
            if name in SHARED:
                assert given["LoadBalancer"] == BALANCER_NAME
            else:
                made = template(name, "balancer" if name == "central" else "service")
                balancer = attribute(made.one(f"{LB}::LoadBalancer"), "LoadBalancerFullName")
                assert imported(given["LoadBalancer"], made) == balancer
            if metric["MetricName"] in TARGET_METRICS:
                assert given["TargetGroup"] in groups
                seen.add((metric["MetricName"], flat(given["TargetGroup"])))
            else:
                assert set(given) == {"LoadBalancer"}
                assert metric["MetricName"] == "HTTPCode_ELB_5XX_Count"
    assert seen == {(metric, flat(group)) for metric in TARGET_METRICS for group in groups}


@pytest.mark.parametrize("name", ALL)
def test_the_topic_writes_to_the_files_addresses(name: str) -> None:
    stack = template(name, "service")
    subscriptions = stack.all("SNS::Subscription")
    assert [s["Endpoint"] for s in subscriptions] == settings(name).alarms.emails
    assert all(s["Protocol"] == "email" for s in subscriptions)
    assert all(s["TopicArn"] == ref(stack.one("SNS::Topic")) for s in subscriptions)


def test_the_switch_for_addresses_is_tested() -> None:
    assert len(settings("opposite").alarms.emails) == 2


@pytest.mark.parametrize("name", ALL)
def test_alarms_and_budget_of_this_account_may_publish_over_tls_only(name: str) -> None:
    stack = template(name, "service")
    policy = statements(stack.one("SNS::TopicPolicy"))
    (denied,) = (s for s in policy if s["Effect"] == "Deny")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (allowed,) = (s for s in policy if s["Effect"] == "Allow")
    assert set(allowed["Principal"]["Service"]) == {
        "cloudwatch.amazonaws.com",
        "budgets.amazonaws.com",
    }
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": ref_account()}}


def ref_account() -> dict[str, str]:
    return {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize("name", ALL)
def test_the_dashboard_shows_every_alarm_and_figure(name: str) -> None:
    stack = template(name, "service")
    body = flat(stack.one("CloudWatch::Dashboard")["DashboardBody"])
    for found in stack.all("CloudWatch::Alarm"):
        assert found.id in body
    figures = (*TARGET_METRICS, "Refused", "CPUUtilization", "MemoryUtilization")
    assert [figure for figure in figures if f'"{figure}"' not in body] == []


@pytest.mark.parametrize("name", ALL)
def test_the_budget_warns_before_and_when_it_is_spent(name: str) -> None:
    stack = template(name, "service")
    budget = stack.one("Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {
        "Amount": settings(name).alarms.monthly_dollars,
        "Unit": "USD",
    }
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
    told = budget["NotificationsWithSubscribers"]
    assert [
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"]) for n in told
    ] == [("FORECASTED", 100), ("ACTUAL", 80)]
    topic = {"SubscriptionType": "SNS", "Address": ref(stack.one("SNS::Topic"))}
    assert all(n["Subscribers"] == [topic] for n in told)
    assert stack.one("SNS::TopicPolicy").id in budget.body["DependsOn"]

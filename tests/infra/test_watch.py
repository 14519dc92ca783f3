"""Alarms whose thresholds follow from something, the topic, the dashboard, the budget."""

from typing import Any

import pytest

from templates import Resource, attribute, flat, ref, statements, template
from variants import ALL, BALANCER_NAME, settings

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
    (only,) = metrics(found).values()
    return only["Metric"]["MetricName"], only["Stat"], only["Period"]


@pytest.mark.parametrize("name", ALL)
def test_these_alarms_and_no_other(name: str) -> None:
    prefix = settings(name).prefix
    assert {a["AlarmName"] for a in template(name, "service").all("CloudWatch::Alarm")} == {
        f"{prefix}-{alarm_name}" for alarm_name in NAMES
    }


@pytest.mark.parametrize("name", ALL)
def test_missing_data_is_no_alarm_but_of_tasks_and_every_alarm_is_told(name: str) -> None:
    stack = template(name, "service")
    topic = ref(stack.one("SNS::Topic"))
    for found in stack.all("CloudWatch::Alarm"):
        of_tasks = found["AlarmName"] == f"{settings(name).prefix}-missing"
        assert found["TreatMissingData"] == ("breaching" if of_tasks else "notBreaching")
        assert found["AlarmActions"] == found["OKActions"] == [topic]
        assert found["AlarmDescription"]


def value(expression: str, **figures: float) -> float:
    """Computes an expression of CloudWatch's for one period in which every metric has a value."""
    names = {"IF": lambda test, yes, no: yes if test else no, "FILL": lambda figure, _: figure}
    return eval(expression, {"__builtins__": {}}, {**names, **figures})  # noqa: S307


@pytest.mark.parametrize("name", ALL)
def test_errors_are_a_ratio_with_a_minimum_of_requests_and_without_refusals(name: str) -> None:
    found, limits = alarm(name, "errors"), settings(name).alarms
    assert found["Threshold"] == limits.error_percent
    assert found["ComparisonOperator"] == "GreaterThanThreshold"
    (expression,) = (m["Expression"] for m in found["Metrics"] if m.get("ReturnData"))
    used = {key: stat["Metric"]["MetricName"] for key, stat in metrics(found).items()}
    expected = {
        "requests": "RequestCount",
        "failed": "HTTPCode_Target_5XX_Count",
        "refused": "Refused",
    }
    if name != "shared":
        expected["unanswered"] = "HTTPCode_ELB_5XX_Count"
    assert used == expected
    assert {stat["Period"] for stat in metrics(found).values()} == {300}
    assert {stat["Stat"] for stat in metrics(found).values()} == {"Sum"}

    few, many = limits.minimum_requests - 1, limits.minimum_requests
    silent = {"refused": 0} if name == "shared" else {"refused": 0, "unanswered": 0}
    assert value(expression, requests=few, failed=few, **silent) == 0
    assert value(expression, requests=many, failed=many, **silent) == 100
    assert value(expression, requests=1000, failed=30, **silent) == 3
    assert value(expression, requests=1000, failed=30, **{**silent, "refused": 30}) == 0
    if name != "shared":
        outage = {"requests": 0, "failed": 0, "refused": 0, "unanswered": many}
        assert value(expression, **outage) == 100


@pytest.mark.parametrize("name", ALL)
def test_refusals_are_counted_from_the_logs_reason(name: str) -> None:
    stack, found = template(name, "service"), alarm(name, "refused")
    log_filter = stack.one("Logs::MetricFilter")
    assert log_filter["LogGroupName"] == ref(stack.one("Logs::LogGroup"))
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
    assert missing["ComparisonOperator"] == "LessThanThreshold"
    assert missing["Threshold"] == settings(name).scaling.desired


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
    group = attribute(stack.one(f"{LB}::TargetGroup"), "TargetGroupFullName")
    balancer = (
        BALANCER_NAME
        if name == "shared"
        else attribute(stack.one(f"{LB}::LoadBalancer"), "LoadBalancerFullName")
    )
    seen = set()
    for alarm_name in ("errors", "slow", "unhealthy", "missing"):
        for stat in metrics(alarm(name, alarm_name)).values():
            metric = stat["Metric"]
            given = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
            if metric["MetricName"] in TARGET_METRICS:
                assert given == {"LoadBalancer": balancer, "TargetGroup": group}
            elif metric["MetricName"] == "HTTPCode_ELB_5XX_Count":
                assert given == {"LoadBalancer": balancer}
            seen.add(metric["MetricName"])
    expected = TARGET_METRICS | {"Refused"}
    assert seen == (expected if name == "shared" else expected | {"HTTPCode_ELB_5XX_Count"})


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

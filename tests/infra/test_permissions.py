"""The permissions stack: who may deploy what, and what CloudFormation and the stacks' roles may do."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from deploy_actions import FILE, needed
from parts.deploy_policies import GIVES_PERMISSIONS
from templates import Resource, actions, flat, ref, stacks_of, statements, template
from variants import ACCOUNT, ALL, EXISTING_NETWORK, PROVIDER, SHARED, SHARED_BALANCER, settings

GITHUB = "token.actions.githubusercontent.com"


def role(name: str, part: str) -> Resource:
    return template(name, "permissions").only(
        "IAM::Role", RoleName=f"{settings(name).prefix}-{part}"
    )


def allowed(name: str, part: str) -> list[dict[str, Any]]:
    """The statements of a role."""
    stack = template(name, "permissions")
    found = role(name, part)
    assert found.get("ManagedPolicyArns") is None
    (policy,) = (p for p in stack.all("IAM::Policy") if p["Roles"] == [ref(found)])
    return statements(policy)


def may(granted: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether IAM would allow it, by names alone."""

    def matches(statement: dict[str, Any]) -> bool:
        resources = statement["Resource"]
        given = resources if isinstance(resources, list) else [resources]
        return any(fnmatchcase(action, each) for each in actions(statement)) and any(
            fnmatchcase(resource, flat(each).replace("{AWS::Partition}", "aws")) for each in given
        )

    effects = {statement["Effect"] for statement in granted if matches(statement)}
    return effects == {"Allow"}


def managed(name: str, part: str) -> list[dict[str, Any]]:
    """The statements of the managed policies whose names begin so."""
    return [
        statement
        for policy in template(name, "permissions").all("IAM::ManagedPolicy")
        if policy["ManagedPolicyName"].startswith(f"{settings(name).prefix}-{part}")
        for statement in statements(policy)
    ]


# ---- who is trusted


@pytest.mark.parametrize(
    ("part", "environment", "workflows"),
    [("delivery", "{}", ["deliver.yml"]), ("plan", "{}-plan", ["deliver.yml", "weekly.yml"])],
)
@pytest.mark.parametrize("name", ALL)
def test_a_workflow_is_trusted_as_the_main_branch_has_it_in_one_environment(
    name: str, part: str, environment: str, workflows: list[str]
) -> None:
    delivery = settings(name).delivery
    (trust,) = role(name, part)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    condition = trust["Condition"]["StringEquals"]
    subject = f"environment:{environment.format(delivery.github_environment)}"
    assert condition[f"{GITHUB}:aud"] == "sts.amazonaws.com"
    assert condition[f"{GITHUB}:sub"] == f"repo:{delivery.github_repository}:{subject}"
    repository = "owner/name" if name == "opposite" else "example-org/mod_factorial"
    refs = condition[f"{GITHUB}:job_workflow_ref"]
    assert ([refs] if isinstance(refs, str) else refs) == [
        f"{repository}/.github/workflows/{file}@refs/heads/main" for file in workflows
    ]
    stack = template(name, "permissions")
    if delivery.oidc_provider_arn:
        assert stack.all("IAM::OIDCProvider") == []
        assert trust["Principal"] == {"Federated": PROVIDER}
    else:
        provider = stack.one("IAM::OIDCProvider")
        assert provider["Url"] == f"https://{GITHUB}"
        assert provider["ClientIdList"] == ["sts.amazonaws.com"]
        assert trust["Principal"] == {"Federated": ref(provider)}


# ---- what the roles may do, in an account that two environments share


def stack_of(environment: str, part: str) -> str:
    return (
        f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/mod-factorial-{environment}-{part}/1"
    )


@pytest.mark.parametrize("part", ["deploy", "delivery"])
def test_a_role_deploys_its_own_environment_and_no_other(part: str) -> None:
    granted = allowed("dev", part)
    for action in ("ExecuteChangeSet", "DeleteStack", "UpdateStack", "CreateChangeSet"):
        assert may(granted, f"cloudformation:{action}", stack_of("dev", "service"))
        assert not may(granted, f"cloudformation:{action}", stack_of("prod", "service"))
        assert not may(granted, f"cloudformation:{action}", stack_of("dev", "permissions"))
    roles = f"arn:aws:iam::{ACCOUNT}:role"
    own = f"{roles}/cdk-factdev-cfn-exec-role-{ACCOUNT}-eu-central-1"
    assert may(granted, "iam:PassRole", own)
    assert not may(granted, "iam:PassRole", own.replace("factdev", "factprod"))
    assert not may(granted, "iam:PassRole", f"{roles}/mod-factorial-dev-deploy")
    assert not may(granted, "sts:AssumeRole", f"{roles}/mod-factorial-prod-deploy")


@pytest.mark.parametrize("name", ALL)
def test_planning_prepares_a_change_and_makes_none(name: str) -> None:
    granted = allowed(name, "plan")
    assert may(granted, "cloudformation:CreateChangeSet", stack_of(name, "service"))
    service = (
        f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/mod-factorial-{name}/mod-factorial-{name}"
    )
    assert may(granted, "ecs:DescribeServices", service)
    assert may(granted, "ecs:DescribeTaskDefinition", "*")
    changing = ("Execute", "Update", "Delete", "Put", "Upload", "CreateStack", "Continue", "Roll")
    given = {
        action.partition(":")[2] for s in granted if s["Effect"] == "Allow" for action in actions(s)
    }
    assert {action for action in given if action.startswith(changing)} == {"DeleteChangeSet"}


@pytest.mark.parametrize("name", ALL)
def test_only_the_environment_that_has_the_repository_writes_to_it(name: str) -> None:
    images = f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/mod-factorial"
    granted = allowed(name, "delivery")
    for action in ("PutImage", "BatchDeleteImage", "InitiateLayerUpload"):
        assert may(granted, f"ecr:{action}", images) is settings(name).registry.create
    assert may(granted, "ecr:BatchGetImage", images)
    assert not may(granted, "ecr:DeleteRepository", images)


@pytest.mark.parametrize("name", ALL)
def test_the_workflow_calls_the_smoke_test_where_it_cannot_ask_by_itself(name: str) -> None:
    function = (
        f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:mod-factorial-{name}-deployment-test"
    )
    assert may(allowed(name, "delivery"), "lambda:InvokeFunction", function) is (name == "internal")
    assert not may(allowed(name, "plan"), "lambda:InvokeFunction", function)


# ---- what CloudFormation may do


def test_the_list_of_actions_is_what_the_templates_need() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == needed(), "run: make infra-actions"


@pytest.mark.parametrize("name", ALL)
def test_the_policies_allow_every_action_of_the_list(name: str) -> None:
    patterns = {a for s in managed(name, "deploy") if s["Effect"] == "Allow" for a in actions(s)}
    exempt = {"iam:DeleteRolePermissionsBoundary", "iam:ListRoles"}
    missing = [
        action
        for action in needed()
        if action not in exempt and not any(fnmatchcase(action, each) for each in patterns)
    ]
    assert missing == []


NAMED = {
    "Budgets::Budget": ("budgets:ModifyBudget", "arn:aws:budgets::{account}:budget/{name}"),
    "CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
    "CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "arn:aws:cloudwatch::{account}:dashboard/{name}"),
    "ECR::Repository": ("ecr:CreateRepository", "arn:aws:ecr:{region}:{account}:repository/{name}"),
    "Lambda::Function": ("lambda:CreateFunction", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "SNS::Topic": ("sns:CreateTopic", "arn:aws:sns:{region}:{account}:{name}"),
}  # fmt: skip
"""Kinds of resources with names of ours, by which the policies limit them."""


def name_of(resource: Resource) -> str:
    if resource.type == "AWS::Budgets::Budget":
        return resource["Budget"]["BudgetName"]
    key = resource.type.rpartition("::")[2]
    return resource[f"{key}Name"]


@pytest.mark.parametrize("name", ALL)
def test_the_policies_reach_every_resource_that_is_named(name: str) -> None:
    granted = [s for s in managed(name, "deploy") if s["Effect"] == "Allow"]
    place = {"account": ACCOUNT, "region": "eu-central-1"}
    for stack in stacks_of(name):
        for kind, (action, arn) in NAMED.items():
            for resource in template(name, stack).all(kind):
                found = arn.format(name=name_of(resource), **place)
                assert may(granted, action, found), found
    # Scaling to a target makes two alarms, on behalf of the role that makes the policy.
    prefix = settings(name).prefix
    scaling = f"TargetTracking-service/{prefix}/{prefix}-AlarmHigh-0123"
    alarm = NAMED["CloudWatch::Alarm"][1].format(name=scaling, **place)
    for action in ("PutMetricAlarm", "DeleteAlarms"):
        assert may(granted, f"cloudwatch:{action}", alarm)
        assert not may(granted, f"cloudwatch:{action}", alarm.replace(prefix, "other"))


@pytest.mark.parametrize("name", ALL)
def test_a_managed_policy_is_no_longer_than_iam_takes_and_a_role_has_ten_at_most(name: str) -> None:
    found = template(name, "permissions").all("IAM::ManagedPolicy")
    assert len(found) <= 10
    for policy in found:
        text = flat(json.dumps(policy["PolicyDocument"], separators=(",", ":")))
        assert len(text) <= 6144, policy["ManagedPolicyName"]


@pytest.mark.parametrize("name", ALL)
def test_cloudformation_gives_no_role_more_than_the_boundary(name: str) -> None:
    prefix, granted = settings(name).prefix, managed(name, "deploy")
    boundary = f"arn:{{AWS::Partition}}:iam::{ACCOUNT}:policy/{prefix}-boundary"
    for statement in granted:
        given = actions(statement)
        if given & set(GIVES_PERMISSIONS):
            condition = statement["Condition"]["StringEquals"]
            assert flat(condition["iam:PermissionsBoundary"]) == boundary
            assert flat(statement["Resource"]).endswith(f":role/{prefix}/*")
        if "iam:PassRole" in given:
            assert (
                "ecs-tasks.amazonaws.com"
                in statement["Condition"]["StringEquals"]["iam:PassedToService"]
            )
    given = {action for s in granted if s["Effect"] == "Allow" for action in actions(s)}
    assert "iam:DeleteRolePermissionsBoundary" not in given
    assert not any(
        action.startswith("iam:") and "Policy" in action and action not in GIVES_PERMISSIONS
        for action in given
        - {
            "iam:GetRolePolicy",
            "iam:ListRolePolicies",
            "iam:ListAttachedRolePolicies",
            "iam:UpdateAssumeRolePolicy",
        }
    )


@pytest.mark.parametrize("name", ALL)
def test_cloudformation_touches_nothing_that_is_tagged_for_another_environment(name: str) -> None:
    (denied,) = (s for s in managed(name, "deploy") if s["Effect"] == "Deny")
    assert denied["Action"] == "*"
    if settings(name).network.kind == "new":
        assert denied["Resource"] == "*"
    else:
        # What the environment uses of others on purpose.
        given = {flat(each).rpartition("/")[2] for each in denied["NotResource"]}
        assert {EXISTING_NETWORK["vpc_id"], *EXISTING_NETWORK["task_subnet_ids"]} <= given
        listener = SHARED_BALANCER["listener_arn"]
        assert (listener in denied["NotResource"]) is (name in SHARED)
    assert denied["Condition"] == {
        "StringNotEquals": {"aws:ResourceTag/environment": name},
        "Null": {"aws:ResourceTag/environment": "false"},
    }


# ---- what the stacks' roles may do


@pytest.mark.parametrize("name", ALL)
def test_every_role_of_a_stack_has_the_boundary_and_the_environments_path(name: str) -> None:
    prefix = settings(name).prefix
    for stack in stacks_of(name):
        for found in template(name, stack).all("IAM::Role") if stack != "permissions" else []:
            assert found["Path"] == f"/{prefix}/"
            assert flat(found["PermissionsBoundary"]).endswith(f":policy/{prefix}-boundary")


@pytest.mark.parametrize("name", ALL)
def test_the_boundary_allows_what_the_roles_are_given(name: str) -> None:
    limits = {action for s in managed(name, "boundary") for action in actions(s)}
    given = {
        action
        for stack in stacks_of(name)
        if stack != "permissions"
        for policy in template(name, stack).all("IAM::Policy")
        for statement in statements(policy)
        for action in actions(statement)
    }
    assert [a for a in sorted(given) if not any(fnmatchcase(a, each) for each in limits)] == []
    assert not any(action.startswith(("iam:", "sts:", "s3:", "*")) for action in limits)

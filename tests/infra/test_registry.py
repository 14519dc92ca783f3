"""The registry stack: the repository and the role that a workflow takes on."""

import pytest

from templates import actions, attribute, flat, ref, statements, template
from variants import ALL, PROVIDER, settings

CREATING = [name for name in ALL if name != "existing"]


@pytest.mark.parametrize("name", CREATING)
def test_tags_are_immutable_except_latest_and_images_are_scanned(name: str) -> None:
    repository = template(name, "registry").one("ECR::Repository")
    assert repository["RepositoryName"] == settings(name).registry.repository
    assert repository["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert repository["ImageTagMutabilityExclusionFilters"] == [
        {
            "ImageTagMutabilityExclusionFilterType": "WILDCARD",
            "ImageTagMutabilityExclusionFilterValue": "latest",
        }
    ]
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository.body["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_second_environment_of_an_account_makes_no_second_repository() -> None:
    assert template("existing", "registry").all("ECR::Repository") == []


@pytest.mark.parametrize("name", ALL)
def test_the_registry_stack_waits_for_no_other_and_needs_no_image(name: str) -> None:
    stack = template(name, "registry").body
    assert "ImportValue" not in flat(stack)
    assert "sha256:" not in flat(stack)
    assert "ImportValue" not in flat(template(name, "network").body)


@pytest.mark.parametrize("name", ALL)
def test_the_role_is_trusted_for_one_repository_and_environment(name: str) -> None:
    stack, delivery = template(name, "registry"), settings(name).delivery
    role = stack.one("IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": (
                f"repo:{delivery.github_repository}:environment:{delivery.github_environment}"
            ),
        }
    }
    if delivery.oidc_provider_arn:
        assert stack.all("IAM::OIDCProvider") == []
        assert trust["Principal"] == {"Federated": PROVIDER}
    else:
        provider = stack.one("IAM::OIDCProvider")
        assert provider["Url"] == "https://token.actions.githubusercontent.com"
        assert provider["ClientIdList"] == ["sts.amazonaws.com"]
        assert trust["Principal"] == {"Federated": ref(provider)}


@pytest.mark.parametrize("name", ALL)
def test_the_role_may_deploy_and_push_and_nothing_else(name: str) -> None:
    stack = template(name, "registry")
    assert "ManagedPolicyArns" not in stack.one("IAM::Role").body["Properties"]
    policy = stack.one("IAM::Policy")
    assert policy["Roles"] == [ref(stack.one("IAM::Role"))]
    deploy, push, log_in = statements(policy)

    assert actions(deploy) == {"sts:AssumeRole"}
    assert flat(deploy["Resource"]) == "arn:{AWS::Partition}:iam::{AWS::AccountId}:role/cdk-*"

    assert actions(push) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchDeleteImage",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:ListImages",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    }
    if name == "existing":
        assert flat(push["Resource"]).endswith(":repository/mod-factorial")
    else:
        assert push["Resource"] == attribute(stack.one("ECR::Repository"), "Arn")

    assert actions(log_in) == {"ecr:GetAuthorizationToken"}
    assert log_in["Resource"] == "*"

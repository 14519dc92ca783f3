"""The task definition: one image, locked down, told its budget; roles that may do next to nothing."""

from typing import Any

import pytest

from settings.image import HEALTH_PROBE
from templates import actions, attribute, flat, ref, statements, template
from variants import ALL, COMMIT, DIGEST, settings


def container(name: str) -> dict[str, Any]:
    (only,) = template(name, "service").one("ECS::TaskDefinition")["ContainerDefinitions"]
    return only


def environment(name: str) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in container(name)["Environment"]}


@pytest.mark.parametrize("name", ALL)
def test_the_image_is_one_that_the_registry_has(name: str) -> None:
    registry = "111122223333.dkr.ecr.eu-central-1.{AWS::URLSuffix}/mod-factorial"
    reference = f":{COMMIT}" if name == "opposite" else f"@{DIGEST}"
    assert flat(container(name)["Image"]) == registry + reference


@pytest.mark.parametrize("name", ALL)
def test_the_container_is_locked_down(name: str) -> None:
    given = container(name)
    assert given["User"] == "65532"
    assert given["ReadonlyRootFilesystem"] is True
    assert not given.get("Privileged")
    assert given["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert given["LinuxParameters"]["InitProcessEnabled"] is False
    assert given["Essential"] is True


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_mounted_for_the_image_writes_to_dev_shm_only(name: str) -> None:
    assert template(name, "service").one("ECS::TaskDefinition").get("Volumes") is None
    assert "MountPoints" not in container(name)
    assert "Tmpfs" not in container(name)["LinuxParameters"]


@pytest.mark.parametrize("name", ALL)
def test_the_images_own_probe_is_asked_without_a_shell(name: str) -> None:
    check = container(name)["HealthCheck"]
    assert check["Command"] == ["CMD", HEALTH_PROBE] == ["CMD", "/usr/local/bin/health-probe"]


@pytest.mark.parametrize("name", ALL)
def test_it_listens_where_the_balancer_asks(name: str) -> None:
    assert container(name)["PortMappings"] == [{"ContainerPort": 5000, "Protocol": "tcp"}]


@pytest.mark.parametrize("name", ALL)
def test_the_size_is_the_files_and_decides_the_budget(name: str) -> None:
    definition, chosen = template(name, "service").one("ECS::TaskDefinition"), settings(name)
    assert definition["Cpu"] == str(chosen.task.cpu)
    assert definition["Memory"] == str(chosen.task.memory)
    told = environment(name)
    assert told["FACTORIAL_MEMORY"] == str(chosen.budget.memory_mib)
    assert told["FACTORIAL_CONCURRENCY"] == str(chosen.budget.concurrency)
    assert told["FACTORIAL_THREADS"] == str(chosen.budget.threads)
    assert told["FACTORIAL_MAX_NUMBER"] == str(chosen.budget.max_number)
    assert told["MAX_REQUEST_WORKERS"] == str(chosen.budget.max_request_workers)
    assert told["THREADS_PER_CHILD"] == str(chosen.budget.threads_per_child)
    assert told["ASYNC_REQUEST_WORKER_FACTOR"] == str(chosen.budget.async_request_worker_factor)
    assert int(told["FACTORIAL_MEMORY"]) < chosen.task.memory


@pytest.mark.parametrize("name", ALL)
def test_the_times_are_the_files(name: str) -> None:
    told, times = environment(name), settings(name).times
    assert told["FACTORIAL_TIMEOUT"] == str(times.computing)
    assert told["FACTORIAL_QUEUE_TIMEOUT"] == str(times.queue)
    assert told["FACTORIAL_SEND_TIMEOUT"] == str(times.sending)
    assert told["KEEPALIVE_TIMEOUT"] == str(times.keep_alive)
    assert told["GRACEFUL_SHUTDOWN_TIMEOUT"] == str(times.graceful_shutdown)
    assert container(name)["StopTimeout"] == times.stop


@pytest.mark.parametrize("name", ALL)
def test_it_is_told_all_that_it_may_be_told_and_nothing_secret(name: str) -> None:
    told = environment(name)
    assert set(told) == {
        "FACTORIAL_MAX_NUMBER",
        "FACTORIAL_MEMORY",
        "FACTORIAL_CONCURRENCY",
        "FACTORIAL_THREADS",
        "FACTORIAL_TIMEOUT",
        "FACTORIAL_QUEUE_TIMEOUT",
        "FACTORIAL_SEND_TIMEOUT",
        "KEEPALIVE_TIMEOUT",
        "GRACEFUL_SHUTDOWN_TIMEOUT",
        "MAX_REQUEST_WORKERS",
        "THREADS_PER_CHILD",
        "ASYNC_REQUEST_WORKER_FACTOR",
        "CORS_ORIGIN",
        "LOG_LEVEL",
        "TRUSTED_PROXIES",
    }
    assert told["CORS_ORIGIN"] == settings(name).task.cors_origin
    assert told["LOG_LEVEL"] == settings(name).logs.level
    assert told["TRUSTED_PROXIES"] == " ".join(settings(name).network.proxies)
    assert "Secrets" not in container(name)


def test_the_trusted_proxies_are_the_balancers_network() -> None:
    assert environment("prod")["TRUSTED_PROXIES"] == "10.30.0.0/16"
    assert environment("shared")["TRUSTED_PROXIES"] == "10.99.0.0/24 10.99.1.0/28"


@pytest.mark.parametrize("name", ALL)
def test_the_architecture_is_the_files(name: str) -> None:
    platform = template(name, "service").one("ECS::TaskDefinition")["RuntimePlatform"]
    expected = {"x86_64": "X86_64", "arm64": "ARM64"}[settings(name).task.architecture]
    assert platform == {"CpuArchitecture": expected, "OperatingSystemFamily": "LINUX"}


@pytest.mark.parametrize("name", ALL)
def test_logging_never_delays_an_answer_and_is_kept_for_a_while(name: str) -> None:
    stack, logs = template(name, "service"), settings(name).logs
    given = container(name)["LogConfiguration"]
    assert given["LogDriver"] == "awslogs"
    assert given["Options"]["mode"] == "non-blocking"
    assert given["Options"]["max-buffer-size"] == f"{logs.buffer_mib * 1024 * 1024}b"
    group = stack.only("Logs::LogGroup", LogGroupName=f"/mod-factorial/{name}")
    assert given["Options"]["awslogs-group"] == ref(group)
    assert group["RetentionInDays"] == logs.days


@pytest.mark.parametrize("name", ALL)
def test_the_tasks_role_may_do_nothing(name: str) -> None:
    stack = template(name, "service")
    role = attribute_id(stack.one("ECS::TaskDefinition")["TaskRoleArn"])
    assert all(ref_ids(policy["Roles"]) != [role] for policy in stack.all("IAM::Policy"))
    (found,) = (r for r in stack.all("IAM::Role") if r.id == role)
    limits = {"AssumeRolePolicyDocument", "Tags", "Path", "PermissionsBoundary"}
    assert set(found.body["Properties"]) == limits


@pytest.mark.parametrize("name", ALL)
def test_the_execution_role_may_pull_the_image_and_write_the_log(name: str) -> None:
    stack = template(name, "service")
    role = attribute_id(stack.one("ECS::TaskDefinition")["ExecutionRoleArn"])
    (policy,) = (p for p in stack.all("IAM::Policy") if ref_ids(p["Roles"]) == [role])
    pull, log_in, write = statements(policy)
    assert actions(pull) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
    }
    assert flat(pull["Resource"]).endswith(":repository/mod-factorial")
    assert actions(log_in) == {"ecr:GetAuthorizationToken"}
    assert actions(write) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert write["Resource"] == attribute(
        stack.only("Logs::LogGroup", LogGroupName=f"/mod-factorial/{name}"), "Arn"
    )
    (found,) = (r for r in stack.all("IAM::Role") if r.id == role)
    assert found.get("ManagedPolicyArns") is None
    (trust,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


def attribute_id(value: dict[str, list[str]]) -> str:
    return value["Fn::GetAtt"][0]


def ref_ids(values: list[dict[str, str]]) -> list[str]:
    return [value["Ref"] for value in values]

"""What the infrastructure says of the image is what the image is: Dockerfile, httpd.conf, the module."""

import re
import shlex
from pathlib import Path

import pytest

from parts.task import container_environment
from settings import budget, image
from variants import ALL, settings

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
HTTPD = (ROOT / "conf" / "container" / "httpd.conf").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, in one line each."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", joined, re.MULTILINE)


def variables() -> dict[str, str]:
    (only,) = instructions("ENV")
    return dict(word.split("=", 1) for word in shlex.split(only))


def directive(name: str) -> str:
    (only,) = re.findall(rf"^ *{name} +(.*)$", HTTPD, re.MULTILINE)
    return only


def source(path: str) -> str:
    return (ROOT / "mod_factorial" / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
def test_a_task_is_told_every_setting_that_the_image_has_and_no_other(name: str) -> None:
    assert set(container_environment(settings(name))) == set(variables())


def test_the_images_own_sizes_are_those_of_the_smallest_task() -> None:
    given = variables()
    smallest = budget.budget_of(256, 512, int(given["FACTORIAL_TIMEOUT"]), 1_000_000)
    expected = {
        "FACTORIAL_MAX_NUMBER": smallest.max_number,
        "FACTORIAL_MEMORY": smallest.memory_mib,
        "FACTORIAL_CONCURRENCY": smallest.concurrency,
        "FACTORIAL_THREADS": smallest.threads,
        "THREADS_PER_CHILD": smallest.threads_per_child,
        "MAX_REQUEST_WORKERS": smallest.max_request_workers,
        "ASYNC_REQUEST_WORKER_FACTOR": smallest.async_request_worker_factor,
    }
    assert {name: int(given[name]) for name in expected} == expected


def test_no_task_has_more_processes_or_threads_than_the_image_takes() -> None:
    assert int(directive("ServerLimit")) == budget.MAXIMUM_CHILDREN
    assert int(directive("ThreadLimit")) >= budget.THREADS_PER_CHILD


def test_the_service_is_where_it_is_looked_for() -> None:
    assert instructions("EXPOSE") == [directive("Listen")] == [str(image.PORT)]
    assert instructions("USER") == [f"{image.UID}:{image.UID}"]
    assert instructions("VOLUME") == []
    (check,) = instructions("HEALTHCHECK")
    assert check.endswith(f'CMD ["{image.HEALTH_PROBE}"]')
    assert f'<Location "{image.HEALTH_PATH}">' in HTTPD


def test_the_log_has_what_refusals_are_counted_by() -> None:
    assert image.LOG_STATUS == "$.status"
    assert image.LOG_REASON == "$.reason"
    assert '"status":%>s' in HTTPD
    assert '"reason":"%{factorial-reason}n"' in HTTPD
    assert f'.log = {{"{image.REASON_REFUSED}", ' in source("outcome.c")


def test_the_modules_limits_are_known() -> None:
    assert f"LEAST_RATE = {image.SENDING_RATE}," in source("pacing.c")
    assert f"#define FACTORIAL_LIMIT {image.LARGEST_NUMBER}u" in source("engine/factorial.h")

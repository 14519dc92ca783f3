"""A task's size decides the budget: for every size that Fargate has, not for the ones in use alone."""

import re
from itertools import pairwise
from math import factorial
from pathlib import Path

import pytest

from settings.budget import budget_of, digits, need_mib, seconds
from settings.fargate import SIZES

EVERY_SIZE = [(cpu, memory) for cpu, memories in SIZES.items() for memory in memories]
UNLIMITED = 10**9
COMPUTING = 10


@pytest.mark.parametrize(("cpu", "memory"), EVERY_SIZE)
def test_no_budget_exceeds_its_task(cpu: int, memory: int) -> None:
    budget = budget_of(cpu, memory, COMPUTING, UNLIMITED)
    httpd, worker, connection = 40, 256 / 1024, 16 / 1024
    idle = budget.max_request_workers * budget.async_request_worker_factor
    used = httpd + worker * budget.max_request_workers + connection * idle + budget.memory_mib
    assert used <= 0.9 * memory
    assert budget.memory_mib > 0


@pytest.mark.parametrize(("cpu", "memory"), EVERY_SIZE)
def test_every_permitted_computation_may_be_the_largest_at_once(cpu: int, memory: int) -> None:
    budget = budget_of(cpu, memory, COMPUTING, UNLIMITED)
    assert budget.concurrency * need_mib(budget.max_number) <= budget.memory_mib
    share = cpu / 1024 / budget.concurrency
    assert seconds(budget.max_number) / share <= COMPUTING / 4
    assert budget.max_number >= 1_000_000


@pytest.mark.parametrize(("cpu", "memory"), EVERY_SIZE)
def test_httpd_can_be_started_with_it(cpu: int, memory: int) -> None:
    budget = budget_of(cpu, memory, COMPUTING, UNLIMITED)
    assert 1 <= budget.threads <= 4
    assert budget.concurrency == max(1, cpu // 1024)
    children, rest = divmod(budget.max_request_workers, budget.threads_per_child)
    assert rest == 0
    assert 2 <= children <= 16
    half_busy = budget.threads_per_child // 2 * budget.async_request_worker_factor
    assert half_busy >= 1000, "idle connections in one process beside half of its workers busy"


def test_more_memory_never_means_less() -> None:
    for cpu, memories in SIZES.items():
        budgets = [budget_of(cpu, memory, COMPUTING, UNLIMITED) for memory in memories]
        for smaller, larger in pairwise(budgets):
            assert larger.memory_mib >= smaller.memory_mib
            assert larger.max_number >= smaller.max_number


def test_the_environment_may_ask_for_less_and_a_time_limit_does() -> None:
    assert budget_of(256, 512, COMPUTING, 50_000).max_number == 50_000
    assert (
        budget_of(1024, 8192, 1, UNLIMITED).max_number
        < budget_of(1024, 8192, COMPUTING, UNLIMITED).max_number
    )


def test_a_size_that_is_not_sold_is_refused() -> None:
    with pytest.raises(ValueError, match="no task of 256 CPU units and 4096 MiB"):
        budget_of(256, 4096, COMPUTING, UNLIMITED)


def test_the_memory_is_enough_for_what_the_engine_takes() -> None:
    """The engine's tests keep the table of the document true."""
    page = (Path(__file__).parents[2] / "docs/mod_factorial.md").read_text("utf-8")
    found = re.search(r"^\| N \|(.*)\n.*\n\| in MB \|(.*) \|$", page, re.MULTILINE)
    assert found
    table = zip(re.findall(r"10\^(\d)", found[1]), found[2].split(" | "), strict=True)
    for exponent, taken in table:
        bound = need_mib(10 ** int(exponent)) * 2**20
        assert bound >= 1.1 * float(taken) * 10**6
        assert exponent < "6" or bound <= 1.3 * float(taken) * 10**6


@pytest.mark.parametrize("n", [2, 10, 100, 1000, 1558])
def test_digits(n: int) -> None:
    assert digits(n) == len(str(factorial(n)))

"""Computes the settings of the container from the size of the task."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, floor, lgamma, log, log10
from pathlib import Path

from settings.fargate import SIZES

HTTPD_MIB = 40
"""httpd with its modules, without connections and computations; with a margin."""

WORKER_KIB = 256
"""A worker thread: the part of its stack it has touched, its request's pool."""

CONNECTION_KIB = 16
"""A kept-alive connection that waits for its next request. tests/container/test_service measures 36 MiB
in all with a thousand of them and 48 clients besides, where these three figures come to 72."""

HEADROOM = 0.10
"""The part of the memory that is left for the kernel, the allocator's overhead and errors in these figures."""

IDLE_CONNECTIONS = 1000
"""Connections that a balancer may keep open to one process while half of its workers are busy."""

THREADS_PER_CHILD = 128
"""The default of the image. With 64, some of a thousand idle connections were closed under full load, because a
process closes idle connections when all its threads are busy."""

CHILDREN_PER_CPU = 2
"""At least two, so that a process that dies closes only half of the connections."""

MAXIMUM_CHILDREN = 16
"""ServerLimit in the image."""

MAXIMUM_THREADS = 4
"""For one computation; more do not make it faster."""

SPEED = tomllib.loads((Path(__file__).parent.parent / "speed.toml").read_text("utf-8"))
"""The measurements, with their processor and date."""

TIME_MARGIN = 5
"""How much slower than the measured processor one of Fargate's may be."""


@dataclass(frozen=True)
class Budget:
    """What a task of one size may do at once. The five parts of its memory are together less than its size."""

    memory_mib: int
    concurrency: int
    threads: int
    max_number: int
    max_request_workers: int
    threads_per_child: int
    async_request_worker_factor: int

    @property
    def connections(self) -> int:
        """httpd's event MPM accepts this many when all workers are idle."""
        return self.max_request_workers * (1 + self.async_request_worker_factor)

    @property
    def server_mib(self) -> int:
        """httpd, its worker threads and its waiting connections."""
        waiting = self.connections - self.max_request_workers
        return HTTPD_MIB + ceil(
            (self.max_request_workers * WORKER_KIB + waiting * CONNECTION_KIB) / 1024
        )

    @property
    def planned_mib(self) -> int:
        """The largest memory of the container, if the figures above are right."""
        return self.server_mib + self.memory_mib

    @property
    def largest_answer_bytes(self) -> int:
        return digits(self.max_number)


def budget_of(cpu: int, memory: int, computing_timeout: int, largest_number: int) -> Budget:
    """The budget of a task of `cpu` units and `memory` MiB.

    The largest N is the least of what the memory allows, every permitted computation being of that
    size at once; what the time limit allows, on a processor that they share; and `largest_number`.
    """
    if memory not in SIZES.get(cpu, ()):
        raise ValueError(f"Fargate has no task of {cpu} CPU units and {memory} MiB")
    cores = max(1, cpu // 1024)
    workers = THREADS_PER_CHILD * min(CHILDREN_PER_CPU * cores, MAXIMUM_CHILDREN)
    empty = Budget(
        memory_mib=0,
        concurrency=cores,
        threads=min(cores, MAXIMUM_THREADS),
        max_number=0,
        max_request_workers=workers,
        threads_per_child=THREADS_PER_CHILD,
        async_request_worker_factor=ceil(2 * IDLE_CONNECTIONS / THREADS_PER_CHILD),
    )
    memory_mib = floor(memory * (1 - HEADROOM)) - empty.server_mib
    core_share = cpu / 1024 / cores

    def fits(n: int) -> bool:
        return (
            n <= largest_number
            and cores * need_mib(n) <= memory_mib
            and TIME_MARGIN * seconds(n) / core_share <= computing_timeout
        )

    budget = replace(empty, memory_mib=memory_mib, max_number=_largest(fits))
    if budget.planned_mib > memory * (1 - HEADROOM):
        raise AssertionError(f"{budget} does not fit into {memory} MiB")
    return budget


def need_mib(n: int) -> float:
    """An upper bound of the memory of computing n! and of its result: 22 MiB for a million.

    It grows with n log n, like the result. A test compares it with the table in docs/mod_factorial.md, whose
    figures lie between 17 and 19 of these 22 MiB; the rest is for lengths of transforms between the powers
    of ten, and for whole huge pages.
    """
    return 22 * n * log(n) / (1e6 * log(1e6)) if n > 1 else 0


def seconds(n: int) -> float:
    """The time of computing n!, from a million on, on one core of the slowest kind.

    A million was measured with AVX2, which every x86 processor of Fargate has. arm64's vectors are half as
    long, so we assume twice the time. From a million to ten million the time grows as n^1.2.
    """
    return 2 * SPEED["computing"] * (n / 1e6) ** 1.25


def digits(n: int) -> int:
    """The number of digits of n! with an error of one: the size of the response without headers and JSON."""
    return floor(lgamma(n + 1) / log(10)) + 1


def _largest(fits: Callable[[int], bool]) -> int:
    """The largest number with two significant digits that fits, because a round limit is easy to remember."""
    n = 10
    while fits(10 * n):
        n *= 10
    step = max(1, 10 ** floor(log10(n)) // 10)
    while n + step < 100 * step and fits(n + step):
        n += step
    return n

"""From a task's size to everything in the container that must fit into it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, floor, lgamma, log, log10

from settings.fargate import SIZES

HTTPD_MIB = 40
"""httpd with its modules, without connections and without a computation."""

WORKER_KIB = 256
"""A worker thread: the part of its stack it has touched, its request's pool."""

CONNECTION_KIB = 32
"""A kept-alive connection that waits for its next request."""

HEADROOM = 0.10
"""Of the task's memory, left to the kernel, to the allocator's waste and to errors in these figures."""

IDLE_CONNECTIONS = 1000
"""What a balancer may keep open to one task while half of the workers are busy."""

THREADS_PER_CHILD = 64
"""httpd's own ThreadLimit, so that the image need not raise it."""

CHILDREN_PER_CPU = 2
"""Two at least: one that dies takes half of the connections with it, not all."""

MAXIMUM_CHILDREN = 16
"""httpd's own ServerLimit."""

MAXIMUM_THREADS = 4
"""For one computation; more do not make it faster."""

MAXIMUM_MEMORY_MIB = 32_767
"""FactorialMemory is counted in MiB in a System V semaphore, which holds no more."""

TIME_MARGIN = 4
"""How much slower than the measured machine a task may be before a permitted N runs out of time."""


@dataclass(frozen=True)
class Budget:
    """What a task of some size may do at once. The five parts of its memory add up to less than it."""

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
        """The most that the container uses if the figures above are right."""
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
        async_request_worker_factor=ceil(2 * IDLE_CONNECTIONS / workers),
    )
    memory_mib = min(floor(memory * (1 - HEADROOM)) - empty.server_mib, MAXIMUM_MEMORY_MIB)
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
    """The memory of computing n!, the answer included: 40 MiB at a million, 467 at ten million.

    Measured are 37 MB and 397 MB; growth like the answer's own, n log n, is the safe side of that.
    """
    return 40 * n * log(n) / (1e6 * log(1e6)) if n > 1 else 0


def seconds(n: int) -> float:
    """The time of computing n! on one whole core: 0.5 s at ten million, 0.03 s at a million."""
    return 0.5 * (n / 1e7) ** 1.25


def digits(n: int) -> int:
    """The number of digits of n!, to within one, which is the size of the answer but for its frame."""
    return floor(lgamma(n + 1) / log(10)) + 1


def _largest(fits: Callable[[int], bool]) -> int:
    """The largest number of two significant digits that fits, for people remember a round limit."""
    n = 10
    while fits(10 * n):
        n *= 10
    step = max(1, 10 ** floor(log10(n)) // 10)
    while n + step < 100 * step and fits(n + step):
        n += step
    return n

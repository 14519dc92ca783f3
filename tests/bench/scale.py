"""Two servers behind a reverse proxy against one; what a Fargate task of each size can do."""

import contextlib

import configurations
import cpu
import load
import peers
from server import Server

QUOTAS = [0.25, 0.5, 1, 2]
PAIR = 0.25  # processors for each of two servers: proxy and load need the rest
MEMORIES = [0.5, 1, 2, 4, 8, 16]  # GiB of a task
TIMED = 10**6

TASK = """FactorialMemory {memory}
<Location "/api/v1/factorial">
    FactorialMaxNumber 100000000
    FactorialTimeout 60
</Location>
"""


def ours(build, memory=256):
    return configurations.container(build, extra=TASK.format(memory=memory))


def behind_proxy(build, count, rounds):
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        ports = [
            enter(Server(f"server {i}", ours(build), enter(cpu.Group(PAIR)))).port
            for i in range(count)
        ]
        proxy = enter(Server("proxy", peers.nginx_proxy(build, ports)))
        for round_ in range(rounds):
            got = load.wrk(proxy, "number=20", 32, 2)
            del got["cpu_us"]  # the proxy's
            yield {"kind": "servers", "servers": count, "cpus_each": PAIR, "round": round_, **got}


def with_quota(build, quota, rounds):
    """Requests a second and the time of a large number under a quota. Where the load needs part of
    the processors itself, the figure is too low, and the report says so."""
    with cpu.Group(quota) as group, Server(f"{quota} vCPU", ours(build), group) as server:
        for round_ in range(rounds):
            row = {"kind": "quota", "cpus": quota, "round": round_}
            row |= load.wrk(server, "number=20", 32, 2)
            row["timed_s"] = load.fetch(server, f"number={TIMED}")["total_s"]
            yield row


def largest_number(build, memory_mib):
    """The server itself tells the largest number that its share of the memory allows."""
    with Server("largest", ours(build, memory_mib)) as server:
        said = load.fetch(server, "number=100000001")["start"].decode()
        return int(said.rsplit(" ", 1)[1])


def run(build, rounds, short):
    quotas, memories = ([1], [0.5]) if short else (QUOTAS, MEMORIES)
    rows = []
    if cpu.available():
        for count in (1, 2):
            rows += behind_proxy(build, count, rounds)
        for quota in quotas:
            rows += with_quota(build, quota, rounds)
    else:
        rows.append({"kind": "skipped", "why": "quotas need root and a CPU controller"})
    for gib in memories:
        share = int(gib * 1024 * 0.5)
        rows.append(
            {
                "kind": "memory",
                "gib": gib,
                "budget_mib": share,
                "largest_n": largest_number(build, share),
            }
        )
    return rows

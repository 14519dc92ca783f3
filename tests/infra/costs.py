"""Computes the tables of docs/costs.md and docs/edge.md from infra/prices.toml and the environments' files.

Run as a program it writes them into the documents, between the comments that name them.
"""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from settings.budget import SPEED, budget_of
from settings.schema import Environment
from templates import template
from variants import FILES, settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = tuple(ROOT / "docs" / f"{name}.md" for name in ("costs", "edge", "infrastructure"))
PRICES: dict[str, dict[str, Any]] = tomllib.loads(
    (ROOT / "infra" / "prices.toml").read_text("utf-8")
)
LIMITS: dict[str, dict[str, str]] = PRICES.pop("limits")

HOURS = 730
"""In a month."""

SMALL_KB = 1
"""A response with its headers for a number up to a few hundred."""

SLOWER, LOAD = 4, 0.6
"""How much slower than the measured processor Fargate's may be, and what scaling aims at."""

HIT_RATIOS = (0.0, 0.5, 0.9, 0.99, 0.999)

Row = tuple[str, ...]


def price(name: str) -> float:
    return PRICES[name]["dollars"]


def monthly(name: str) -> float:
    return price(name) * HOURS


def per_gigabyte(name: str, kilobytes: float) -> float:
    """Dollars for a million responses of this size."""
    return price(name) * kilobytes


def table(*rows: Row) -> str:
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *rest])


# ---- fixed costs


def tasks(chosen: Environment) -> float:
    task = chosen.task
    one = task.cpu / 1024 * monthly("fargate_vcpu") + task.memory / 1024 * monthly("fargate_memory")
    one *= price("fargate_arm") if task.architecture == "arm64" else 1
    one *= price("fargate_spot") if task.spot else 1
    return chosen.scaling.minimum * one


def alarm_metrics(name: str, stack: str) -> int:
    """Each metric that an alarm looks at is paid for; scaling has two alarms of its own."""
    found = template(name, stack).all("CloudWatch::Alarm")
    own = sum(
        len(
            [
                metric
                for metric in alarm.get("Metrics") or [{"MetricStat": 1}]
                if "MetricStat" in metric
            ]
        )
        for alarm in found
    )
    scaling = settings(name).scaling
    return own + 2 * (stack == "service" and scaling.maximum > scaling.minimum)


def fixed(name: str) -> dict[str, float]:
    """Dollars a month of an environment, by what they are for."""
    chosen = settings(name)
    network, public = chosen.network, chosen.balancer.scheme == "internet-facing"
    nat = network.nat_gateways if network.egress == "nat" else 0
    count = chosen.scaling.minimum
    alarms = alarm_metrics(name, "service")
    edge = alarm_metrics(name, "edge") if chosen.edge.enabled else 0
    return {
        "tasks": tasks(chosen),
        "balancer": monthly("balancer"),
        "its public addresses": 2 * monthly("public_address") * public,
        "the tasks' public addresses": count * monthly("public_address") * network.tasks_are_public,
        "NAT gateways with their addresses": nat
        * (monthly("nat_gateway") + monthly("public_address")),
        "endpoints": 6 * monthly("endpoint") * (network.egress == "endpoints"),
        "firewall": price("firewall") * bool(chosen.firewall.requests_per_source),
        "alarms and a custom metric": (alarms + edge) * price("alarm") + price("metric"),
        "CloudFront's additional metrics": 8 * price("metric") * chosen.edge.enabled,
    }


def total(name: str) -> float:
    return sum(fixed(name).values())


def fixed_table(*names: str) -> str:
    columns = [fixed(name) for name in names]

    def described(name: str) -> str:
        chosen = settings(name)
        kind = "Spot" if chosen.task.spot else "on demand"
        size = f"{chosen.task.cpu / 1024:g} vCPU, {chosen.task.memory / 1024:g} GB"
        return f"{name}: {chosen.scaling.minimum} of {size}, {kind}"

    rows = [
        (what, *(f"{column[what]:.2f}" if column[what] else "" for column in columns))
        for what in columns[0]
        if any(column[what] for column in columns)
    ]
    return table(
        ("dollars a month", *map(described, names)),
        *rows,
        ("**together**", *(f"**{total(name):.2f}**" for name in names)),
    )


# ---- the additional costs of a million small requests


def request_parts(*, edge: bool, firewall: bool, misses: float = 1.0) -> dict[str, float]:
    parts = {
        # A capacity unit bears 1 GB an hour; small requests reach its other limits later.
        "balancer capacity": misses * price("balancer_capacity") * 11.25,
        "firewall": price("firewall_requests") * firewall,
        "data sent": per_gigabyte("edge_transfer" if edge else "transfer", SMALL_KB),
        "CloudFront requests": price("edge_requests") * edge,
        "CloudFront function": price("edge_function") * edge,
    }
    return {name: value for name, value in parts.items() if value}


def requests_table() -> str:
    shapes = {
        "dev": request_parts(edge=False, firewall=False),
        "prod": request_parts(edge=False, firewall=True),
        "prod behind the edge, all hits": request_parts(edge=True, firewall=True, misses=0),
    }
    names = list(dict.fromkeys(name for parts in shapes.values() for name in parts))
    return table(
        ("dollars for a million small requests", *shapes),
        *(
            (name, *(f"{parts[name]:.2f}" if name in parts else "" for parts in shapes.values()))
            for name in names
        ),
        ("**together**", *(f"**{sum(parts.values()):.2f}**" for parts in shapes.values())),
    )


# ---- the alternatives


def changes_table() -> str:
    prod = settings("prod")
    hour = {"nat": monthly("nat_gateway") + monthly("public_address")}
    smaller = prod.model_copy(
        update={"task": prod.task.model_copy(update={"cpu": 256, "memory": 512})}
    )
    arm = prod.model_copy(update={"task": prod.task.model_copy(update={"architecture": "arm64"})})
    return table(
        ("change to prod", "dollars a month less"),
        ("tasks with public addresses instead of NAT", f"{2 * hour['nat'] - 2 * monthly('public_address'):.2f}"),
        ("interface endpoints instead of NAT", f"{2 * hour['nat'] - 6 * monthly('endpoint'):.2f}"),
        ("one NAT gateway (if its zone fails, both are cut off)", f"{hour['nat']:.2f}"),
        ("tasks of 0.25 vCPU and 0.5 GB", f"{tasks(prod) - tasks(smaller):.2f}"),
        ("arm64", f"{tasks(prod) - tasks(arm):.2f}"),
        ("a quarter of a central balancer instead of one of its own", f"{0.75 * (monthly('balancer') + 2 * monthly('public_address')):.2f}"),
    )  # fmt: skip


def function_parts() -> dict[str, float]:
    return {
        "HTTP API": price("http_api"),
        "Lambda, requests": price("lambda_requests"),
        "Lambda, computing: 256 MB for 20 ms": 1e6 * 0.02 * 0.25 * price("lambda_time"),
    }


def function_table() -> str:
    parts = function_parts()
    return table(
        ("for a million small requests", "dollars"),
        *((name, f"{value:.2f}") for name, value in parts.items()),
        ("**together**", f"**{sum(parts.values()):.2f}**"),
    )


def crossover_table() -> str:
    rows = []
    each = (
        sum(function_parts().values())
        - request_parts(edge=False, firewall=False)["balancer capacity"]
    )
    for name in FILES:
        millions = total(name) / each
        rows.append(
            (
                name,
                f"{total(name):.2f}",
                f"{millions:.0f} million",
                f"{millions * 1e6 / HOURS / 3600:.0f}",
            )
        )
    return table(
        ("instead of", "dollars a month", "crossover, requests a month", "a second on average"),
        *rows,
    )


# ---- the edge


def small_and_edge() -> str:
    return table(
        ("hit ratio", "N = 1,000: requests a second", "N = 1,000,000: requests a second", "dollars for a million small requests"),
        *(
            (
                f"{ratio:.1%}".replace(".0%", "%"),
                f"{_capacity(SPEED['small']) / (1 - ratio):,.0f}",
                f"{_capacity(SPEED['large']) / (1 - ratio):,.0f}",
                f"{sum(request_parts(edge=True, firewall=True, misses=1 - ratio).values()):.2f}",
            )
            for ratio in HIT_RATIOS
        ),
    )  # fmt: skip


def _capacity(seconds: float) -> float:
    """Requests a second of two tasks with a quarter of a vCPU each, at the load that scaling aims at."""
    return 2 * 0.25 * LOAD / (seconds * SLOWER)


def source(each: dict[str, Any]) -> str:
    page = re.sub(r"https://(docs\.)?aws\.amazon\.com/", "", each["source"]).strip("/")
    return f"[{page}]({each['source']})"


def limits_table() -> str:
    return table(
        ("limit", "of", "found in", "source"),
        *((each["amount"], each["of"], each["date"], source(each)) for each in LIMITS.values()),
    )


def prices_table() -> str:
    return table(
        ("dollars", "for", "region", "found in", "source"),
        *(
            (
                f"{each['dollars']:.10f}".rstrip("0").rstrip("."),
                each["unit"],
                each["region"],
                each["date"],
                source(each),
            )
            for each in PRICES.values()
        ),
    )


def budgets_table() -> str:
    """For a timeout of ten seconds and no limit of N."""
    sizes = (256, 512), (256, 2048), (1024, 2048), (2048, 4096), (4096, 8192)
    rows = []
    for cpu, memory in sizes:
        b = budget_of(cpu, memory, 10, 10**9)
        idle = b.connections - b.max_request_workers
        rows.append(
            (
                f"{cpu / 1024:g} vCPU, {memory / 1024:g} GB",
                f"{b.memory_mib:,} MiB",
                str(b.concurrency),
                str(b.threads),
                f"{b.max_number:,}",
                f"{b.max_request_workers:,}",
                f"{idle:,}",
            )
        )
    head = "task FactorialMemory concurrency threads"
    return table((*head.split(), "maximum N", "workers", "idle connections"), *rows)


def speed_text() -> str:
    return (
        f"Measured on one processor ({SPEED['processor']}, {SPEED['date']}): {SPEED['small'] * 1e6:.0f} µs for a "
        f"request with N = 1,000 and {SPEED['large'] * 1e3:.0f} ms with N = 1,000,000, sending included; "
        f"{SPEED['computing'] * 1e3:.0f} ms for computing 1,000,000! by AVX2."
    )


TABLES: dict[str, Callable[[], str]] = {
    "budgets": budgets_table,
    "speed": speed_text,
    "fixed": lambda: fixed_table(*FILES),
    "edge-fixed": lambda: fixed_table("edge"),
    "requests": requests_table,
    "changes": changes_table,
    "function": function_table,
    "crossover": crossover_table,
    "edge": small_and_edge,
    "limits": limits_table,
    "prices": prices_table,
}


@cache
def made(text: str) -> str:
    """A document with its tables computed anew."""
    return re.sub(
        r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(made(document.read_text(encoding="utf-8")), encoding="utf-8")

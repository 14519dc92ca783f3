"""Sizes a Fargate service: requests/s by processors and the largest number by memory and time.

Measured are requests/s under quotas that leave the load a processor of its own, the time of one
large number under a quota, and (asked of the server) the largest number for a memory budget. The
model for the rest: requests/s grow with the processors, the slope being that of the largest quota
that left room for the load; the time for N grows with N^1.15 and is the same from one processor
on, the container computing one number by one thread (FACTORIAL_THREADS)."""

from tables import distinct, figure, median, select, table

# vCPU and the GiB that Fargate offers with it, of those that are asked about.
TASKS = [(0.25, [0.5, 1, 2]), (0.5, [1, 2, 4]), (1, [2, 4, 8]), (2, [4, 8, 16]), (4, [8, 16])]
GROWTH = 1.15
TIMEOUT = 10  # seconds, the default of FactorialTimeout
TIMED = 10**6
HEADROOM = 0.6  # the load at which the service scales out


def tables(rows):
    quotas = select(rows, kind="quota")
    if not quotas:
        return
    measured = distinct(quotas, "cpus")
    clean = max(cpus for cpus in measured if cpus <= 1)
    slope = median(quotas, "requests_per_second", cpus=clean) / clean
    by_memory = {row["gib"]: row["largest_n"] for row in select(rows, kind="memory")}
    lines = []
    for cpus, memories in TASKS:
        known = cpus in measured and cpus <= clean
        rate = median(quotas, "requests_per_second", cpus=cpus) if known else slope * cpus
        nearest = max((c for c in measured if c <= cpus), default=min(measured))
        seconds = median(quotas, "timed_s", cpus=nearest)
        in_time = TIMED * (TIMEOUT / seconds) ** (1 / GROWTH)
        for gib in memories:
            if gib in by_memory:
                n = min(in_time, by_memory[gib])
                lines.append(
                    [
                        cpus,
                        gib,
                        figure(rate),
                        figure(rate * HEADROOM),
                        "measured" if known else "model",
                        f"{by_memory[gib]:,}",
                        f"{in_time:,.0f}",
                        f"{float(f'{n:.2g}'):,.0f}",
                    ]
                )
    yield (
        "sizes",
        f"Sizes of a Fargate task (FactorialMemory half of the memory, {TIMEOUT} s for a number); "
        "the server tells the largest N by memory, a model the one by time",
        table(
            [
                "vCPU",
                "GiB",
                "requests/s",
                f"at {HEADROOM:.0%}",
                "requests/s are",
                "N by memory",
                "N by time",
                "largest N",
            ],
            lines,
        ),
    )

"""How much faster a computation could be on more processors than this machine has.

One thread computes, and the program `record` writes down how long each task takes and what it waits for.
Here those tasks are scheduled on other numbers of processors, in the order in which the pool gives them
out. It is a model: waking threads costs nothing, and processors share neither caches nor memory."""

import heapq
import subprocess
from collections import Counter
from dataclasses import dataclass

PROCESSORS = [1, 2, 4, 8, 16, 32, 64]
BETWEEN = "between loops"  # what one thread does alone
PHASES = {
    "sieve": ["sieve_part", "collect_part"],
    "product trees": ["multiply_one"],
    "long products": ["load_step", "split_step", "multiply_step", "join_step", "store_step"],
    "text": ["write_chunk"],
    "check": ["multiply_chunk", "read_chunk"],
}


@dataclass
class Loop:
    """Tasks that may run at the same time, after all loops before."""

    function: str
    most: int  # threads at once
    tasks: list[float]  # milliseconds

    def span(self, processors):
        """From its beginning to its end: each task goes to the processor that is free first."""
        free_at = [0.0] * min(processors, self.most)
        for task in self.tasks:
            heapq.heapreplace(free_at, free_at[0] + task)
        return max(free_at)


def functions(program):
    listed = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    words = (line.split() for line in listed.splitlines())
    return {int(found[0], 16): found[2] for found in words if len(found) == 3}


def record(program, n, threads, runs):
    """The loops of one computation, divided for so many threads."""
    names = functions(program)
    done = subprocess.run(
        [program, str(n), str(threads), str(runs)], check=True, capture_output=True, text=True
    )
    loops = []
    for line in done.stdout.splitlines():
        kind, *words = line.split()
        if kind == "serial":
            name, most = BETWEEN, 1
        else:
            name, most = names[int(words.pop(0), 16)], int(words.pop(0))
        loops.append(Loop(name, most, [int(word) / 1e6 for word in words]))
    return loops


def by_function(loops, measure):
    """Milliseconds of each function's loops, the longest first."""
    sums = Counter()
    for loop in loops:
        sums[loop.function] += measure(loop)
    return dict(sums.most_common())


def run(program, n, runs):
    rows = {}
    for processors in PROCESSORS:
        loops = record(program, n, processors, runs)
        rows[str(processors)] = {
            "ms": sum(loop.span(processors) for loop in loops),
            "chain": by_function(loops, lambda loop: max(loop.tasks)),
            "work": by_function(loops, lambda loop: sum(loop.tasks)),
        }
    return {"n": n, "rows": rows}


def speed_up(model, processors):
    return model["rows"]["1"]["ms"] / model["rows"][processors]["ms"]


def shares(model):
    """Of the time on one thread, by phase."""
    work = model["rows"]["1"]["work"]
    known = {phase: sum(work.get(name, 0) for name in names) for phase, names in PHASES.items()}
    total = sum(work.values())
    return {
        phase: ms / total for phase, ms in (known | {"rest": total - sum(known.values())}).items()
    }

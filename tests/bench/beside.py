"""Small requests alone, and beside large ones: clients that ask for one large number after the
other."""

import collections
import threading

import configurations
import load
import peers
from server import Server

CLIENTS = 2  # that ask for large numbers


def servers(build):
    """With the large number that each of them computes in a time to speak of."""
    return {
        "ours, container, event": (configurations.container(build), 1_000_000),
        "ours, container, worker": (configurations.container(build, "worker"), 1_000_000),
        "Go net/http": (peers.go(build), 300_000),
        "Flask + gunicorn": (peers.flask, 50_000),
    }


class Large:
    """A context manager: while it is open, clients ask for the large number."""

    def __init__(self, server, n):
        self.server, self.n, self.over = server, n, False
        self.statuses = collections.Counter()
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self):
        while not self.over:
            self.statuses[load.fetch(self.server, f"number={self.n}")["status"]] += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()


def run(build, rounds, short):
    seconds = 1 if short else 2
    rows = []
    for name, (prepare, n) in list(servers(build).items())[: 2 if short else None]:
        with Server(name, prepare) as server:
            for round_ in range(rounds):
                alone = load.wrk(server, "number=5", 32, seconds)
                with Large(server, n) as large:
                    beside = load.wrk(server, "number=5", 32, seconds)
                # Ours refuses what would wait for long.
                if not large.statuses[200] or set(large.statuses) - {200, 503}:
                    raise RuntimeError(f"{name}: large requests answered {large.statuses}")
                rows.append(
                    {
                        "kind": "beside",
                        "server": name,
                        "large": n,
                        "round": round_,
                        "large_answers": large.statuses[200],
                        "large_refused": large.statuses[503],
                        "alone_p99_ms": alone["p99_ms"],
                        "beside_p99_ms": beside["p99_ms"],
                        "alone_requests_per_second": alone["requests_per_second"],
                        "beside_requests_per_second": beside["requests_per_second"],
                    }
                )
    return rows

"""Small requests alone, and beside large ones: clients that ask for one large number after the
other."""

import threading

import httpd
import load
import peers
from server import Server

CLIENTS = 2  # that ask for large numbers


def servers(build):
    """With the large number that each of them computes in a time to speak of."""
    return {
        "ours, container, event": (httpd.container(build), 1_000_000),
        "ours, container, worker": (httpd.container(build, "worker"), 1_000_000),
        "Go net/http": (peers.go(build), 300_000),
        "Flask + gunicorn": (peers.flask, 50_000),
    }


class Large:
    """A context manager: while it is open, clients ask for the large number."""

    def __init__(self, server, n):
        self.server, self.n, self.over, self.answers, self.wrong = server, n, False, 0, []
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self):
        while not self.over:
            status = load.fetch(self.server, f"number={self.n}")["status"]
            self.answers += 1
            if status != 200:
                self.wrong.append(status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()


def run(build, short):
    rounds, seconds = (1, 1) if short else (3, 2)
    rows = []
    for name, (prepare, n) in list(servers(build).items())[: 2 if short else None]:
        with Server(name, prepare) as server:
            for round_ in range(rounds):
                alone = load.wrk(server, "number=5", 32, seconds)
                with Large(server, n) as large:
                    beside = load.wrk(server, "number=5", 32, seconds)
                if large.wrong:
                    raise RuntimeError(f"{name}: large requests answered {set(large.wrong)}")
                rows.append(
                    {
                        "kind": "beside",
                        "server": name,
                        "large": n,
                        "round": round_,
                        "large_answers": large.answers,
                        "alone_p99_ms": alone["p99_ms"],
                        "beside_p99_ms": beside["p99_ms"],
                        "alone_requests_per_second": alone["requests_per_second"],
                        "beside_requests_per_second": beside["requests_per_second"],
                    }
                )
    return rows

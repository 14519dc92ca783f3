"""Small requests: ours in both configurations, under event and worker, beside httpd that does
nothing, nginx, Go and Flask."""

import contextlib

import configurations
import load
import peers
from large import answer_bytes
from server import Server

CONNECTIONS = [1, 8, 32, 128, 512]
NUMBERS = [20, 170, 1000, 3000]
USUAL = 32  # connections, where the number varies


def servers(build):
    every = {}
    for mpm in "event", "worker":
        every[f"ours, container, {mpm}"] = configurations.container(build, mpm)
        every[f"nothing, container, {mpm}"] = configurations.container(build, mpm, "nothing")
        every[f"ours, stock, {mpm}"] = configurations.stock(build, mpm)
        every[f"nothing, stock, {mpm}"] = configurations.stock(build, mpm, "nothing")
    return every | {
        "nginx return 200": peers.nginx(build),
        "Go net/http": peers.go(build),
        "Flask + gunicorn": peers.flask,
    }


def query(name, n):
    """What does nothing is asked for an answer of the same size."""
    return str(answer_bytes(n)) if name.startswith("nothing") else f"number={n}"


def points(name, connections, numbers):
    """Pairs of number and connections. nginx's answer is constant; one httpd of each kind tells
    how the number matters."""
    yield from ((5, c) for c in connections)
    if "stock" not in name and "worker" not in name and "nginx" not in name:
        yield from ((n, USUAL) for n in numbers)


def memory(every):
    for name, prepare in every.items():
        with Server(name, prepare) as server:
            load.wrk(server, query(name, 5), 128, 1)
            yield {"kind": "memory", "server": name, "pss_mib": server.memory()}


def run(build, rounds, short):
    connections, numbers = ([USUAL], []) if short else (CONNECTIONS, NUMBERS)
    every = servers(build)
    rows = list(memory({"ours, stock, event": every["ours, stock, event"]} if short else every))
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(Server(name, prepare)) for name, prepare in every.items()]
        for round_ in range(rounds):
            for server in running:
                for n, c in points(server.name, connections, numbers):
                    got = load.wrk(server, query(server.name, n), c, 1)
                    rows.append(
                        {
                            "kind": "load",
                            "server": server.name,
                            "n": n,
                            "connections": c,
                            "round": round_,
                            **got,
                        }
                    )
    rows.append(
        {
            "kind": "configuration",
            "text": configurations.GROUND.format(directory="...") + configurations.NOTHING,
        }
    )
    return rows

"""Floods of numbers near a limit: memory stays bounded, answers are right or 503."""

import contextlib
import multiprocessing
import pathlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

from client import Connection
from factorials import Factorials
from httpd import PATH, watched

CLIENTS = 500
MEMORY = 128  # MiB
# MiB of a child besides the budget: httpd, its workers' stacks, heaps and connections, instant numbers,
# and what malloc keeps of what GMP gave back.
BASE = 16
# Bytes of a worker that sends: a chunk in its hands, and one that httpd holds.
SENDING = 2 * 60000
MANY = "FactorialConcurrency 16\nFactorialMaxWaiting 100\nFactorialQueueTimeout 5\n"
MIB = 1 << 20
THRESHOLDS = pathlib.Path("mod_factorial/engine/thresholds.h").read_text()
SHORT_MAX = int(re.search(r"SHORT_MAX = (\d+)", THRESHOLDS)[1])


def resident(pids, what="Pss"):
    """Bytes in memory of these processes, shared pages counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(rf"^{what}:\s+(\d+)", text, re.MULTILINE)[1]) << 10
    return total


def anonymous(pids):
    """The same without the pages of files."""
    return resident(pids, "Anonymous")


def sample(server, peak, stop):
    while not stop.is_set():
        peak.value = max(peak.value, resident(server.children()))
        time.sleep(0.02)


class Peak:
    """The most memory that the server's children had while the `with` block ran, in MiB."""

    def __init__(self, server):
        self.value = multiprocessing.Value("q", 0)
        self.stop = multiprocessing.Event()
        self.process = multiprocessing.Process(
            target=sample, args=(server, self.value, self.stop), daemon=True
        )

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.process.join()

    @property
    def mib(self):
        return self.value.value / MIB


def flood(name, numbers, base_of_child):
    factorials = Factorials(numbers)
    with watched(
        f"FactorialMemory {MEMORY}\n{MANY}",
        expected=["refused: too many large numbers at once"],
    ) as server:
        before = set(server.children())
        clients = [Connection(server.port) for _ in numbers]
        with Peak(server) as peak, ThreadPoolExecutor(CLIENTS) as pool:
            start = time.monotonic()
            for client, n in zip(clients, numbers, strict=True):
                client.ask(f"{PATH}{n}")
            answers = pool.map(lambda n, c: read(factorials, n, c), numbers, clients)
            statuses = list(answers)
            took = time.monotonic() - start
        server.settle()
        right, refused = statuses.count(200), statuses.count(503)
        processes = len(before | set(server.children()))
        base = base_of_child * processes
        print(
            f"report: {name}: {right} right, {refused} refused, {took:.1f} s, peak {peak.mib:.0f} MiB "
            f"(FactorialMemory {MEMORY}, base {base} MiB for {processes} children)"
        )
        assert right + refused == CLIENTS
        assert right > 0
        assert peak.mib <= MEMORY + base
        assert server.get(PATH + "20").status == 200
        assert before <= set(server.children())


def read(factorials, n, client):
    with contextlib.closing(client):
        answer = client.answer()
    if answer.status == 200:
        factorials.check(n, answer.body)
    else:
        assert answer.headers["retry-after"] == "1"
    return answer.status


def test_500_numbers_within_one_percent_of_the_maximum():
    flood("near the maximum", range(1000000 - 10 * CLIENTS, 1000000, 10), BASE)


def test_500_numbers_up_to_the_longest_short_one():
    flood("short numbers", range(SHORT_MAX - CLIENTS + 1, SHORT_MAX + 1), BASE)


def test_what_is_charged_is_what_is_allocated():
    """Clients that read nothing, of results that are just longer than whole huge pages."""
    n, clients, workers, memory = 769400, 45, 200, 160
    configuration = f"FactorialMemory {memory}\n{MANY}FactorialQueueTimeout 20\n"
    configuration += f"ThreadsPerChild {workers}\n"
    configuration += (
        f"MaxRequestWorkers {workers}\nServerLimit 1\nStartServers 1\nThreadLimit {workers}\n"
    )
    expected = ["refused: too many large numbers at once", "stopped: the client has gone"]
    with watched(configuration, expected=[*expected, "AH10159:"]) as server:
        assert server.get(f"{PATH}{n}").status == 200  # everything is loaded
        server.settle()
        children = server.children()
        baseline = anonymous(children)
        readers = [Connection(server.port, receive_buffer=4096) for _ in range(clients)]
        for reader in readers:
            reader.ask(f"{PATH}{n}")
        highest = 0
        while server.metric("Computing") or server.metric("Waiting"):
            highest = max(highest, anonymous(children))
        highest = max(highest, anonymous(children)) - baseline
        charged = server.metric("MemoryBytes")
        for reader in readers:
            reader.close(reset=True)
        server.settle()
    print(
        f"report: {clients} clients read nothing: {highest / MIB:.1f} MiB more in memory, "
        f"{charged / MIB:.1f} charged in the end, FactorialMemory {memory}"
    )
    assert charged > 100 * MIB
    assert charged <= memory * MIB
    assert highest <= memory * MIB + workers * SENDING

"""Floods of numbers near a limit: memory stays bounded, answers are right or 503."""

import contextlib
import multiprocessing
import pathlib
import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import PATH, Connection
from factorials import Factorials
from report import report
from server import MIB, Server, anonymous, resident

CLIENTS = 500
MEMORY = 128  # MiB
# MiB of a child besides the budget: httpd, its workers' stacks, heaps and connections, instant numbers,
# and what malloc keeps of what GMP gave back.
BASE = 16
# Bytes of a worker that sends: a chunk in its hands, and one that httpd holds.
SENDING = 2 * 60000
MANY = "FactorialConcurrency 16\nFactorialMaxWaiting 100\nFactorialQueueTimeout 5\n"
THRESHOLDS = pathlib.Path("mod_factorial/engine/thresholds.h").read_text()
SHORT_MAX = int(re.search(r"SHORT_MAX = (\d+)", THRESHOLDS)[1])


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


class Memory(unittest.TestCase):
    def flood(self, name, numbers, base_of_child):
        factorials = Factorials(numbers)
        with Server(
            f"FactorialMemory {MEMORY}\n{MANY}",
            expected=["refused: too many large numbers at once"],
        ) as server:
            before = set(server.children())
            clients = [Connection(server.port) for _ in numbers]
            with Peak(server) as peak, ThreadPoolExecutor(CLIENTS) as pool:
                start = time.monotonic()
                for client, n in zip(clients, numbers, strict=True):
                    client.ask(f"{PATH}{n}")
                answers = pool.map(lambda n, c: self.read(factorials, n, c), numbers, clients)
                statuses = list(answers)
                took = time.monotonic() - start
            server.settle()
            right, refused = statuses.count(200), statuses.count(503)
            base = base_of_child * len(server.pids)
            report(
                f"{name}: {right} right, {refused} refused, {took:.1f} s, peak {peak.mib:.0f} MiB "
                f"(FactorialMemory {MEMORY}, base {base} MiB for {len(server.pids)} children)"
            )
            self.assertEqual(right + refused, CLIENTS)
            self.assertGreater(right, 0)
            self.assertLessEqual(peak.mib, MEMORY + base)
            self.assertEqual(server.get(PATH + "20").status, 200)
            self.assertLessEqual(before, set(server.children()))

    def read(self, factorials, n, client):
        with contextlib.closing(client):
            answer = client.answer()
        if answer.status == 200:
            factorials.check(n, answer.body)
        else:
            self.assertEqual(answer.headers["retry-after"], "1")
        return answer.status

    def test_500_numbers_within_one_percent_of_the_maximum(self):
        self.flood("near the maximum", range(1000000 - 10 * CLIENTS, 1000000, 10), BASE)

    def test_500_numbers_up_to_the_longest_short_one(self):
        self.flood("short numbers", range(SHORT_MAX - CLIENTS + 1, SHORT_MAX + 1), BASE)

    def test_what_is_charged_is_what_is_allocated(self):
        """Clients that read nothing, of results that are just longer than whole huge pages."""
        n, clients, workers, memory = 769400, 45, 200, 160
        configuration = f"FactorialMemory {memory}\n{MANY}FactorialQueueTimeout 20\n"
        configuration += f"ThreadsPerChild {workers}\n"
        configuration += (
            f"MaxRequestWorkers {workers}\nServerLimit 1\nStartServers 1\nThreadLimit {workers}\n"
        )
        expected = ["refused: too many large numbers at once", "stopped: the client has gone"]
        with Server(configuration, expected=[*expected, "AH10159:"]) as server:
            self.assertEqual(server.get(f"{PATH}{n}").status, 200)  # everything is loaded
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
        report(
            f"{clients} clients read nothing: {highest / MIB:.1f} MiB more in memory, "
            f"{charged / MIB:.1f} charged in the end, FactorialMemory {memory}"
        )
        self.assertGreater(charged, 100 * MIB)
        self.assertLessEqual(charged, memory * MIB)
        self.assertLessEqual(highest, memory * MIB + workers * SENDING)

"""Restarting and stopping under load."""

import concurrent.futures
import contextlib
import signal
import threading
import time

import pytest
from client import Connection
from crashes import CORES, crashes_of_ours
from httpd import PATH, wait_until, watched

EXPECTED = [
    "refused: too many large numbers at once",
    "stopped: the client has gone",
    "aborted: the client does not read the response",
    "stopped: the server is stopping",
]
mpms = pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])


def test_graceful_restarts_lose_no_request():
    # httpd notices that children of two generations ago have ended: AH00546.
    with watched(expected=[*EXPECTED, "AH00546: no record of generation"]) as server:
        stop, lost, statuses = threading.Event(), [], []

        def client(n):
            while not stop.is_set():
                try:
                    statuses.append(server.get(f"{PATH}{n}").status)
                except OSError as error:
                    lost.append(error)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for n in (20, 20, 3000, 3000, 50000, 100000, 200000, 1000000):
                pool.submit(client, n)
            try:
                for few in (50, 100, 150, 200):
                    wait_until(lambda few=few: len(statuses) > few, "answers")
                    server.reload()
            finally:
                stop.set()
        server.settle()
        ok, refused = statuses.count(200), statuses.count(503)
        print(f"report: 4 graceful restarts: {ok} answered, {refused} refused, {len(lost)} lost")
        assert lost == []
        assert ok + refused == len(statuses)
        assert ok > 0


@mpms
def test_a_graceful_stop_loses_no_request(mpm):
    # Above the sum of our limits: 1 for waiting, 60 for computing, 4 for sending.
    configuration = (
        "FactorialConcurrency 2\nFactorialQueueTimeout 1\nFactorialTimeout 60\n"
        "FactorialSendTimeout 1\nGracefulShutdownTimeout 90\nFactorialEngine gmp\n"
    )
    with watched(configuration, mpm=mpm, expected=EXPECTED) as server:
        clients = [Connection(server.port) for _ in range(20)]
        for i, client in enumerate(clients):
            client.ask(f"{PATH}{500000 + i}", Connection="close")
        # One that httpd has not accepted yet would be the kernel's loss.
        wait_until(lambda: server.has_read(len(clients)), "all have been read")
        start, statuses = time.monotonic(), []

        def take():
            statuses.extend(client.answer().status for client in clients)

        server.stop(seconds=90, meanwhile=take)
        took = time.monotonic() - start
        for client in clients:
            client.close()
        ok, refused = statuses.count(200), statuses.count(503)
        print(f"report: {mpm}: graceful stop: {ok} answered, {refused} refused, {took:.1f} s")
        assert ok + refused == 20
        assert ok >= 2


def stop_in_haste(mpm, delay):
    """Computing, waiting, sending, some to a client that does not read, at a moment that differs
    from run to run.
    """
    configuration = (
        f"{CORES}FactorialMaxNumber 8000000\nFactorialMemory 2048\nFactorialTimeout 60\n"
        "FactorialConcurrency 4\nFactorialEngine gmp\nStartServers 6\nSendBufferSize 16384\n"
    )
    # AH00045: httpd asks those that are there after three seconds again; a busy machine may take that.
    expected = [*EXPECTED, "exit signal", "caught SIGTERM", "AH00045:"]
    with (
        watched(configuration, mpm=mpm, expected=expected) as server,
        contextlib.ExitStack() as open_ones,
    ):
        for n in (8000000, 8000000, 100000, 100000, 3000, 3000, 20000, 20000, 8000000):
            client = Connection(server.port)
            open_ones.callback(client.close)
            client.ask(f"{PATH}{n}")
        deaf = Connection(server.port, receive_buffer=4096)
        open_ones.callback(deaf.close)
        deaf.ask(f"{PATH}100000")
        time.sleep(delay)
        start = time.monotonic()
        server.stop(signal.SIGTERM)
        took = time.monotonic() - start
        ours, foreign = crashes_of_ours(server)
        assert ours == []
        if foreign:
            print(f"report: {mpm}: {foreign} crashes of httpd's own (see crashes.py)")
        return took


@mpms
def test_a_stop_in_haste_needs_no_kill(mpm):
    """httpd kills the children that are left after ten seconds, and says so (AH00046)."""
    times = [stop_in_haste(mpm, delay / 10) for delay in (1, 4, 8)]
    print(f"report: {mpm}: stop in haste: {max(times):.1f} s at the most")

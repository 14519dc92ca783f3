"""Clients that take their answers slowly, or not at all, or leave."""

import contextlib
import time

import http2
import pytest
from client import Connection
from httpd import PATH, wait_until, watched

LARGE = f"{PATH}100000"  # 456,574 digits: given up after FactorialSendTimeout and 3 seconds
WORKERS = 400
EXPECTED = [
    "refused: too many large numbers at once",
    "aborted: the client does not read the response",
    "stopped: the client has gone",
]
# One computation after the other would be slow by GMP; nothing here depends on how many there are.
MANY = "FactorialConcurrency 16\nFactorialQueueTimeout 10\nFactorialMaxWaiting 100\n"


def assert_others_are_served(server):
    """Health and a small number, each time on a connection of its own: long before those that hold
    the server are given up. What the slowest took, for the report."""
    slowest = 0
    for target in 10 * ["/health", f"{PATH}20"]:
        start = time.monotonic()
        assert server.get(target).status == 200
        slowest = max(slowest, time.monotonic() - start)
    return slowest


@pytest.mark.parametrize("mpm", ["event", "worker"])
def test_200_slow_readers(mpm):
    configuration = f"{MANY}FactorialSendTimeout 300\nTimeout 300\nSendBufferSize 16384\n"
    configuration += "StartServers 16\n"
    with (
        watched(configuration, mpm=mpm, expected=EXPECTED) as server,
        contextlib.ExitStack() as open_ones,
    ):
        for _ in range(200):
            reader = Connection(server.port, receive_buffer=4096)
            open_ones.callback(reader.close, reset=True)
            reader.ask(LARGE)
        slowest = assert_others_are_served(server)
        wait_until(lambda: server.has_read(200), "all have been read")
        wait_until(lambda: not server.metric("Waiting"), "nobody waits any more")
        busy, refused = server.metric("Busy"), server.metric("RefusedBusy")
        slowest = max(slowest, assert_others_are_served(server))
        print(
            f"report: {mpm}: 200 slow readers: {refused} refused, {busy} hold a worker, slowest small "
            f"answer {1000 * slowest:.0f} ms"
        )
        assert busy > 0
        assert busy <= WORKERS / 4
        assert busy + refused == 200, server.log()
        open_ones.close()
        server.settle(60)


def test_100_stalled_streams_of_http2():
    configuration = f"{MANY}FactorialSendTimeout 1\nProtocols h2c http/1.1\nTimeout 2\n"
    with watched(configuration, modules="http2", expected=EXPECTED) as server:
        stalled = http2.Connection(server.port, window=0)
        start = time.monotonic()
        for _ in range(100):
            stalled.ask(LARGE)
        slowest = assert_others_are_served(server)
        with contextlib.closing(http2.Connection(server.port)) as other:
            assert other.get("/health").body == b"UP"
            assert other.get(f"{PATH}5").body == b'{"factorial":120}\n'
        # What is given up makes room for the next ones.
        stalled.ping_until(lambda: server.metric("AbortedSlow") > 6)
        took = time.monotonic() - start
        slowest = max(slowest, assert_others_are_served(server))
        busy = server.metric("Busy")
        assert busy <= 25 / 4
        stalled.close()
        server.settle()
        print(
            f"report: 100 stalled streams: {busy} busy at once, seven given up after {took:.1f} s, "
            f"slowest small answer {1000 * slowest:.0f} ms"
        )


def test_an_http2_connection_survives_its_stalled_streams():
    configuration = f"{MANY}FactorialSendTimeout 1\nProtocols h2c http/1.1\nTimeout 2\n"
    with watched(configuration, modules="http2", expected=EXPECTED) as server:
        connection = http2.Connection(server.port, window=0)
        ids = [connection.ask(LARGE) for _ in range(4)]
        connection.ping_until(lambda: server.metric("AbortedSlow") == 4)
        server.wait_for_metric("Busy", 0)
        # httpd tells that a stream is reset when it could send on it.
        for stream_id in ids:
            connection.widen(stream_id)
        connection.read_until(lambda: all(connection.streams[i].reset for i in ids))
        stream_id = connection.ask(f"{PATH}5")
        connection.widen(stream_id)
        stream = connection.streams[stream_id]
        connection.read_until(lambda: stream.ended)
        assert stream.body == b'{"factorial":120}\n'
        connection.close()


def test_the_end_of_an_answer_holds_no_more_than_itself():
    """A client that takes all but the last 60,000 bytes, and stays."""
    configuration = f"{MANY}SendBufferSize 16384\nProtocols h2c http/1.1\n"
    with watched(configuration, modules="http2", expected=EXPECTED) as server:
        with contextlib.closing(Connection(server.port, receive_buffer=4096)) as reader:
            reader.ask(LARGE)
            reader.stream.read(400000)
            server.settle()
        window = 400000
        with contextlib.closing(http2.Connection(server.port, window=window)) as reader:
            stream = reader.streams[reader.ask(LARGE)]
            reader.read_until(lambda: len(stream.body) == window)
            reader.ping_until(lambda: not server.metric("Busy"))
            server.settle()


def test_streams_that_are_reset_stop_their_computations():
    configuration = "FactorialEngine gmp\nFactorialMaxNumber 8000000\nProtocols h2c http/1.1\n"
    configuration += "FactorialMemory 2048\nFactorialTimeout 60\nFactorialConcurrency 2\n"
    with watched(configuration, modules="http2", expected=EXPECTED) as server:
        connection = http2.Connection(server.port)
        ids = [connection.ask(f"{PATH}8000000") for _ in range(2)]
        server.wait_for_metric("Computing", 2)
        start = time.monotonic()
        for stream_id in ids:
            connection.cancel(stream_id)
        server.wait_for_metric("StoppedGone", 2)
        took = time.monotonic() - start
        print(f"report: two streams reset: their computations have ended after {took:.2f} s")
        assert server.metric("Computing") == 0
        assert connection.get(f"{PATH}5").body == b'{"factorial":120}\n'
        connection.close()


def test_1000_clients_that_vanish():
    with watched(MANY, expected=EXPECTED) as server:
        before = set(server.children())
        for batch in range(10):
            clients = [Connection(server.port) for _ in range(100)]
            for i, client in enumerate(clients):
                client.ask(f"{PATH}{900000 + 100 * batch + i}")
            for i, client in enumerate(clients):
                client.close(reset=i % 2)
        slowest = assert_others_are_served(server)
        server.settle()
        gone, refused = server.metric("StoppedGone"), server.metric("RefusedBusy")
        print(
            f"report: 1,000 clients that vanish: {gone} noticed while waiting or computing, {refused} "
            f"refused, slowest small answer after it {1000 * slowest:.0f} ms"
        )
        assert gone > 0
        assert before <= set(server.children())
        assert_others_are_served(server)

"""Clients that ask and do not read: whatever makes their responses long, others are served.

One process has 25 workers, and nothing of httpd's ends a wait for a client while a test lasts.
"""

import contextlib
import socket

import http2
import pytest
from client import Connection
from httpd import PATH, free_port, wait_until, watched
from tls import TLS, client_context, make_certificate

WORKERS = 25
SLOTS = WORKERS // 4
STREAM_THREADS = WORKERS * 3 // 2  # mod_http2's, unless H2MaxWorkers says otherwise
STREAM_SLOTS = STREAM_THREADS // 4 * 3
ONE_PROCESS = f"""\
ServerLimit 1
StartServers 1
MaxRequestWorkers {WORKERS}
Timeout 300
FactorialSendTimeout 300
Protocols h2c http/1.1
"""
EXPECTED = [
    "refused: too many large numbers at once",
    "aborted: the client does not read the response",
    "stopped: the client has gone",
    # For a moment all workers of the one process may compute.
    *("AH10159:", "AH00484:", "AH03490:"),
]
ANY = "<Location />\n%s\n</Location>\n"
MULTIPLY = ANY % "SetOutputFilter SUBSTITUTE\nSubstitute s/1/1234567890123456/q"

# What makes the response to N long: its digits, its headers, a filter, or how little httpd holds.
CASES = {
    "the last short number": {"n": 15000},
    "short before, and never counted": {"n": 16300},
    "text": {"n": 20000, "accept": "text/plain"},
    "large headers": {"n": 15000, "configuration": "Header echo ^X", "header_bytes": 56000},
    "headers alone": {"n": 20, "configuration": "Header echo ^X", "header_bytes": 91000},
    "httpd holds little": {"n": 15000, "configuration": "FlushMaxThreshold 4096"},
    "small buffers": {"n": 15000, "configuration": "SendBufferSize 4096"},
    "compression": {
        "n": 19000,
        "configuration": ANY % "SetOutputFilter DEFLATE",
        "accept_encoding": "gzip",
    },
    "a filter that multiplies": {"n": 9000, "configuration": MULTIPLY},
    "TLS": {"n": 15000, "tls": True},
    "TLS and headers": {
        "n": 15000,
        "configuration": "Header echo ^X",
        "header_bytes": 56000,
        "tls": True,
    },
}


@pytest.mark.parametrize("name", CASES)
def test_clients_hold_no_more_workers_than_there_are_slots(name):
    silent_clients(name, **CASES[name])


def silent_clients(name, n, *, configuration="", header_bytes=0, tls=False, **headers):
    port = free_port()
    configuration = ONE_PROCESS + configuration + "\n"
    if tls:
        configuration += TLS.replace("TLS_PORT", str(port))
    running = watched(
        configuration,
        modules="headers deflate filter substitute http2" + (" ssl" if tls else ""),
        expected=EXPECTED,
        prepare=make_certificate if tls else lambda _: None,
    )
    headers.update({f"X-{i}": 7000 * "x" for i in range(header_bytes // 7000)})
    with running as server, contextlib.ExitStack() as clients:
        for _ in range(60):
            client = Connection(
                port if tls else server.port,
                receive_buffer=2048,
                segment=1460,
                tls=client_context(server) if tls else None,
            )
            clients.callback(client.close, reset=True)
            client.ask(f"{PATH}{n}", **headers)
        wait_until(lambda: server.has_read(60), "all have been read")
        # httpd's own count, with the worker that tells it.
        wait_until(lambda: server.status("BusyWorkers") <= SLOTS + 1, "the other workers are free")
        busy = server.metric("Busy")
        assert server.get("/health").status == 200
        assert server.get(f"{PATH}20").status == 200
        print(f"report: 60 silent clients, {name}: {busy} workers wait for them")


@pytest.mark.parametrize(
    ("n", "configuration"),
    [
        (15000, ""),
        (15000, "H2StreamMaxMemSize 1024"),
        (17000, ""),
        (9000, MULTIPLY),
    ],
)
def test_streams_hold_no_more_threads_than_there_are_slots(n, configuration):
    """All the other threads reach a backend that never answers, at the same time."""
    backend = socket.create_server(("127.0.0.1", 0))
    backend.settimeout(1)
    running = watched(
        f'{ONE_PROCESS}ProxyPass "/backend" "http://127.0.0.1:{backend.getsockname()[1]}/"\n'
        f"{configuration}\n",
        modules="http2 filter substitute proxy proxy_http",
        expected=[*EXPECTED, "[proxy"],
    )
    with running as server, contextlib.ExitStack() as clients:
        clients.enter_context(backend)
        for _ in range(12):
            client = http2.Connection(server.port, window=0)
            clients.callback(client.close)
            for _ in range(40):
                client.ask(f"{PATH}{n}")
        wait_until(lambda: server.has_read(100), "more than there are threads")
        arrived = []

        def all_arrive():
            """One more client asks each time, because mod_http2 may leave a request unserved although
            threads are idle: the thread that it wakes takes the turn of another connection, finds that it
            may run no more streams, and sleeps again."""
            client = http2.Connection(server.port)
            clients.callback(client.close)
            client.ask("/backend")
            with contextlib.suppress(TimeoutError):
                arrived.append(clients.enter_context(backend.accept()[0]))
            return len(arrived) == STREAM_THREADS - STREAM_SLOTS

        wait_until(all_arrive, "the threads without a slot are free")
        print(
            f"report: 480 silent streams of N = {n}, {configuration}: "
            f"{server.metric('Streams')} threads wait for them"
        )


def test_twenty_streams_of_one_connection_are_all_answered():
    """The default of FactorialMaxWaiting and the slots have room for them."""
    with watched("Protocols h2c http/1.1\nFactorialQueueTimeout 60\n", modules="http2") as server:
        with contextlib.closing(http2.Connection(server.port)) as connection:
            for attempt in range(5):
                ids = [connection.ask(f"{PATH}{30000 + i}") for i in range(20)]
                small = connection.ask(f"{PATH}20")
                streams = [connection.streams[i] for i in (*ids, small)]
                connection.read_until(
                    lambda streams=streams: all(s.ended or s.reset for s in streams)
                )
                assert [s.status for s in streams] == 21 * [200], attempt
        server.settle()

"""Clients that ask and do not read: whatever makes their responses long, others are served.

One process has 25 workers, and nothing of httpd's ends a wait for a client while a test lasts.
"""

import contextlib
import ssl
import unittest

import http2
from client import PATH, Connection
from report import report
from server import Server, free_port, wait_until
from test_neighbours import TLS, make_certificate

WORKERS = 25
SLOTS = WORKERS // 4
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
    "AH01882:",  # OpenSSL is another version than at httpd's compilation, which is the machine's
    "AH01873:",
    # For a moment all workers of the one process may compute.
    *("AH10159:", "AH00484:", "AH03490:"),
]
ANY = "<Location />\n%s\n</Location>\n"

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
    "a filter that multiplies": {
        "n": 9000,
        "configuration": ANY % "SetOutputFilter SUBSTITUTE\nSubstitute s/1/1234567890123456/q",
    },
    "TLS": {"n": 15000, "tls": True},
    "TLS and headers": {
        "n": 15000,
        "configuration": "Header echo ^X",
        "header_bytes": 56000,
        "tls": True,
    },
}


def answered(server, clients):
    """All have been read, and wait for nothing but for themselves."""
    ended = sum(map(server.metric, ("Results", "RefusedBusy", "AbortedSlow")))
    return ended + server.metric("Busy") + server.metric("Streams") >= clients


class Silent(unittest.TestCase):
    def test_clients_hold_no_more_workers_than_there_are_slots(self):
        for name, case in CASES.items():
            with self.subTest(name):
                self.silent_clients(name, **case)

    def silent_clients(self, name, n, *, configuration="", header_bytes=0, tls=False, **headers):
        port = free_port()
        configuration = ONE_PROCESS + configuration + "\n"
        if tls:
            configuration += TLS.replace("TLS_PORT", str(port))
        server = Server(
            configuration,
            modules="headers deflate filter substitute http2" + (" ssl" if tls else ""),
            expected=EXPECTED,
        )
        context = None
        if tls:
            make_certificate(server.root)
            context = ssl.create_default_context(cafile=f"{server.root}/certificate.pem")
        headers.update({f"X-{i}": 7000 * "x" for i in range(header_bytes // 7000)})
        with server, contextlib.ExitStack() as clients:
            for _ in range(60):
                client = Connection(
                    port if tls else server.port,
                    receive_buffer=2048,
                    segment=1460,
                    tls=context,
                )
                clients.callback(client.close, reset=True)
                client.ask(f"{PATH}{n}", headers)
            wait_until(lambda: answered(server, 60), 60, "all have been read")
            busy = server.metric("Busy")
            self.assertLessEqual(busy, SLOTS)
            self.assertEqual(server.get("/health").status, 200)
            self.assertEqual(server.get(f"{PATH}20").status, 200)
            report(f"60 silent clients, {name}: {busy} workers wait for them")

    def test_streams_hold_no_more_threads_than_there_are_slots(self):
        for n, configuration in (
            (15000, ""),
            (15000, "H2StreamMaxMemSize 1024"),
            (17000, ""),
            (15000, ANY % "SetOutputFilter DEFLATE"),
        ):
            with self.subTest(f"{n} {configuration}"):
                self.silent_streams(n, configuration)

    def silent_streams(self, n, configuration):
        with (
            Server(
                f"{ONE_PROCESS}{configuration}\n", modules="http2 deflate", expected=EXPECTED
            ) as server,
            contextlib.ExitStack() as clients,
        ):
            for _ in range(12):
                client = http2.Connection(server.port, window=0)
                clients.callback(client.close)
                for _ in range(40):
                    client.ask(f"{PATH}{n}")
            wait_until(lambda: answered(server, 100), 60, "more than there are threads")
            busy = server.metric("Streams")
            with contextlib.closing(http2.Connection(server.port)) as other:
                self.assertEqual(other.get("/health").body, b"UP")
                self.assertEqual(other.get(f"{PATH}20").status, 200)
            report(f"480 silent streams of N = {n}, {configuration}: {busy} threads wait for them")

    def test_twenty_streams_of_one_connection_are_all_answered(self):
        """At default settings: FactorialMaxWaiting and the slots have room for them."""
        with Server("Protocols h2c http/1.1\n", modules="http2") as server:
            with contextlib.closing(http2.Connection(server.port)) as connection:
                for attempt in range(5):
                    ids = [connection.ask(f"{PATH}{30000 + i}") for i in range(20)]
                    small = connection.ask(f"{PATH}20")
                    streams = [connection.streams[i] for i in (*ids, small)]
                    connection.read_until(
                        lambda streams=streams: all(s.ended or s.reset for s in streams)
                    )
                    self.assertEqual([s.status for s in streams], 21 * [200], attempt)
            server.settle()

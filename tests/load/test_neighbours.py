"""mod_deflate, mod_cache with both stores, mod_ssl and mod_http2 at once."""

import contextlib
import gzip
import ssl
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import http2
from client import PATH, Connection, get
from factorials import Factorials
from report import report
from server import Server, free_port

NUMBERS = (5, 20, 1000, 3000, 20000, 100000, 200000)
ROUNDS = 3
MODULES = "ssl socache_shmcb deflate cache cache_disk cache_socache"
TLS = """\
DefaultRuntimeDir {root}
SSLSessionCache none
Listen 127.0.0.1:TLS_PORT
<VirtualHost 127.0.0.1:TLS_PORT>
    SSLEngine on
    SSLCertificateFile {root}/certificate.pem
    SSLCertificateKeyFile {root}/key.pem
</VirtualHost>
"""
CONFIGURATION = """\
Protocols h2 http/1.1
<Location "/api/v1/factorial">
    SetOutputFilter DEFLATE
</Location>
CacheQuickHandler off
CacheLock on
CacheLockPath {root}/cache/lock
CacheHeader on
CacheSocache shmcb
# What is larger goes to disk: shmcb takes no entry of more than 64 KB unless its size is raised.
CacheSocacheMaxSize 50000
CacheEnable socache /api
CacheRoot {root}/cache
CacheMaxFileSize 100000000
CacheEnable disk /api
"""


def make_certificate(directory):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    command += ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]
    command += ["-keyout", f"{directory}/key.pem", "-out", f"{directory}/certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)


def client_context(directory, protocol):
    context = ssl.create_default_context(cafile=f"{directory}/certificate.pem")
    context.set_alpn_protocols([protocol])
    return context


class Neighbours(unittest.TestCase):
    def together(self, mpm):
        factorials, port = Factorials(NUMBERS), free_port()
        server = Server(
            (TLS + CONFIGURATION).replace("TLS_PORT", str(port)),
            modules=MODULES + (" http2" if mpm != "prefork" else ""),
            mpm=mpm,
            # AH01882: OpenSSL is another version than at httpd's compilation, which is the machine's.
            # Two requests store the same answer at once: one finds that the other's file is there.
            expected=[
                "refused: too many large numbers",
                "AH00766:",
                "AH00769:",
                "AH02384:",
                "AH01882:",
                "AH01873:",
            ],
        )
        make_certificate(server.root)
        (server.root / "cache").mkdir()
        (server.root / "cache").chmod(0o777)
        tls = client_context(server.root, "http/1.1")
        h2 = client_context(server.root, "h2")
        hits = []

        def by_http1(n, encoding):
            answer = get(port, f"{PATH}{n}", {"Accept-Encoding": encoding}, tls)
            if answer.status == 200:
                packed = answer.headers.get("content-encoding") == "gzip"
                factorials.check(n, gzip.decompress(answer.body) if packed else answer.body)
                hits.append(answer.headers.get("x-cache", "").startswith("HIT"))
            return answer.status

        def by_http2(n):
            with contextlib.closing(http2.Connection(port, tls=h2)) as connection:
                answer = connection.get(f"{PATH}{n}")
            if answer.status == 200:
                factorials.check(n, bytes(answer.body))
            return answer.status or 503

        with server, ThreadPoolExecutor(8) as pool:
            futures = []
            for n in ROUNDS * NUMBERS:
                futures.append(pool.submit(by_http1, n, "gzip"))
                futures.append(pool.submit(by_http1, n, "identity"))
                if mpm != "prefork":
                    futures.append(pool.submit(by_http2, n))
            statuses = [future.result() for future in futures]
            server.settle()
            ok, refused = statuses.count(200), statuses.count(503)
            report(f"{mpm}: with its neighbours {ok} right, {refused} refused, {sum(hits)} cached")
            self.assertEqual(ok + refused, len(statuses))
            self.assertGreater(ok, len(statuses) / 2)
            self.assertGreater(sum(hits), 0)

    def test_all_at_once_under_event(self):
        self.together("event")

    def test_all_at_once_under_worker(self):
        self.together("worker")

    def test_all_at_once_under_prefork(self):
        self.together("prefork")

    def test_quick_clients_of_tls(self):
        """Workers wait for their next requests, some of which come in two pieces."""
        factorials, port = Factorials(NUMBERS), free_port()
        server = Server(
            TLS.replace("TLS_PORT", str(port)), modules="ssl", expected=["AH01882:", "AH01873:"]
        )
        make_certificate(server.root)
        tls = client_context(server.root, "http/1.1")

        def ask_in_a_row(client):
            with contextlib.closing(Connection(port, tls=tls)) as connection:
                for i in range(90):  # httpd closes a connection after 100
                    n = NUMBERS[(client + i) % 4]
                    if i % 10 == 9:
                        connection.socket.sendall(b"GET ")
                        time.sleep(0.005)
                        connection.socket.sendall(f"{PATH}{n} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    else:
                        connection.ask(f"{PATH}{n}")
                    answer = connection.answer()
                    self.assertEqual(answer.status, 200)
                    factorials.check(n, answer.body)

        with server, ThreadPoolExecutor(8) as pool:
            list(pool.map(ask_in_a_row, range(16)))

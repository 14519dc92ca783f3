"""mod_deflate, mod_cache with both stores, mod_ssl and mod_http2 at once."""

import contextlib
import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import http2
import pytest
from client import Connection, ask
from factorials import Factorials
from httpd import PATH, free_port, watched
from tls import TLS, client_context, make_certificate

NUMBERS = (5, 20, 1000, 3000, 20000, 100000, 200000)
ROUNDS = 3
MODULES = "ssl socache_shmcb deflate cache cache_disk cache_socache"
CONFIGURATION = """\
Protocols h2 http/1.1
FactorialQueueTimeout 60
<Location "/api/v1/factorial">
    SetOutputFilter DEFLATE
</Location>
CacheQuickHandler off
CacheLock on
CacheLockPath "@ROOT@/cache/lock"
CacheHeader on
CacheSocache shmcb
# What is larger goes to disk: shmcb takes no entry of more than 64 KB unless its size is raised.
CacheSocacheMaxSize 50000
CacheEnable socache /api
CacheRoot "@ROOT@/cache"
CacheMaxFileSize 100000000
CacheEnable disk /api
"""


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_all_at_once(mpm):
    factorials, port = Factorials(NUMBERS), free_port()
    running = watched(
        (TLS + CONFIGURATION).replace("TLS_PORT", str(port)),
        modules=MODULES + (" http2" if mpm != "prefork" else ""),
        mpm=mpm,
        # Two requests store the same answer at once: one finds that the other's file is there.
        expected=["refused: too many large numbers", "AH00766:", "AH00769:", "AH02384:"],
        prepare=make_certificate,
    )
    hits = []

    def by_http1(n, encoding):
        answer = ask(
            port, "GET", f"{PATH}{n}", tls=client_context(server), Accept_Encoding=encoding
        )
        if answer.status == 200:
            packed = answer.headers["Content-Encoding"] == "gzip"
            factorials.check(n, gzip.decompress(answer.body) if packed else answer.body)
            hits.append(answer.headers.get("X-Cache", "").startswith("HIT"))
        return answer.status

    def by_http2(n):
        with contextlib.closing(
            http2.Connection(port, tls=client_context(server, "h2"))
        ) as connection:
            answer = connection.get(f"{PATH}{n}")
        if answer.status == 200:
            factorials.check(n, bytes(answer.body))
        return answer.status or 503

    with running as server, ThreadPoolExecutor(8) as pool:
        futures = []
        for n in ROUNDS * NUMBERS:
            futures.append(pool.submit(by_http1, n, "gzip"))
            futures.append(pool.submit(by_http1, n, "identity"))
            if mpm != "prefork":
                futures.append(pool.submit(by_http2, n))
        statuses = [future.result() for future in futures]
        server.settle()
        ok, refused = statuses.count(200), statuses.count(503)
        print(
            f"report: {mpm}: with its neighbours {ok} right, {refused} refused, {sum(hits)} cached"
        )
        assert ok + refused == len(statuses)
        assert ok > len(statuses) / 2
        assert sum(hits) > 0


def test_quick_clients_of_tls():
    """Workers wait for their next requests, some of which come in two pieces."""
    factorials, port = Factorials(NUMBERS), free_port()
    configuration = TLS.replace("TLS_PORT", str(port))

    def ask_in_a_row(client):
        tls = client_context(server)
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
                assert answer.status == 200
                factorials.check(n, answer.body)

    with (
        watched(configuration, "ssl", prepare=make_certificate) as server,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(ask_in_a_row, range(16)))

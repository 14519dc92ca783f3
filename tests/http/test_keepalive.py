"""Clients that ask in quick succession on one connection, under event and under the others."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from client import Connection
from httpd import API, ENDPOINT, MPM, Httpd, exists, running, wait_until

REQUESTS, FEW = 20, 5
event_alone = pytest.mark.skipif(
    MPM != "event", reason="each connection has a worker, or waits for one"
)


def ask(connection: Connection, address: str = API) -> bool:
    """One request and its answer. True if the connection stays."""
    connection.ask(f"{address}?number=5")
    answer = connection.answer()
    assert (answer.status, answer.text) == (200, '{"factorial":120}\n')
    return answer.headers["Connection"] != "close"


# ---- who answers


@pytest.fixture(scope="module")
def waiting() -> Iterator[Httpd]:
    """The milliseconds that a worker waits for the next request are in the address, and the log tells the
    worker of each."""
    waits = "".join(
        f'<Location "/wait/{wait}">\nFactorialKeepAliveWait {wait}\n</Location>\n'
        for wait in (1000, 1, 0)
    )
    log = 'LogFormat "%U %{tid}P" worker\nCustomLog workers worker\n'
    pattern = '<LocationMatch "^/wait/">\nFactorial On\n</LocationMatch>\n'
    with running(pattern + waits + log) as httpd:
        yield httpd


@pytest.mark.mpm
@pytest.mark.parametrize(
    ("wait", "pause", "few"),
    [(1000, 0, True), (1000, 0.02, True), (1, 0.02, False), (0, 0, False)],
)
def test_a_quick_client_keeps_its_worker(
    waiting: Httpd, wait: int, pause: float, few: bool
) -> None:
    address = f"/wait/{wait}/{pause}"
    with contextlib.closing(Connection(waiting.port)) as client:
        for _ in range(REQUESTS):
            assert ask(client, address)
            time.sleep(pause)

    def workers() -> list[str]:
        return [line for line in waiting.log("workers").splitlines() if line.startswith(address)]

    wait_until(lambda: len(workers()) == REQUESTS, "all requests are in the log")
    count = len(set(workers()))
    if waiting.mpm != "event":
        assert count == 1
    else:
        assert (count <= FEW) == few


# ---- who else is answered


class QuickClient:
    """Asks without pause, on a new connection whenever the server has closed one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers = 0
        self.stays = False  # the last connection
        self.is_over = False

    def run(self) -> None:
        while not self.is_over:
            with (
                contextlib.closing(Connection(self.port)) as connection,
                contextlib.suppress(ConnectionError),
            ):
                self.stays = True
                while self.stays and not self.is_over:
                    self.stays = False
                    self.stays = ask(connection)
                    self.answers += 1


@contextlib.contextmanager
def quick_clients(server: Httpd, count: int) -> Iterator[list[QuickClient]]:
    clients = [QuickClient(server.port) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(client.run) for client in clients]
        try:
            yield clients
        finally:
            for client in clients:
                client.is_over = True
        for run in running:
            run.result()


@contextlib.contextmanager
def one_process(workers: int, wait: int) -> Iterator[Httpd]:
    configuration = f"""{ENDPOINT}
ServerLimit 1
ThreadsPerChild {workers}
MaxRequestWorkers {workers}
MaxKeepAliveRequests 0
FactorialKeepAliveWait {wait}
"""
    with running(configuration, expected=["MaxRequestWorkers setting"]) as httpd:
        yield httpd


@event_alone
def test_quick_clients_leave_workers_for_others() -> None:
    """Were no worker left, an answer would not come as long as the quick clients ask."""
    with one_process(4, 1000) as server, quick_clients(server, 12) as clients:
        for _ in range(100):
            with contextlib.closing(Connection(server.port)) as other:
                ask(other)
            time.sleep(0.02)
        wait_until(lambda: min(client.answers for client in clients) > 10, "ten answers for each")


@event_alone
def test_a_slow_client_loses_nothing_beside_quick_ones() -> None:
    """Event closes what is parked with it while no worker is idle."""
    with one_process(16, 10) as server:
        for count in (11, 12):  # with the slow one three quarters of the workers, and more
            with (
                quick_clients(server, count) as clients,
                contextlib.closing(Connection(server.port)) as slow,
            ):
                for _ in range(REQUESTS):
                    assert ask(slow)
                    time.sleep(0.05)
            assert all(client.stays for client in clients)


@pytest.mark.mpm
def test_neither_restart_nor_stop_waits_for_a_quick_client() -> None:
    # When they stop, other MPMs than event wait for the client themselves, as long as KeepAliveTimeout says.
    patience = 300 if MPM == "event" else 5
    configuration = f"{ENDPOINT}FactorialKeepAliveWait 1000\nMaxKeepAliveRequests 0\nKeepAliveTimeout {patience}\n"
    with running(configuration) as server:
        with contextlib.closing(Connection(server.port)) as client:
            for _ in range(REQUESTS):
                assert ask(client)
            children = server.children()
            server.reload()

            def is_let_go() -> bool:
                try:
                    return not ask(client)
                except ConnectionError:
                    return True

            wait_until(is_let_go, "the connection ends")
        wait_until(lambda: not any(map(exists, children)), "so do the processes")
        with contextlib.closing(Connection(server.port)) as client:
            for _ in range(REQUESTS):
                assert ask(client)
            server.stop()  # while a worker waits

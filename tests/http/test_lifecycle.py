"""Reloading and restarting, and clients that leave."""

import contextlib
import platform
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from client import Connection
from httpd import API, ENDPOINT, Httpd, running, wait_until, watched

pytestmark = pytest.mark.mpm


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    # httpd forgets generations whose children outlive several restarts in a row.
    with running(ENDPOINT, expected=["AH00546: no record of generation"]) as httpd:
        yield httpd


def wait_for_status(server: Httpd, number: int, status: int) -> None:
    """For a moment after a graceful restart children of the old generation may still answer."""
    wait_until(
        lambda: server.get(f"{API}?number={number}").status == status, f"{number} is {status}"
    )


def test_the_log_names_the_kernel_for_this_processor() -> None:
    flags = set(Path("/proc/cpuinfo").read_text().split())
    fastest = "neon" if platform.machine() == "aarch64" else "gmp"
    if {"avx2", "fma"} <= flags:
        fastest = "avx512" if {"avx512dq", "avx512vl"} <= flags else "avx2"
    with watched() as server:
        line = rf"\] mod_factorial [0-9.]+ configured, kernel {fastest}, GMP [0-9.]+$"
        assert re.search(line, server.log(), re.M)


def test_a_reload_applies_changed_limits(server: Httpd) -> None:
    for limit in (100, 200):
        server.reload(f"{ENDPOINT}FactorialMaxNumber {limit}\n")
        wait_for_status(server, limit, 200)
        wait_for_status(server, limit + 1, 400)
    server.reload("FactorialMaxNumber 200\n")
    wait_for_status(server, 200, 404)


def test_a_graceful_restart_loses_no_request(server: Httpd) -> None:
    server.reload(ENDPOINT)
    wait_for_status(server, 3000, 200)
    answers: list[tuple[int, int]] = []
    is_over = False

    def keep_asking() -> None:
        while not is_over:
            answer = server.get(f"{API}?number=3000")
            answers.append((answer.status, len(answer.body)))

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(keep_asking) for _ in range(4)]
        try:
            for _ in range(3):
                before = len(answers)
                server.reload()
                wait_until(lambda seen=before: len(answers) > seen + 10, "ten more answers")
        finally:
            is_over = True
        for client in clients:
            client.result()
    assert set(answers) == {(200, 9131 + 15)}


def test_a_client_that_leaves_harms_nobody(server: Httpd) -> None:
    server.reload(ENDPOINT)
    wait_for_status(server, 60000, 200)
    for _ in range(5):
        # Never more than may be busy in one child: where computing is slow, none has ended yet.
        for i in range(4):
            with contextlib.closing(Connection(server.port)) as leaving:
                leaving.ask(f"{API}?number=60000")
                time.sleep(0.005 * (i % 2))
        assert server.get(f"{API}?number=60000").status == 200

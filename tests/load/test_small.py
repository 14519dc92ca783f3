"""Small requests beside clients that ask for large numbers without pause."""

import contextlib
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from client import Connection, ask
from httpd import PATH, watched

CLIENTS = 8
SECONDS = 30 if os.environ.get("LOAD") == "long" else 5


def probe(port):
    """Asks for 20! on one connection all the time: the seconds that each answer took, sorted."""
    took, end = [], time.monotonic() + SECONDS
    with contextlib.closing(Connection(port)) as connection:
        while time.monotonic() < end:
            start = time.monotonic()
            connection.ask(f"{PATH}20")
            answer = connection.answer()
            took.append(time.monotonic() - start)
            assert answer.body == b'{"factorial":2432902008176640000}\n', answer
            if answer.headers["Connection"] == "close":  # MaxKeepAliveRequests
                connection = Connection(port)
            time.sleep(0.002)
    return sorted(took)


def press(port):
    """Asks for numbers near a million without pause: how often each status came."""

    def client(i):
        statuses, end = Counter(), time.monotonic() + SECONDS + 1
        while time.monotonic() < end:
            statuses[ask(port, "GET", f"{PATH}{1000000 - i}").status] += 1
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(client, range(CLIENTS)), Counter())


@contextlib.contextmanager
def half_a_machine():
    """A control group with a quota of one processor; None where there may be none."""
    name = f"factorial-load-{os.getpid()}"
    version1, version2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    group = (version1 if version1.is_dir() else version2) / name
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        if (group / "cpu.cfs_quota_us").exists():
            (group / "cpu.cfs_quota_us").write_text("100000")
            yield group
        elif (group / "cpu.max").exists():
            (group / "cpu.max").write_text("100000 100000")
            yield group
        else:
            yield None
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


def beside_large_ones(name, wrapper=()):
    expected = ["refused: too many large numbers at once"]
    with (
        ProcessPoolExecutor(2) as processes,
        watched(expected=expected, wrapper=wrapper) as server,
    ):
        alone = processes.submit(probe, server.port).result()
        large = processes.submit(press, server.port)
        time.sleep(0.5)
        beside = processes.submit(probe, server.port).result()
        statuses = large.result()
        server.settle()
        p99 = [1000 * times[len(times) * 99 // 100] for times in (alone, beside)]
        print(
            f"report: {name}: p99 of {len(alone)} small requests alone {p99[0]:.2f} ms, of "
            f"{len(beside)} beside {CLIENTS} clients {p99[1]:.2f} ms: {p99[1] / p99[0]:.1f} "
            f"times; large: {dict(statuses)}"
        )
        assert statuses[200] + statuses[503] == statuses.total()
        assert statuses[200] > 0
        assert beside


def test_small_requests_beside_large_ones():
    beside_large_ones("whole machine")


def test_small_requests_beside_large_ones_under_a_quota():
    with half_a_machine() as cgroup:
        if not cgroup:
            pytest.skip("no control group")
        within = ["sh", "-c", f'echo $$ >{cgroup}/cgroup.procs; exec "$@"', "sh"]
        beside_large_ones("quota of one processor", within)

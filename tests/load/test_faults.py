"""Children that are killed or run out of memory: whoever is not hit notices nothing."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from client import Connection
from httpd import PATH, wait_until, watched

# By GMP alone eight million take some ten seconds: long enough to be hit.
LONG = f"{PATH}8000000"
SLOWLY = (
    "FactorialEngine gmp\nFactorialMaxNumber 8000000\nFactorialMemory 2048\nFactorialTimeout 60\n"
)


def processor_time(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def address_space(pid):
    return int(re.search(r"VmSize:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) << 10


def limit_address_space(pid, limit):
    # As the child's own user: root may lack the capability for other users' processes.
    command = ["prlimit", "--pid", str(pid), f"--as={limit}:"]
    subprocess.run(command, check=True, user="www-data", group="www-data", extra_groups=[])


def nothing_computes(server):
    try:
        return not server.metric("Computing")
    except ConnectionError:  # the killed child had just accepted this very connection
        return False


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_a_child_killed_while_it_computes(mpm):
    expected = ["exit signal Killed", "stopped: the client has gone"]
    configuration = f"{SLOWLY}FactorialConcurrency 1\nStartServers 3\n"
    with (
        watched(configuration, mpm=mpm, expected=expected) as server,
        contextlib.closing(Connection(server.port)) as victims,
    ):
        before = {pid: processor_time(pid) for pid in server.children()}
        victims.ask(LONG)
        server.wait_for_metric("Computing", 1)
        victim = wait_until(
            lambda: next((pid for pid in before if processor_time(pid) > before[pid] + 20), None),
            "one child computes",
        )
        with contextlib.closing(Connection(server.port)) as waiting:
            waiting.ask(f"{PATH}20000")  # in another child, or this one: then it is cut off too
            os.kill(victim, signal.SIGKILL)
            start = time.monotonic()
            wait_until(lambda: nothing_computes(server), "the computation is gone", 30)
            took = time.monotonic() - start
        with pytest.raises(OSError):
            victims.answer()
        assert server.get(f"{PATH}20").status == 200
        assert server.get(f"{PATH}20000").status == 200
        others = set(before) - {victim}
        assert others <= set(server.children())
        server.settle()
        print(f"report: {mpm}: the budget of a killed child is back after {1000 * took:.0f} ms")


@pytest.mark.parametrize("engine", ["auto", "gmp"])
def test_no_memory_is_an_error(engine):
    configuration = (
        f"FactorialEngine {engine}\nFactorialMaxNumber 4000000\nFactorialMemory 1024\n"
        "FactorialTimeout 60\nStartServers 1\nMinSpareThreads 1\nServerLimit 1\n"
        "MaxRequestWorkers 25\n"
    )
    expected = ["factorial of 4000000 refused: the system has no memory"]
    with watched(configuration, expected=expected) as server:
        assert server.get(f"{PATH}100000").status == 200  # its threads are there
        (child,) = server.children()
        limit_address_space(child, address_space(child) + (32 << 20))
        answer = server.get(f"{PATH}4000000")
        assert answer.status == 503
        assert answer.body == b"Not enough memory at the moment"
        assert server.get(f"{PATH}20").status == 200
        assert server.metric("RefusedMemory") == 1
        limit_address_space(child, "unlimited")
        assert server.get(f"{PATH}100000").status == 200
        assert server.children() == [child]
        server.settle()
        print(f"report: {engine}: with 32 MiB left N = 4,000,000 gets 503, and the child lives on")

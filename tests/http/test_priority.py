"""A server whose threads may not lower their priority: it computes all the same."""

import sys
from pathlib import Path

import pytest
from factorials import Factorials
from httpd import API, watched

KILL, REFUSE = 0x80000000, 0x00050001  # seccomp's: end the process; EPERM
FORBID = str(Path(__file__).with_name("forbid_priorities.py"))


@pytest.mark.mpm
@pytest.mark.parametrize("action", [KILL, REFUSE], ids=["kill", "refuse"])
def test_a_filter_that_forbids_priorities_changes_nothing_else(action: int) -> None:
    normal = "compute threads keep the normal priority"
    wrapper = [sys.executable, FORBID, str(action)]
    with watched(expected=[normal], wrapper=wrapper) as server:
        assert server.logged(f"] {normal}")
        answer = server.get(f"{API}?number=100000")
        assert answer.status == 200
        Factorials([100000]).check(100000, answer.body)

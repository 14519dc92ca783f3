"""The chain of times, link by link: what just holds, and what just does not."""

from typing import Any

import pytest

from settings.schema import Times
from settings.times import check_times
from variants import ALL, settings

GOOD: dict[str, Any] = {
    "queue": 2,
    "computing": 10,
    "sending": 60,
    "keep_alive": 61,
    "deregistration_delay": 119,
    "graceful_shutdown": 119,
    "stop": 120,
}
IDLE = 60
ANSWER = 42 * 128 * 1024


def check(idle: int = IDLE, answer: int = ANSWER, **changes: int) -> list[str]:
    return check_times(Times(**{**GOOD, **changes}), idle, answer)


def test_the_tightest_chain_holds() -> None:
    assert check() == []
    assert check(idle=18, keep_alive=19) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"idle": 17}, "queue 2 s + computing 10 s + 5 s must be less than the balancer's idle timeout 17 s"),
        ({"computing": 53}, "must be less than the balancer's idle timeout 60 s"),
        ({"keep_alive": 60}, "idle timeout 60 s must be less than keep_alive 60 s"),
        ({"deregistration_delay": 118}, "deregistration_delay 118 s must be at least queue + computing + 5 s + 102 s for sending the largest response = 119 s"),
        ({"answer": ANSWER + 1}, "103 s for sending the largest response = 120 s"),
        ({"graceful_shutdown": 120}, "graceful_shutdown 120 s must be less than stop 120 s"),
        ({"stop": 121}, "stop 121 s must be at most 120 s"),
    ],
)  # fmt: skip
def test_each_broken_link_is_named(changes: dict[str, int], message: str) -> None:
    assert any(message in sentence for sentence in check(**changes))


@pytest.mark.parametrize("name", ALL)
def test_every_environment_holds_it(name: str) -> None:
    chosen = settings(name)
    answer = chosen.budget.largest_answer_bytes
    assert check_times(chosen.times, chosen.balancer.idle_timeout, answer) == []


def test_no_time_may_be_zero_for_httpd_takes_that_as_for_ever() -> None:
    for name in ("queue", "computing", "sending", "keep_alive", "graceful_shutdown", "stop"):
        with pytest.raises(ValueError, match="greater than or equal to 1"):
            Times(**{**GOOD, name: 0})

"""The chain of times: each must be longer than the one before it, otherwise requests fail."""

from math import ceil
from typing import TYPE_CHECKING

from settings.image import SENDING_RATE

if TYPE_CHECKING:
    from settings.schema import Times

MARGIN = 5
"""Seconds for connecting, reading the request and the first bytes of the response, which no other time
includes."""

ALARM_MINUTES = 7
"""The longest time in which an alarm that rolls a deployment back rises: five minutes of observation,
and two until CloudWatch has the metrics of the last one. A test compares it with the alarms."""

LONGEST_WATCH = 40
"""Minutes of a deployment that are watched, at most: the workflow's credentials end after an hour, in which images
are copied too, new tasks start and old ones end."""

LONGEST_STOP = 120
"""Fargate kills a task that takes longer to stop."""


def check_times(times: "Times", balancer_idle: int, largest_answer_bytes: int) -> list[str]:
    """The errors in an environment's times, one sentence each."""
    longest_wait = times.queue + times.computing + MARGIN
    sending_largest = times.sending + ceil(largest_answer_bytes / SENDING_RATE)
    longest_request = longest_wait + sending_largest

    def seconds(value: int) -> str:
        return f"{value} s"

    links = (
        (
            longest_wait < balancer_idle,
            f"queue {seconds(times.queue)} + computing {seconds(times.computing)} + {MARGIN} s must be "
            f"less than the balancer's idle timeout {seconds(balancer_idle)}, "
            "or the balancer answers 504 for a request that is still being computed",
        ),
        (
            balancer_idle < times.keep_alive,
            f"the balancer's idle timeout {seconds(balancer_idle)} must be less than "
            f"keep_alive {seconds(times.keep_alive)}, "
            "or httpd closes a connection on which the balancer is just sending a request (502)",
        ),
        (
            times.deregistration_delay >= longest_request,
            f"deregistration_delay {seconds(times.deregistration_delay)} must be at least "
            f"queue + computing + {MARGIN} s + {seconds(sending_largest)} for sending the largest "
            f"response = {seconds(longest_request)}, or a deployment aborts responses that are being sent",
        ),
        (
            times.graceful_shutdown < times.stop,
            f"graceful_shutdown {seconds(times.graceful_shutdown)} must be less than "
            f"stop {seconds(times.stop)}, or the task is killed while httpd is still finishing",
        ),
        (
            times.stop <= LONGEST_STOP,
            f"stop {seconds(times.stop)} must be at most {LONGEST_STOP} s, Fargate's limit",
        ),
    )
    return [message for holds, message in links if not holds]

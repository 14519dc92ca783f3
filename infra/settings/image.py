"""What the infrastructure has to know of the container image, and the image of it: kept in one place
because a change here is a change of `conf/container/` too."""

PORT = 5000
UID = "65532"

LARGEST_NUMBER = 100_000_000
"""FactorialMaxNumber takes no larger one."""

SENDING_RATE = 128 * 1024
"""Bytes for which a client has a second more than FactorialSendTimeout to take an answer."""

HEALTH_PATH = "/status"
HEALTH_PROBE = "/usr/local/bin/health-probe"

LOG_STATUS = "$.status"
LOG_REASON = "$.reason"
REASON_REFUSED = "busy"
"""In the access log, one line of JSON a request, the reason of a 503 that was refused because the
budget of memory and computations was spent. A time limit that ran out has another reason, and so has
memory that the system refused although the budget granted it."""

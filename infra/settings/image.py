"""Constants that the infrastructure and the container image share. A change here needs a change in
`conf/container/`."""

PORT = 5000
UID = "65532"

LARGEST_NUMBER = 100_000_000
"""The upper limit of FactorialMaxNumber."""

SENDING_RATE = 128 * 1024
"""Bytes a second: for each such part of a response a client has one second besides FactorialSendTimeout."""

HEALTH_PATH = "/status"
HEALTH_PROBE = "/usr/local/bin/health-probe"

LOG_STATUS = "$.status"
LOG_REASON = "$.reason"
REASON_REFUSED = "busy"
"""The reason in the access log of a 503 that the budget of memory and computations has caused. A timeout has
another reason, and so has memory that the system refused although the budget had granted it."""

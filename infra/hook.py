"""Asks the tasks that are being deployed, before they get any other request.

ECS calls `handler` when the listener's test rule leads to the new tasks. This whole file is the body of
the Lambda function, so it imports nothing but the standard library.
"""

import hashlib
import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

PATH = "/api/v1/factorial?number="
DIGITS_OF_1000 = "0161aca5eff2c941f66b69e57ac24bfff76cd2e8209ec10de2216ede9d223121"
ATTEMPTS, PAUSE, TIMEOUT = 5, 5, 10  # times; seconds between them; seconds to wait for bytes
PORT = 443
LONGEST = 10_000  # bytes that are read of an answer


def get(path: str, accept: str = "*/*") -> tuple[int, str, str]:
    """Status, media type and body, through the balancer, over TLS with the service's certificate."""
    host = os.environ["HOST"]
    plain = socket.create_connection((os.environ["BALANCER"], PORT), TIMEOUT)
    connection = http.client.HTTPConnection(host)
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection.sock:
        headers = {"Host": host, "Accept": accept, os.environ["TEST_HEADER"]: "1"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read(LONGEST).decode()


def failures() -> Iterator[str]:
    """What is not as it should be, one sentence each."""
    for path, accept, expected in (
        ("/status", "*/*", (200, "text/plain; charset=utf-8", "UP")),
        (PATH + "5", "*/*", (200, "application/json", '{"factorial":120}\n')),
        (PATH + "x", "*/*", (400, "text/plain; charset=utf-8", "Invalid value")),
    ):
        found = get(path, accept)
        if found != expected:
            yield f"{path}: {found} instead of {expected}"
    status, _, digits = get(PATH + "1000", "text/plain")
    if status != 200 or hashlib.sha256(digits.encode()).hexdigest() != DIGITS_OF_1000:
        yield f"{PATH}1000: {status}, or other digits than those of 1000!"


def handler(event: dict[str, Any], _: object) -> dict[str, str]:
    """SUCCEEDED lets the deployment go on, FAILED rolls it back."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        try:
            wrong = list(failures())
        except (OSError, http.client.HTTPException) as error:
            wrong = [f"no answer: {error!r}"]
        print(json.dumps({"service": event.get("serviceArn"), "wrong": wrong}))
        if not wrong:
            return {"hookStatus": "SUCCEEDED"}
    return {"hookStatus": "FAILED"}

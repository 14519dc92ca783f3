#!/usr/bin/env python3
"""Asks a service what a user would, and fails if an answer is wrong.

    smoke.py URL [REVISION]

URL is https://NAME or, for a container on this machine, http://127.0.0.1:5000. With a REVISION, the commit
that was deployed, that one has to answer. With https also: the redirect from http, the versions of TLS, and
HSTS if the service sets it. HTTP_PORT is the port that redirects, if it is not 80.

A name that was just made may take a while: waits for /status, SMOKE_WAIT (120) seconds at most.

This whole file is also the body of a Lambda function, so it imports nothing but the standard library. ECS
calls `handler` when the listener's test rule leads to the new tasks, before they get any other request.
conf/delivery/smoke calls it where nobody outside the service's VPC can reach the service.
"""

import hashlib
import http.client
import os
import re
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATH = "/api/v1/factorial?number="
TEXT, JSON = "text/plain; charset=utf-8", "application/json"
DIGITS_OF_1000 = "cc336cf135d690c1105664b3b859db66b940db51cd66cf891fee120584cf7873"
TIMEOUT, PAUSE = 20, 1  # seconds to wait for bytes; between attempts
LONGEST = 10_000  # bytes that are read of a response


class Answer(NamedTuple):
    """Status 0 and the error as text, if there was no response."""

    status: int
    media_type: str
    body: str
    header: http.client.HTTPMessage = http.client.HTTPMessage()  # none

    def __str__(self) -> str:
        return f"{self.status} {self.media_type} {self.body}"


class Service:
    """The server of `url`, reached by its name or by the address of its balancer."""

    def __init__(self, url: str, address: str = "", headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self.url, self.host, self.name = url, parts.netloc, parts.hostname or ""
        self.secure = parts.scheme == "https"
        self.port = parts.port or (443 if self.secure else 80)
        self.address = address or self.name
        self.headers = headers or {}

    def connect(self, port: int, context: ssl.SSLContext | None) -> socket.socket:
        plain = socket.create_connection((self.address, port), TIMEOUT)
        return context.wrap_socket(plain, server_hostname=self.name) if context else plain

    def get(self, path: str, accept: str = "*/*", *, redirect: bool = False) -> Answer:
        """With `redirect`, by http from the port that is to redirect to https."""
        connection = http.client.HTTPConnection(self.host)
        port = int(os.environ.get("HTTP_PORT", "80")) if redirect else self.port
        context = ssl.create_default_context() if self.secure and not redirect else None
        try:
            with self.connect(port, context) as connection.sock:
                connection.request("GET", path, headers={"Accept": accept, **self.headers})
                found = connection.getresponse()
                body = found.read(LONGEST).decode("utf-8", "replace")
                kind = found.headers.get("Content-Type", "")
                return Answer(found.status, kind, body, found.headers)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, "", repr(error))

    def agrees_to(self, version: ssl.TLSVersion) -> str:
        """Whether the server agrees to this version of TLS; the client would agree to any cipher."""
        context = ssl.create_default_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            with self.connect(self.port, context):
                return "yes"
        except OSError:
            return "no"


def checks(service: Service, revision: str, *, listener: bool) -> Iterator[tuple[str, str, str]]:
    """The requests, the expected responses and the actual ones; with `listener` also the balancer's own
    behaviour."""
    status = service.get("/status")
    yield "health", f"200 {TEXT} UP", str(status)
    if revision:
        yield "the version that was deployed", revision, status.header.get("Revision", "")
    yield "5!", f'200 {JSON} {{"factorial":120}}\n', str(service.get(f"{PATH}5"))
    digits = service.get(f"{PATH}1000", "text/plain")
    digest = hashlib.sha256(digits.body.rstrip("\n").encode()).hexdigest()
    yield "1000!", f"200 {DIGITS_OF_1000}", f"{digits.status} {digest}"
    yield "an error", f"400 {TEXT} Invalid value", str(service.get(f"{PATH}-1"))
    if not (listener and service.secure):
        return
    redirect = service.get(f"{PATH}5", redirect=True)
    place = redirect.header.get("Location", "").replace(":443/", "/")
    yield "http is sent to https", f"301 {service.url}{PATH}5", f"{redirect.status} {place}"
    yield "TLS 1.3", "yes", service.agrees_to(ssl.TLSVersion.TLSv1_3)
    yield "no TLS 1.1", "no", service.agrees_to(ssl.TLSVersion.TLSv1_1)
    hsts = status.header.get("Strict-Transport-Security")
    if hsts:
        long = re.match(r"max-age=\d{5,}\s*(;|$)", hsts, re.IGNORECASE)
        yield f"HSTS for at least a day: {hsts}", "yes", "yes" if long else "no"


def passes(service: Service, revision: str, *, listener: bool) -> bool:
    """Prints the failures and the number of checks that passed."""
    end = time.monotonic() + float(os.environ.get("SMOKE_WAIT", "120"))
    while service.get("/status").body != "UP" and time.monotonic() < end:
        time.sleep(PAUSE)
    done = list(checks(service, revision, listener=listener))
    wrong = [each for each in done if each[1] != each[2]]
    for what, expected, got in wrong:
        print(f"smoke: {what}\nexpected: {expected}\ngot:      {got}")
    print(f"smoke: {len(done) - len(wrong)} of {len(done)} checks of {service.url} passed")
    return not wrong


def handler(event: dict[str, Any], _: object) -> dict[str, str]:
    """For ECS, SUCCEEDED continues the deployment and FAILED rolls it back. An event with a `revision` comes
    from conf/delivery/smoke after the deployment."""
    deployed = "revision" in event
    service = Service(
        f"https://{os.environ['HOST']}",
        os.environ["BALANCER"],
        {} if deployed else {os.environ["TEST_HEADER"]: "1"},
    )
    right = passes(service, event.get("revision", ""), listener=deployed)
    return {"hookStatus": "SUCCEEDED" if right else "FAILED"}


if __name__ == "__main__":
    url, revision = [*sys.argv[1:], ""][:2]
    sys.exit(not passes(Service(url.rstrip("/")), revision, listener=True))

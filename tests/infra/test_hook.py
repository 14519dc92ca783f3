"""The deployment test, as Lambda would call it: against servers that answer well and badly, over TLS."""

import hashlib
import json
import math
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import hook

HOST = "factorial.example.org"
HEADER = "X-Deployment-Test"

Answers = dict[str, tuple[int, str, str]]

TEXT = "text/plain; charset=utf-8"
GOOD: Answers = {
    "/status": (200, TEXT, "UP"),
    f"{hook.PATH}5": (200, "application/json", '{"factorial":120}\n'),
    f"{hook.PATH}x": (400, TEXT, "Invalid value"),
    f"{hook.PATH}1000": (200, TEXT, f"{math.factorial(1000)}\n"),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the service's name, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(  # noqa: S603
        ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "key", "-out", folder / "certificate"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both = folder / "both"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


class Balancer(ThreadingHTTPServer):
    """Answers as `answers` says; 404 where it says nothing, and to requests that are no test requests."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: Answers = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class Handler(BaseHTTPRequestHandler):
    server: Balancer

    def do_GET(self) -> None:
        ours = self.headers["Host"] == HOST and self.headers[HEADER]
        status, kind, body = self.server.answers.get(self.path if ours else "", (404, TEXT, ""))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def balancer(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    server = Balancer(certificate)
    server.answers = dict(GOOD)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("BALANCER", "127.0.0.1")
    monkeypatch.setenv("HOST", HOST)
    monkeypatch.setenv("TEST_HEADER", HEADER)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(hook, "PORT", server.server_address[1])
    monkeypatch.setattr(hook, "PAUSE", 0)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def result(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[list[str]]]:
    """What ECS is told, and what each attempt found wrong."""
    answer = hook.handler({"serviceArn": "the service"}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["service"] for line in lines} == {"the service"}
    return answer["hookStatus"], [line["wrong"] for line in lines]


def test_right_answers_let_the_deployment_go_on(
    balancer: Balancer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert result(capsys) == ("SUCCEEDED", [[]])


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/status", (503, TEXT, "UP")),
        ("/status", (200, TEXT, "DOWN")),
        (f"{hook.PATH}5", (200, "application/json", '{"factorial":121}\n')),
        (f"{hook.PATH}5", (200, "text/html", '{"factorial":120}\n')),
        (f"{hook.PATH}x", (500, TEXT, "Invalid value")),
        (f"{hook.PATH}1000", (200, TEXT, f"{math.factorial(1000) + 1}\n")),
        (f"{hook.PATH}1000", (503, TEXT, f"{math.factorial(1000)}\n")),
    ],
)
def test_a_wrong_answer_rolls_it_back_after_five_attempts(
    balancer: Balancer,
    path: str,
    answer: tuple[int, str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    balancer.answers[path] = answer
    status, attempts = result(capsys)
    assert status == "FAILED"
    assert len(attempts) == 5
    assert all(path in sentence for attempt in attempts for sentence in attempt)


def test_a_certificate_for_another_name_rolls_it_back(
    balancer: Balancer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST", "other.example.org")
    status, attempts = result(capsys)
    assert status == "FAILED"
    assert "certificate" in attempts[0][0]


def test_no_answer_rolls_it_back(
    balancer: Balancer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hook, "PORT", 1)
    status, attempts = result(capsys)
    assert status == "FAILED"
    assert attempts[0][0].startswith("no answer: ")


def test_the_digest_is_of_the_right_digits() -> None:
    digits = f"{math.factorial(1000)}\n".encode()
    assert hashlib.sha256(digits).hexdigest() == hook.DIGITS_OF_1000

"""The smoke test against servers that answer well and badly, as a program and as Lambda would call it."""

import math
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import smoke

NAME = "factorial.example.org"
HEADER = "X-Deployment-Test"
COMMIT = "0123456789" * 4

Answers = dict[str, tuple[int, dict[str, str], str]]


def answer(status: int, media_type: str, body: str, **headers: str) -> tuple[int, Any, str]:
    return status, {"Content-Type": media_type, **headers}, body


GOOD: Answers = {
    "/status": answer(200, smoke.TEXT, "UP", Revision=COMMIT),
    f"{smoke.PATH}5": answer(200, smoke.JSON, '{"factorial":120}\n'),
    f"{smoke.PATH}-1": answer(400, smoke.TEXT, "Invalid value"),
    f"{smoke.PATH}1000": answer(200, smoke.TEXT, f"{math.factorial(1000)}\n"),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the service's name, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(  # noqa: S603
        ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "key", "-out", folder / "certificate"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both = folder / "both"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        self.server.test_requests.add(self.headers[HEADER] is not None)
        status, headers, body = self.server.answers.get(self.path, (404, {}, ""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Answers as `answers` says, and 404 to the rest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: Answers = {}
        self.test_requests: set[bool] = set()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def handle_error(self, *_: Any) -> None:
        """A client that goes away during the handshake is a part of the test."""


class Balancer:
    """https as `answers` says, and http that is redirected; each fault is one change of these."""

    def __init__(self, certificate: Path) -> None:
        self.https, self.http = Server(), Server()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate)
        self.https.socket = self.tls.wrap_socket(
            self.https.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://{NAME}:{self.https.port}"
        self.https.answers = dict(GOOD)
        self.http.answers = {
            f"{smoke.PATH}5": answer(301, "", "", Location=f"{self.url}{smoke.PATH}5")
        }


@pytest.fixture
def balancer(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    made = Balancer(certificate)
    servers = (made.https, made.http)
    threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in servers]
    for thread in threads:
        thread.start()
    for name, value in {
        "BALANCER": "127.0.0.1",
        "HOST": made.url.removeprefix("https://"),
        "TEST_HEADER": HEADER,
        "SSL_CERT_FILE": str(certificate),
        "HTTP_PORT": str(made.http.port),
        "SMOKE_WAIT": "0",
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


def said(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """What is wrong, and the last line."""
    *lines, last = capsys.readouterr().out.splitlines()
    named = [line for line in lines if line.startswith("smoke: ")]
    return [line.removeprefix("smoke: ") for line in named], last


def test_after_a_deployment_all_is_asked(
    balancer: Balancer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke.handler({"revision": COMMIT}, None) == {"hookStatus": "SUCCEEDED"}
    assert said(capsys) == ([], f"smoke: 8 of 8 checks of {balancer.url} passed")
    assert balancer.https.test_requests == {False}


def test_before_traffic_moves_the_new_tasks_are_asked_and_nothing_of_the_listener(
    balancer: Balancer, capsys: pytest.CaptureFixture[str]
) -> None:
    balancer.http.answers = {}
    assert smoke.handler({"lifecycleStage": "POST_TEST_TRAFFIC_SHIFT"}, None) == {
        "hookStatus": "SUCCEEDED"
    }
    assert said(capsys) == ([], f"smoke: 4 of 4 checks of {balancer.url} passed")
    assert balancer.https.test_requests == {True}


OF_TASKS: dict[str, tuple[str, Any]] = {
    "/status": ("health", answer(200, smoke.TEXT, "DOWN")),
    "/status ": ("health", answer(503, smoke.TEXT, "UP")),
    f"{smoke.PATH}5": ("5!", answer(200, smoke.JSON, '{"factorial":121}\n')),
    f"{smoke.PATH}5 ": ("5!", answer(200, "text/html", '{"factorial":120}\n')),
    f"{smoke.PATH}1000": ("1000!", answer(200, smoke.TEXT, f"{math.factorial(1000) + 1}\n")),
    f"{smoke.PATH}1000 ": ("1000!", answer(503, smoke.TEXT, f"{math.factorial(1000)}\n")),
    f"{smoke.PATH}-1": ("an error", answer(500, smoke.TEXT, "Invalid value")),
}


@pytest.mark.parametrize("path", OF_TASKS)
def test_a_wrong_answer_of_the_new_tasks_rolls_the_deployment_back(
    balancer: Balancer, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    what, balancer.https.answers[path.strip()] = OF_TASKS[path]
    assert smoke.handler({}, None) == {"hookStatus": "FAILED"}
    assert said(capsys)[0] == [what]


def status_with(**headers: str) -> Callable[[Balancer], None]:
    def change(balancer: Balancer) -> None:
        headers.setdefault("Revision", COMMIT)
        balancer.https.answers["/status"] = answer(
            200, smoke.TEXT, "UP", **{k.replace("_", "-"): v for k, v in headers.items()}
        )

    return change


def redirected(status: int, place: str) -> Callable[[Balancer], None]:
    def change(balancer: Balancer) -> None:
        found = {f"{smoke.PATH}5": answer(status, "", "", Location=f"{balancer.url}{place}")}
        balancer.http.answers = found

    return change


def with_tls(**settings: Any) -> Callable[[Balancer], None]:
    def change(balancer: Balancer) -> None:
        balancer.tls.set_ciphers("ALL:@SECLEVEL=0")
        for name, value in settings.items():
            setattr(balancer.tls, name, value)

    return change


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("the version that was deployed", status_with(Revision="old")),
        ("http is sent to https", redirected(302, f"{smoke.PATH}5")),
        ("http is sent to https", redirected(301, "/")),
        ("TLS 1.3", with_tls(maximum_version=ssl.TLSVersion.TLSv1_2)),
        ("no TLS 1.1", with_tls(minimum_version=ssl.TLSVersion.TLSv1_1)),
        (
            "HSTS for at least a day: max-age=0",
            status_with(Strict_Transport_Security="max-age=0"),
        ),
    ],
)
def test_a_fault_that_only_a_deployed_service_can_have_is_named(
    balancer: Balancer,
    what: str,
    fault: Callable[[Balancer], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault(balancer)
    assert smoke.handler({"revision": COMMIT}, None) == {"hookStatus": "FAILED"}
    assert said(capsys)[0] == [what]


def test_hsts_is_well_if_it_lasts(balancer: Balancer, capsys: pytest.CaptureFixture[str]) -> None:
    status_with(Strict_Transport_Security="max-age=31536000; includeSubDomains")(balancer)
    assert smoke.handler({"revision": COMMIT}, None) == {"hookStatus": "SUCCEEDED"}
    assert said(capsys)[1].startswith("smoke: 9 of 9 ")


def test_a_certificate_for_another_name_fails_every_check_of_the_answers(
    balancer: Balancer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST", f"other.example.org:{balancer.https.port}")
    assert smoke.handler({}, None) == {"hookStatus": "FAILED"}
    assert "certificate" in capsys.readouterr().out


def test_nobody_there_is_told_after_the_wait(
    balancer: Balancer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []
    clock = SimpleNamespace(monotonic=iter([0, 1, 2, 31]).__next__, sleep=waits.append)
    monkeypatch.setattr(smoke, "time", clock)
    monkeypatch.setenv("HOST", f"{NAME}:1")
    monkeypatch.setenv("SMOKE_WAIT", "30")
    assert smoke.handler({}, None) == {"hookStatus": "FAILED"}
    assert len(waits) == 2
    assert said(capsys)[0] == ["health", "5!", "1000!", "an error"]

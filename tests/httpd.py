"""A real httpd for the tests that are written in Python: its own folder, a free port, its log watched."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apxs import HTTPD, MODULES

SOURCE = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
SECONDS = 20  # in which a server comes up, and goes


Prepare = Callable[[Path], None]  # puts what a configuration needs into a folder


@dataclass
class Httpd:
    """A running server."""

    root: Path  # its folder, with the page in docs/, error.log and access.log
    port: int
    pid: int = 0
    # Of the error log. AH01882: mod_ssl was built with another OpenSSL than the machine has.
    expected: list[str] = field(default_factory=lambda: ["AH01882"])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def children(self) -> list[int]:
        return [
            int(pid)
            for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        ]

    def log(self, name: str) -> str:
        return (self.root / name).read_text(errors="replace")

    def surprises(self) -> list[str]:
        """Lines of the error log at warning level and above that nobody expected."""
        return [
            line
            for line in self.log("error.log").splitlines()
            if re.search(r":(warn|error|crit|alert|emerg)\]", line)
            and not any(text in line for text in self.expected)
        ]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def folder(root: Path) -> Path:
    """Makes the server's folder, readable by the user that it runs as, with the page in docs/ and what
    that user may write in cache/."""
    root.chmod(0o755)
    shutil.copytree(BUILD / "served", root / "docs")
    for path in (root / "docs").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (root / "htdocs").mkdir()
    (root / "cache").mkdir()
    (root / "cache").chmod(0o777)
    return root


def shipped(root: Path, port: int) -> list[str]:
    """The command line by which `make run` serves."""
    defines = {
        "LISTEN": "127.0.0.1",
        "PORT": port,
        "MODULE": BUILD / "mod_factorial.so",
        "MODULES": MODULES,
        "CONF": SOURCE / "conf",
        "FACTORIAL_DOCS": root / "docs",
    }
    arguments = ["-d", str(root), "-f", str(SOURCE / "conf" / "local.conf")]
    for name, value in defines.items():
        arguments += ["-C", f'Define {name} "{value}"']
    return [*arguments, "-c", "ErrorLog error.log"]


def own(root: Path, port: int, configuration: str) -> list[str]:
    """The command line for a configuration of the caller's, behind the least that any server needs."""
    (root / "httpd.conf").write_text(
        f"""ServerRoot {root}
Listen 127.0.0.1:{port}
ServerName localhost
PidFile httpd.pid
ErrorLog error.log
DocumentRoot {root}/htdocs
User www-data
Group www-data
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule factorial_module "{BUILD}/mod_factorial.so"
{configuration}
"""
    )
    return ["-f", str(root / "httpd.conf")]


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def comes_up(process: subprocess.Popen[bytes], server: Httpd) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        if "resuming normal operations" in server.log("error.log") and accepts(server.port):
            return True
        time.sleep(0.02)
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGWINCH)  # gracefully
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def whole(root: Path, port: int, configuration: str) -> list[str]:
    """The command line for a configuration to which nothing is to be added."""
    (root / "httpd.conf").write_text(configuration.replace("@PORT@", str(port)))
    return ["-f", str(root / "httpd.conf")]


@contextlib.contextmanager
def running(
    configuration: str | None = None,
    extra: str = "",
    prepare: Prepare = lambda _: None,
    arguments: Callable[[Path, int, str], list[str]] = own,
) -> Iterator[Httpd]:
    """Runs the configuration that `make run` has, or another; `extra` comes behind it. @ROOT@ in either
    is the server's folder, of which `prepare` is given cache/ beforehand. Fails if the error log has a
    warning or worse that was not expected."""
    with tempfile.TemporaryDirectory(prefix="factorial-") as name:
        root = folder(Path(name))
        port = free_port()
        prepare(root / "cache")
        (root / "extra.conf").write_text(extra.replace("@ROOT@", name))
        command = (
            shipped(root, port)
            if configuration is None
            else arguments(root, port, configuration.replace("@ROOT@", name))
        )
        server = Httpd(root, port)
        with (root / "access.log").open("ab") as out, (root / "error.log").open("ab") as errors:
            process = subprocess.Popen(
                [HTTPD, "-D", "FOREGROUND", *command, "-c", f"Include {root}/extra.conf"],
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
        server.pid = process.pid
        try:
            assert comes_up(process, server), server.log("error.log")
            yield server
        finally:
            stop(process)
        surprises = server.surprises()
        assert not surprises, "\n".join(surprises)


def accepted(configuration: str, prepare: Prepare) -> str:
    """What `apache2 -t` has against the configuration; "" if nothing."""
    with tempfile.TemporaryDirectory(prefix="factorial-") as name:
        root = folder(Path(name))
        prepare(root / "cache")
        command = own(root, free_port(), configuration.replace("@ROOT@", name))
        done = subprocess.run([HTTPD, "-t", *command], capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr

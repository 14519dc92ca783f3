"""A real httpd for the tests: its own folder, a free port, a generated configuration, its log watched.

In the environment, MPM names the MPM of generated configurations, and SERVER_PRELOAD is loaded into the
server before all else: a sanitizer's runtime, for instance.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import client
from apxs import HTTPD, MODULES

SOURCE = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
MPM = os.environ.get("MPM", "event")
SECONDS = 60  # in which a server comes up, and goes
TRIES = 5
READY = "resuming normal operations"

API = "/api/v1/factorial"
PATH = f"{API}?number="  # and a number
ENDPOINT = f'<Location "{API}">\n    Factorial On\n</Location>\n'
# The endpoint, and what tests look at while it works. However busy the machine is, computing may last.
WATCHED = f"""{ENDPOINT}
FactorialTimeout 300
<Location "/health">
    SetHandler factorial-health
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
LogLevel factorial:info
"""

# In the error log these need no mention: what httpd says at each start, restart and stop, by MPM.
FAMILIAR = [
    *("AH00094:", "AH00163:", "AH00169:", "AH00170:", "AH00171:"),
    *("AH00292:", "AH00295:", "AH00296:", "AH00297:"),
    *("AH00489:", "AH00491:", "AH00492:", "AH00493:"),
    " configured, kernel ",  # the module's own line
    "AH01882:",  # mod_ssl was built with another OpenSSL than the machine has
    "AH01873:",  # there is no session cache of mod_ssl's
]

Prepare = Callable[[Path], None]  # puts what a configuration needs into a folder
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
    """The first true value of the condition, which is asked again and again for so long."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return value


def environment() -> dict[str, str]:
    preload = os.environ.get("SERVER_PRELOAD")
    return dict(os.environ) | ({"LD_PRELOAD": preload} if preload else {})


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@dataclass
class Httpd:
    """A server, with index.html in htdocs/, the page in docs/ if it was made, error.log and access.log in
    its folder."""

    root: Path
    port: int = field(default_factory=free_port)
    mpm: str = MPM
    expected: list[str] = field(default_factory=list)  # parts of lines of the error log

    # ---- its files

    def fill(self, name: str, text: str) -> str:
        """Writes a file that the server's user may read; @ROOT@ and @PORT@ stand for the server's own. Its
        path."""
        path = self.root / name
        for parent in reversed(path.relative_to(self.root).parents):
            if not (self.root / parent).exists():
                (self.root / parent).mkdir()
                (self.root / parent).chmod(0o755)
        path.write_text(text.replace("@ROOT@", str(self.root)).replace("@PORT@", str(self.port)))
        path.chmod(0o644)
        return str(path)

    def configure(self, configuration: str, modules: str = "") -> list[str]:
        """Writes a configuration, behind the least that any server needs, with these modules of httpd's
        ("rewrite proxy"). The arguments for it."""
        loaded = [
            f'LoadModule {name}_module "{MODULES}/mod_{name}.so"\n'
            for name in (f"mpm_{self.mpm}", "authz_core", *modules.split())
        ]
        text = f"""ServerRoot "@ROOT@"
Listen 127.0.0.1:@PORT@
ServerName localhost
PidFile httpd.pid
ErrorLog error.log
DocumentRoot "@ROOT@/htdocs"
User www-data
Group www-data
{"".join(loaded)}LoadModule factorial_module "{BUILD}/mod_factorial.so"
{configuration}
"""
        return ["-f", self.fill("httpd.conf", text)]

    def shipped(self) -> list[str]:
        """The arguments by which `make run` serves."""
        defines = {
            "LISTEN": "127.0.0.1",
            "PORT": self.port,
            "MODULE": BUILD / "mod_factorial.so",
            "MODULES": MODULES,
            "CONF": SOURCE / "conf",
            "FACTORIAL_DOCS": self.root / "docs",
        }
        arguments = ["-d", str(self.root), "-f", str(SOURCE / "conf" / "local.conf")]
        for name, value in defines.items():
            arguments += ["-C", f'Define {name} "{value}"']
        return [*arguments, "-c", "ErrorLog error.log"]

    # ---- its life

    def start(self, arguments: Sequence[str], wrapper: Sequence[str]) -> None:
        """In a session of its own, since prefork signals its process group; it does not outlive the test."""
        (self.root / "error.log").unlink(missing_ok=True)
        before = [part.replace("@ROOT@", str(self.root)) for part in wrapper]
        with (
            (self.root / "access.log").open("ab") as out,
            (self.root / "error.log").open("ab") as log,
        ):
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *before, HTTPD, "-DFOREGROUND", *arguments],
                stdout=out,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )

    def comes_up(self, ready: str) -> bool:
        """False if it ended instead."""

        def up() -> bool:
            with socket.socket() as probe:
                return self.logged(ready) > 0 and probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(lambda: self.process.poll() is not None or up(), "the server serves")
        return self.process.poll() is None

    def reload(self, configuration: str = "", modules: str = "") -> None:
        """Restarts gracefully, with another configuration if one is given. For a moment children of the old
        one may still answer."""
        if configuration:
            self.configure(configuration, modules)
        before = self.logged(READY)
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.logged(READY) > before, "the server has restarted")

    def stop(
        self,
        sent: signal.Signals = signal.SIGWINCH,
        seconds: float = SECONDS,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Ends it within so many seconds, gracefully by default: by SIGTERM event's main thread closes sockets
        that its workers are just freeing, and may crash in that. Nothing of it may outlast it."""
        if self.process.poll() is None:
            children = self.children()
            end = time.monotonic() + seconds
            self.process.send_signal(sent)
            meanwhile()
            try:
                self.process.wait(end - time.monotonic())
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise AssertionError(f"the server did not end within {seconds} s") from None
            wait_until(lambda: not any(map(exists, children)), "all children have ended", 5)
            shared = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
            assert str(self.process.pid) not in [row.split()[4] for row in shared]
        assert self.process.returncode == 0, f"exit status {self.process.returncode}"

    def children(self) -> list[int]:
        """The process ids of the children at this moment."""
        pid = self.process.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    # ---- what it says

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, target: str, body: str = "", **headers: str) -> client.Answer:
        return client.ask(self.port, method, target, body, **headers)

    def get(self, target: str, **headers: str) -> client.Answer:
        return client.ask(self.port, "GET", target, **headers)

    def status(self, name: str) -> int:
        """A number that mod_status shows."""
        text = self.get("/server-status?auto").text
        return int(re.search(rf"^{name}: (\d+)$", text, re.MULTILINE)[1])

    def metric(self, name: str) -> int:
        """One of ours."""
        return self.status(f"Factorial{name}")

    def wait_for_metric(self, name: str, value: int, seconds: float = SECONDS) -> None:
        wait_until(lambda: self.metric(name) == value, f"{name} is {value}", seconds)

    def has_read(self, requests: int) -> bool:
        """That many, all of which have ended or wait for nothing but for themselves."""
        ended = sum(map(self.metric, ("Results", "RefusedBusy", "AbortedSlow")))
        return ended + self.metric("Busy") + self.metric("Streams") >= requests

    def settle(self, seconds: float = SECONDS) -> None:
        """All that the requests have taken is given back."""
        for name in ("Busy", "Waiting", "Computing", "MemoryBytes"):
            self.wait_for_metric(name, 0, seconds)

    def log(self, name: str = "error.log") -> str:
        return (self.root / name).read_text(errors="replace")

    def logged(self, text: str) -> int:
        """How many times the error log has it."""
        return self.log().count(text)

    def surprises(self) -> list[str]:
        """Lines of the error log that nobody expected; those at info level only if they are the module's."""
        known = FAMILIAR + self.expected
        return [
            line
            for line in self.log().splitlines()
            if not any(text in line for text in known)
            and not re.search(r"\[(?!factorial)\w+:info\]", line)
        ]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A server's folder, readable by the user that it runs as; in cache/ that user may write."""
    with tempfile.TemporaryDirectory(prefix="factorial-") as name:
        root = Path(name)
        root.chmod(0o755)
        page = BUILD / "served"
        if page.is_dir():  # `make page` makes it; most tests do without
            shutil.copytree(page, root / "docs")
            for path in (root / "docs", *(root / "docs").rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
        (root / "cache").mkdir()
        (root / "cache").chmod(0o777)
        yield root


@contextlib.contextmanager
def running(
    configuration: str | None = None,
    modules: str = "",
    *,
    whole: bool = False,
    extra: str = "",
    mpm: str = MPM,
    expected: Iterable[str] = (),
    prepare: Prepare = lambda _: None,
    wrapper: Sequence[str] = (),
    ready: str = READY,
) -> Iterator[Httpd]:
    """Runs the configuration that `make run` has, or another with these modules of httpd's; `extra` comes
    behind it. @ROOT@ and @PORT@ in them are the server's own, @ROOT@ in the wrapper too. Nothing is added to a `whole` one. `prepare` is
    given cache/ beforehand, `wrapper` runs the server's command, and `ready` is what the error log has once
    it serves. Fails if the server does not end well, or the log has a line that nobody expected."""
    with folder() as root:
        prepare(root / "cache")
        for _ in range(TRIES):  # somebody may take the port between the look and the start
            server = Httpd(root, mpm=mpm, expected=list(expected))
            server.fill("htdocs/index.html", "<p>home</p>\n")
            if configuration is None:
                arguments = server.shipped()
            elif whole:
                arguments = ["-f", server.fill("httpd.conf", configuration)]
            else:
                arguments = server.configure(configuration, modules)
            included = f'Include "{server.fill("extra.conf", extra)}"'
            server.start([*arguments, "-c", included], wrapper)
            if server.comes_up(ready):
                break
        else:
            raise AssertionError(server.log())
        try:
            yield server
        finally:
            server.stop()
        surprises = server.surprises()
        assert not surprises, "\n".join(surprises)


def watched(
    configuration: str = "", modules: str = "", **options: Any
) -> contextlib.AbstractContextManager[Httpd]:
    """The same for the endpoint with what tests look at while it works, and this configuration behind it."""
    return running(WATCHED + configuration, f"status {modules}", **options)


def refusal(configuration: str, modules: str = "", prepare: Prepare = lambda _: None) -> str:
    """What `httpd -t` has against the configuration; "" if nothing."""
    with folder() as root:
        prepare(root / "cache")
        server = Httpd(root)
        server.fill("htdocs/index.html", "")
        command = [HTTPD, "-t", *server.configure(configuration, modules)]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else done.stderr

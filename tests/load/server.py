"""A real httpd for a test: a directory and a port of its own, a generated configuration.

Whatever the server writes to its error log must be expected, and nothing of it may outlast it.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from apxs import HTTPD, MODULES
from client import get

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
MIB = 1 << 20

VALGRIND = ["valgrind", "--error-exitcode=9", "--leak-check=full"]
VALGRIND += ["--errors-for-leak-kinds=definite", "--suppressions=tests/load/httpd.supp"]

# Every start, stop and restart says these, and the module itself one line.
ALWAYS_LOGGED = [
    *("AH00163:", "AH00292:", "AH00489:", "AH00094:", "AH00169:", "AH00295:", "AH00491:"),
    *("AH00171:", "AH00297:", "AH00493:", "AH00170:", "AH00296:", "AH00492:"),
    " configured, kernel ",
]

CONFIGURATION = """\
ServerRoot {root}
Listen 127.0.0.1:{port}
ServerName localhost
PidFile httpd.pid
ErrorLog error.log
DocumentRoot {root}/htdocs
User www-data
Group www-data
{modules}
LoadModule factorial_module {build}/mod_factorial.so
LogLevel factorial:info
<Location "/api/v1/factorial">
    Factorial On
</Location>
<Location "/health">
    SetHandler factorial-health
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
{configuration}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds, what):
    """The first true value of the condition, which is asked again and again for so long."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return value


class Server:
    """Runs while its `with` block does; then it is stopped gracefully, if it has not ended yet.

    In the configuration {root}, {port} and {modules_at} stand for the server's own. `expected`: of
    each line of the error log one of these must be a part.
    """

    def __init__(
        self,
        configuration="",
        *,
        modules="",
        mpm="event",
        expected=(),
        cgroup=None,
        valgrind=False,
    ):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="factorial-load-"))
        self.root.chmod(0o755)
        (self.root / "htdocs").mkdir()
        self.mpm = mpm
        self.expected = [*ALWAYS_LOGGED, *expected]
        self.modules = f"mpm_{mpm} authz_core status {modules}".split()
        self.configuration = configuration
        self.cgroup = cgroup
        self.valgrind = valgrind
        self.pids = set()

    def __enter__(self):
        for _ in range(5):  # somebody may take the port between the look and the start
            self.port = free_port()
            self.write_configuration()
            self.start()
            if self.comes_up():
                return self
        raise AssertionError((self.root / "console.log").read_text() + self.log())

    def write_configuration(self):
        lines = [f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in self.modules]
        text = CONFIGURATION.replace("{configuration}", self.configuration)
        for name, value in {
            "root": self.root,
            "port": self.port,
            "build": BUILD,
            "modules_at": MODULES,
            "modules": "\n".join(lines),
        }.items():
            text = text.replace(f"{{{name}}}", str(value))
        (self.root / "httpd.conf").write_text(text)

    def start(self):
        # In a session of its own: prefork signals its process group.
        command = [HTTPD, "-f", str(self.root / "httpd.conf"), "-D", "FOREGROUND"]
        if self.valgrind:  # as one process
            command = [*VALGRIND, f"--log-file={self.root}/valgrind.log", *command[:-2], "-X"]
        if self.cgroup:
            command = ["sh", "-c", f'echo $$ >{self.cgroup}/cgroup.procs; exec "$@"', "", *command]
        with (self.root / "console.log").open("w") as console:
            self.process = subprocess.Popen(
                command, stdout=console, stderr=console, start_new_session=True
            )

    def comes_up(self):
        def up():
            if self.process.poll() is not None:
                return "ended"
            with contextlib.suppress(OSError):
                return self.get("/health").status == 200
            return False

        return wait_until(up, 60, "the server serves") != "ended"

    def __exit__(self, kind, error, trace):
        try:
            if self.process.poll() is None:
                self.children()
                self.process.send_signal(signal.SIGWINCH)
                self.ended_within(60)
            if kind is None:
                self.check_what_is_left()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.root)

    def ended_within(self, seconds):
        """Waits for the server's end, and that of all its children."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end within {seconds} s") from None
        assert status == 0, f"exit status {status}"
        wait_until(lambda: not any(map(alive, self.pids)), 30, "all children have ended")

    # ---- what it says

    def get(self, target, **headers):
        return get(self.port, target, headers)

    def log(self):
        path = self.root / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def metric(self, name):
        text = self.get("/server-status?auto").body.decode()
        return int(re.search(rf"^Factorial{name}: (\d+)$", text, re.MULTILINE)[1])

    def wait_for_metric(self, name, value, seconds=30):
        wait_until(lambda: self.metric(name) == value, seconds, f"{name} is {value}")

    def settle(self, seconds=30):
        """All that the load has taken is given back."""
        for name in ("Busy", "Waiting", "Computing", "MemoryBytes"):
            self.wait_for_metric(name, 0, seconds)

    def check_what_is_left(self):
        for line in self.log().splitlines():
            assert any(part in line for part in self.expected), f"in the error log: {line}"
        for kind, column in (("shm", 4), ("sem", 99), ("msg", 5)):
            rows = pathlib.Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            fields = [row.split() for row in rows]
            if kind == "sem":  # names no process: the owner will do
                left = [f for f in fields if f[4] == str(www_data())]
            else:
                left = [f for f in fields if int(f[column]) in {self.process.pid, *self.pids}]
            assert not left, f"left in ipcs: {kind} {left}"

    # ---- its processes

    def children(self):
        """The process ids of the children at this moment."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found.append(int(stat.parent.name))
        self.pids.update(found)
        return found

    def reload(self):
        before = self.log().count("resuming normal operations")
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.log().count("resuming normal operations") > before, 60, "restarted")


def alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def www_data():
    import pwd

    return pwd.getpwnam("www-data").pw_uid


def resident(pids, what="Pss"):
    """Bytes in memory of these processes, shared pages counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(rf"^{what}:\s+(\d+)", text, re.MULTILINE)[1]) << 10
    return total


def anonymous(pids):
    """The same without the pages of files."""
    return resident(pids, "Anonymous")

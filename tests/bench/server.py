"""A server under measurement, httpd or another: started on a free port, watched through /proc, stopped."""

import contextlib
import os
import pathlib
import signal
import subprocess

import client
import httpd

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A context manager. `prepare(directory, port)` writes what the server needs into a directory
    of its own and returns its command and environment; `group`, if given, is a cpu.Group whose
    quota it runs under. Its logs are files in that directory's folder log."""

    def __init__(self, name, prepare, group=None):
        self.name, self.prepare, self.group = name, prepare, group

    def __enter__(self):
        for _ in range(httpd.TRIES):  # somebody may take the port between the look and the start
            self._start()
            with contextlib.suppress(AssertionError):
                httpd.wait_until(lambda: self._ended() or self._answers(), "an answer")
                if not self._ended():
                    return self
            said = (self.directory / "log/stderr").read_text()[-2000:]
            self.__exit__()
        raise RuntimeError(f"{self.name} does not start: {said}")

    def _start(self):
        self.stack = contextlib.ExitStack()
        self.directory = self.stack.enter_context(httpd.folder())
        log = self.directory / "log"
        log.mkdir()
        self.port = httpd.free_port()
        command, environment = self.prepare(self.directory, self.port)
        if self.group:
            command = self.group.wrap(command)
        with open(log / "stdout", "ab") as out, open(log / "stderr", "ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=os.environ | environment,
                start_new_session=True,
            )

    def _ended(self):
        return self.process.poll() is not None

    def _answers(self):
        with contextlib.suppress(OSError):
            return client.ask(self.port, "GET", f"{httpd.API}?number=5").status == 200
        return False

    def __exit__(self, *_):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.stack.close()

    def trim_logs(self):
        """Everybody appends to logs, so they may be cut to nothing in between."""
        for file in (self.directory / "log").iterdir():
            os.truncate(file, 0)

    def url(self, what):
        return f"http://127.0.0.1:{self.port}{httpd.API}?{what}"

    # ---- what it uses

    def _stats(self):
        """The fields of /proc/PID/stat behind the name, of all processes of the session."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.process.pid:
                    yield int(entry.name), fields

    def pids(self):
        return [pid for pid, fields in self._stats() if fields[0] != "Z"]

    def cpu_seconds(self):
        """User and system time of all its processes, those that have ended included."""
        return sum(int(ticks) for _, fields in self._stats() for ticks in fields[11:15]) / TICKS

    def _kilobytes(self, file, field):
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
                if line.startswith(field + ":"):
                    yield int(line.split()[1])

    def memory(self):
        """The proportional set size of all its processes together, in MiB."""
        return sum(self._kilobytes("smaps_rollup", "Pss")) / 1024

    def peak_memory(self):
        """The most that any one of its processes had resident, in MiB."""
        return max(self._kilobytes("status", "VmHWM")) / 1024

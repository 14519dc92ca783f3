"""CPU quotas, as a container has them, by control groups of version 1 or 2 made for the purpose."""

import contextlib
import os
import pathlib
import time

ROOT = pathlib.Path("/sys/fs/cgroup")
PERIOD = 100_000  # microseconds, what container runtimes use


class Group:
    """A context manager: a group of processes that together get `cpus` processors."""

    def __init__(self, cpus):
        first = (ROOT / "cpu/cpu.cfs_quota_us").exists()
        self.path = ROOT / ("cpu" if first else "") / f"bench-{os.getpid()}-{time.monotonic_ns()}"
        self.limits = (
            {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": int(cpus * PERIOD)}
            if first
            else {"cpu.max": f"{int(cpus * PERIOD)} {PERIOD}"}
        )

    def __enter__(self):
        self.path.mkdir()
        try:
            for file, value in self.limits.items():
                (self.path / file).write_text(f"{value}\n")
        except OSError:
            self.path.rmdir()
            raise
        return self

    def __exit__(self, *_):
        for _ in range(100):  # it is empty a moment after its last process has ended
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.05)

    def wrap(self, command):
        return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(self.path), *command]


def available():
    try:
        with Group(1):
            return True
    except OSError:
        return False

"""Whose fault a crash is.

httpd's event MPM closes its workers' sockets when it is stopped by SIGTERM, while the workers are
just freeing them; now and then its main thread crashes in that: apr_os_sock_get, called by
mod_mpm_event's close_worker_sockets. A crash is ours if a function of mod_factorial or of GMP is
on the stack of the thread that crashed.
"""

import re
import resource
import subprocess

from apxs import HTTPD

# A server that is to leave core files, in its own directory.
CORES = 'CoreDumpDirectory "@ROOT@/cache"\n'
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)


def crashes_of_ours(server):
    """The stacks of crashes that are ours or nobody knows whose, and the number of the others."""
    crashes = re.findall(r"pid (\d+) exit signal (?!Killed)(.*)", server.log())
    ours, foreign = [], 0
    for pid, what in crashes:
        stack = stack_of(server, pid)
        if stack and "mod_factorial" not in stack and "libgmp" not in stack:
            foreign += 1
        else:
            ours.append(f"{what}: {stack}")
    return ours, foreign


def stack_of(server, pid):
    """The stack of the thread that crashed, "" if there is no core file of it or no gdb."""
    cores = list((server.root / "cache").glob("core*"))
    for core in cores:
        try:
            said = subprocess.run(
                ["gdb", "-batch", "-ex", "info proc", "-ex", "bt", HTTPD, str(core)],
                capture_output=True,
                text=True,
            ).stdout
        except FileNotFoundError:
            return ""
        if re.search(rf"process {pid}\b|LWP {pid}\b", said) or len(cores) == 1:
            return "\n".join(line for line in said.splitlines() if line.startswith("#"))
    return ""

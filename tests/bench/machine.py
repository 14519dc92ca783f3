"""What a measurement depends on: the machine and the exact versions of all that took part."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

import peers
from httpd import SOURCE


def _first(pattern, *command):
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "unknown"


def _package(name):
    return _first(r"(\S+)", "dpkg-query", "-Wf", "${Version}", name)


def versions(build):
    return {
        "mod_factorial": _first(r"VERSION := (\S+)", "grep", "^VERSION", str(SOURCE / "Makefile"))
        + " at "
        + _first(r"(\S+)", "git", "-C", str(SOURCE), "describe", "--always", "--dirty"),
        "httpd": _package("apache2-bin"),
        "GMP": _package("libgmp10"),
        "nginx": _first(r"nginx/(\S+)", str(peers.nginx_binary(build)), "-v"),
        "Flask": _package("python3-flask"),
        "gunicorn": _package("gunicorn"),
        "Python": _first(r"Python (\S+)", "/usr/bin/python3", "--version"),
        "Go": _first(r"go(\d\S*)", "go", "version"),
        "wrk": _package("wrk"),
        "hey": _package("hey"),
        "gcc": _first(r"(\d+\.\d+\.\d+)", "gcc", "--version"),
        "brotli": _package("libbrotli1"),
        "zlib": _package("zlib1g"),
    }


def _model():
    """Its name, which virtual machines shorten, and the numbers that tell its generation."""
    processors = pathlib.Path("/proc/cpuinfo").read_text()
    known = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", processors, re.M))
    if "model name" not in known:
        return platform.machine()
    return f"{known['model name']}, family {known['cpu family']} model {known['model']}"


def describe():
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")
    return {
        "processors": peers.CPUS,
        "model": _model(),
        "memory_gib": round(memory / 2**30),
        "kernel": re.match(r"[\d.]+", platform.release())[0],
        "date": datetime.date.today().isoformat(),
    }

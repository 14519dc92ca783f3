"""Load: many small requests by wrk, one large request by a plain socket."""

import json
import pathlib
import re
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent


def wrk(server, what, connections, seconds, headers=()):
    """Loads the server; requests/s, p50 and p99 in milliseconds, the server's CPU microseconds for
    one request, the connections that it closed unasked. Any error stops the benchmark."""
    command = [
        "wrk",
        "--latency",
        "-t",
        str(min(2, connections)),
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(HERE / "report.lua"),
    ]
    for header in headers:
        command += ["-H", header]
    before = server.cpu_seconds()
    done = subprocess.run([*command, server.url(what)], check=True, capture_output=True, text=True)
    used = server.cpu_seconds() - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    got = json.loads(line.removeprefix("JSON "))
    server.trim_logs()
    if got["errors"] or not got["requests"]:
        raise RuntimeError(f"{server.name}, {connections} connections: {done.stdout}")
    return {
        "requests_per_second": got["requests"] / got["microseconds"] * 1e6,
        "p50_ms": got["p50"] / 1000,
        "p99_ms": got["p99"] / 1000,
        "closed": got["closed"],
        "cpu_us": used / got["requests"] * 1e6,
    }


def hey(server, what, connections, seconds, method):
    """The same by hey, which also knows HEAD; wrk would wait for the body."""
    before = server.cpu_seconds()
    said = subprocess.run(
        ["hey", "-m", method, "-c", str(connections), "-z", f"{seconds}s", server.url(what)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    used = server.cpu_seconds() - before
    server.trim_logs()
    answers = dict(re.findall(r"\[(\d+)\]\t(\d+) responses", said))
    if list(answers) != ["200"] or "Error distribution" in said:
        raise RuntimeError(f"{server.name}, {method}: {said}")
    at = {share: float(time) * 1000 for share, time in re.findall(r"(\d+)% in ([\d.]+) secs", said)}
    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "p50_ms": at["50"],
        "p99_ms": at["99"],
        "cpu_us": used / int(answers["200"]) * 1e6,
    }


def fetch(server, what, headers=(), timeout=60, method="GET"):
    """One request on a connection of its own: seconds to the first byte of the answer and to its
    end, the status, the header's text and the body's size."""
    lines = [
        f"{method} {server.url(what).split(str(server.port), 1)[1]} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        *headers,
        "",
        "",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as s:
        start = time.perf_counter()
        s.sendall("\r\n".join(lines).encode())
        head, size = s.recv(65536), 0
        first = time.perf_counter() - start
        while b"\r\n\r\n" not in head:
            more = s.recv(65536)
            if not more:
                raise RuntimeError(f"{server.name}: no whole header for {what}: {head!r}")
            head += more
        head, _, body = head.partition(b"\r\n\r\n")
        size = len(body)
        start_of_body = body[:200]
        buffer = bytearray(1 << 20)
        while got := s.recv_into(buffer):
            size += got
        total = time.perf_counter() - start
    return {
        "ttfb_s": first,
        "total_s": total,
        "status": int(head.split()[1]),
        "head": head.decode("latin-1"),
        "bytes": size,
        "start": start_of_body,
    }

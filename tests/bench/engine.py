#!/usr/bin/env python3
"""Times the engine and its peers side by side: N! to decimal digits, medians of several runs.

  engine.py FACTORIAL FOLDER [LARGEST_N]

FACTORIAL is the engine's command. The figures go to engine.json and engine-times.svg in the folder. A peer
that is not installed is left out, and one that has taken more than SLOW seconds at some N is not run at the
next. Memory is the peak of a process of its own.
"""

import json
import math
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

SIZES = [10**3, 3 * 10**3, 10**4, 10**5, 10**6, 10**7]
SLOW = 2.0
NUMBER = re.compile(r"[0-9]+\.[0-9]*(?:e-?[0-9]+)?")
ENOUGH = 0.5  # seconds of runs for one figure

PYTHON = """
import sys, time
n, runs = int(sys.argv[1]), int(sys.argv[2])
getattr(sys, "set_int_max_str_digits", lambda limit: None)(0)
{setup}
took = []
for _ in range(runs):
    begin = time.perf_counter()
    text = {compute}
    took.append(time.perf_counter() - begin)
print(*took, file=sys.stderr)
"""


def python(setup, compute):
    return lambda n, runs: [
        sys.executable,
        "-c",
        PYTHON.format(setup=setup, compute=compute),
        str(n),
        str(runs),
    ]


def engine(*options):
    return lambda n, runs: [sys.argv[1], "-q", "-r", str(runs), *options, str(n)]


def pari(n, runs):
    """Its clock counts milliseconds, so each run is of several."""
    times = max(1, 300000 // n)
    runs = max(3, runs // times)
    program = (
        f'default(format,"f.12");for(i=1,{runs},t=getwalltime();for(k=1,{times},s=Str({n}!));'
        f'write1("/dev/stderr",(getwalltime()-t)/{times}000.," "))'
    )
    return ["sh", "-c", 'echo "$0" | gp -fq -s 2000000000', program]


PEERS = {
    "ours, 1 thread": engine("-t", "1"),
    "ours, 2 threads": engine("-t", "2"),
    "GMP": python("import ctypes, ctypes.util", None),
    "PARI/GP": pari,
    "Python": python("import math", "str(math.factorial(n))"),
    "gmpy2": python("import gmpy2", "gmpy2.fac(n).digits()"),
    "python-flint": python("import flint", "flint.fmpz.fac_ui(n).str()"),
}
# mpz_fac_ui and mpz_get_str, called as a C program would.
GMP = """
g = ctypes.CDLL(ctypes.util.find_library("gmp"))
g.__gmpz_get_str.restype = ctypes.c_void_p
buffer = ctypes.create_string_buffer(int((n + 1) * max(1, __import__("math").log10(n + 1))) + 16)
def gmp():
    z = (ctypes.c_long * 2)()
    g.__gmpz_init(z); g.__gmpz_fac_ui(z, ctypes.c_ulong(n))
    g.__gmpz_get_str(buffer, 10, z); g.__gmpz_clear(z)
"""
PEERS["GMP"] = python("import ctypes, ctypes.util" + GMP, "gmp()")


def run(command):
    """The seconds of each run, and the process's peak memory in MB; None if it cannot be run."""
    with open(os.devnull, "w") as nothing:
        process = subprocess.Popen(command, stdout=nothing, stderr=subprocess.PIPE, text=True)
        lines = process.stderr.read().split()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        return None
    numbers = [float(word) for word in lines if NUMBER.fullmatch(word)]
    return (numbers, usage.ru_maxrss / 1024) if numbers else None


def measure(peer, n):
    first = run(peer(n, 2))
    if not first:
        return None
    seconds = min(first[0])
    runs = max(5, min(5000, int(ENOUGH / max(seconds, 1e-6))))
    again = run(peer(n, runs)) if seconds < SLOW else first
    return {
        "seconds": statistics.median(again[0]),
        "peak_MB": round(again[1], 1),
        "runs": len(again[0]),
    }


def table(results):
    print(f"{'N':>10} {'':<16} {'median':>12} {'times GMP':>10} {'peak MB':>8}")
    for n, row in results.items():
        for name, r in row.items():
            ratio = row["GMP"]["seconds"] / r["seconds"] if "GMP" in row else math.nan
            print(
                f"{n:>10} {name:<16} {r['seconds'] * 1e3:>9.3f} ms {ratio:>10.2f} {r['peak_MB']:>8}"
            )


COLOURS = ["#08519c", "#3182bd", "#a63603", "#31a354", "#756bb1", "#636363", "#e7298a"]


def plot(results):
    """Seconds against N, both logarithmic, as SVG."""

    def x(n):
        return 60 + 520 * (math.log10(n) - 3) / 4

    def y(seconds):
        return 380 - 340 * (math.log10(seconds) + 6) / 8

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 430" font-family="sans-serif" font-size="12">',
        '<rect width="760" height="430" fill="white"/>',
    ]
    for k in range(3, 8):
        out.append(
            f'<path d="M{x(10**k):.0f} 40V380" stroke="#ddd"/><text x="{x(10**k):.0f}" y="398" text-anchor="middle">10^{k}</text>'
        )
    for k in range(-6, 3):
        out.append(
            f'<path d="M60 {y(10**k):.0f}H580" stroke="#ddd"/><text x="54" y="{y(10**k) + 4:.0f}" text-anchor="end">{10.0**k:g} s</text>'
        )
    for colour, name in zip(COLOURS, PEERS, strict=True):
        points = [(n, row[name]["seconds"]) for n, row in results.items() if name in row]
        if points:
            line = " ".join(f"{x(n):.1f},{y(s):.1f}" for n, s in points)
            row = 60 + 20 * list(PEERS).index(name)
            out.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
            out.append(
                f'<path d="M600 {row}h20" stroke="{colour}" stroke-width="2"/><text x="626" y="{row + 4}">{name}</text>'
            )
    out.append(
        '<text x="320" y="420" text-anchor="middle">N</text><text x="60" y="25">Time for the digits of N!</text></svg>'
    )
    return "\n".join(out) + "\n"


def processor():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def main():
    largest = int(sys.argv[3]) if len(sys.argv) > 3 else SIZES[-1]
    results, slow = {}, set()
    for n in (n for n in SIZES if n <= largest):
        results[n] = {}
        for name, peer in PEERS.items():
            if name in slow or (name == "PARI/GP" and not shutil.which("gp")):
                continue
            figures = measure(peer, n)
            if figures and figures["seconds"] > 0:
                results[n][name] = figures
            # GMP is what the others are compared with: it is run to the end.
            if not figures or (figures["seconds"] > SLOW and name != "GMP"):
                slow.add(name)
    table(results)
    folder = pathlib.Path(sys.argv[2])
    with (folder / "engine.json").open("w") as file:
        machine = {"processors": os.cpu_count(), "model": processor()}
        taken = time.strftime("%Y-%m-%d")
        json.dump({"taken": taken, "machine": machine, "results": results}, file, indent=1)
    with (folder / "engine-times.svg").open("w") as file:
        file.write(plot(results))


main()

#!/usr/bin/env python3
"""Times the engine and its peers side by side: N! to decimal digits, medians of several runs.

    engine.py BUILD [--largest N] [--seconds S]

writes BUILD/bench/engine.json and plots beside it, and prints tables. A peer that is not installed is left
out, and one that has taken more than SLOW seconds at some N is not run at the next. Memory is the peak of a
process of its own. FLINT_LIBRARY=/path/libflint.so adds that FLINT, on one thread and on two.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parents[1]))

import figures  # noqa: E402
import machine  # noqa: E402
import model  # noqa: E402
import plots  # noqa: E402

SIZES = [10**3, 3 * 10**3, 10**4, 10**5, 10**6, 10**7]
SLOW = 2.0
NUMBER = re.compile(r"[0-9]+\.[0-9]*(?:e-?[0-9]+)?")
THREADS = [threads for threads in model.PROCESSORS if threads <= (os.cpu_count() or 1)]
KERNELS = ["avx512", "avx2", "neon"]

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
# mpz_fac_ui and mpz_get_str, called as a C program would.
GMP = """
import ctypes, ctypes.util, math
g = ctypes.CDLL(ctypes.util.find_library("gmp"))
g.__gmpz_get_str.restype = ctypes.c_void_p
buffer = ctypes.create_string_buffer(int((n + 1) * max(1, math.log10(n + 1))) + 16)
def gmp():
    z = (ctypes.c_long * 2)()
    g.__gmpz_init(z); g.__gmpz_fac_ui(z, ctypes.c_ulong(n))
    g.__gmpz_get_str(buffer, 10, z); g.__gmpz_clear(z)
"""
FLINT = """
import ctypes
f = ctypes.CDLL("{library}")
f.fmpz_get_str.restype = ctypes.c_void_p
f.flint_set_num_threads({threads})
def flint():
    z = ctypes.c_long()
    f.fmpz_fac_ui(ctypes.byref(z), ctypes.c_ulong(n))
    f.flint_free(ctypes.c_void_p(f.fmpz_get_str(None, 10, ctypes.byref(z))))
    f.fmpz_clear(ctypes.byref(z))
"""


def python(setup, compute):
    program = PYTHON.format(setup=setup, compute=compute)
    return lambda n, runs: [sys.executable, "-c", program, str(n), str(runs)]


def engine(build, *options):
    return lambda n, runs: [str(build / "factorial"), "-q", "-r", str(runs), *options, str(n)]


def pari(n, runs):
    """Its clock counts milliseconds, so each run is of several."""
    times = max(1, 300000 // n)
    runs = max(3, runs // times)
    program = (
        f'default(format,"f.12");for(i=1,{runs},t=getwalltime();for(k=1,{times},s=Str({n}!));'
        f'write1("/dev/stderr",(getwalltime()-t)/{times}000.," "))'
    )
    return ["bash", "-c", 'exec gp -fq -s 2000000000 <<<"$0"', program]


def peers(build):
    known = {
        figures.OURS: engine(build, "-t", "1"),
        figures.OURS_2: engine(build, "-t", "2"),
        "GMP": python(GMP, "gmp()"),
        "PARI/GP": pari,
        "Python": python("import math", "str(math.factorial(n))"),
        "gmpy2": python("import gmpy2", "gmpy2.fac(n).digits()"),
        "python-flint": python("import flint", "flint.fmpz.fac_ui(n).str()"),
    }
    if not shutil.which("gp"):
        del known["PARI/GP"]
    if library := os.environ.get("FLINT_LIBRARY"):
        for threads in 1, 2:
            setup = FLINT.format(library=library, threads=threads)
            known[f"FLINT, {threads} thread{'s' * (threads > 1)}"] = python(setup, "flint()")
    return known


def high_water(pid):
    """The peak of a running process's memory in MB. What wait4 tells has this process's own in it."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0
    return 0


def run(command):
    """The seconds of each run, and the process's peak memory in MB; None if it cannot be run."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        peak = 0
        while process.poll() is None:
            peak = max(peak, high_water(process.pid))
            time.sleep(0.01)
        said.seek(0)
        numbers = [float(word) for word in said.read().split() if NUMBER.fullmatch(word)]
    return (numbers, peak) if numbers and process.returncode == 0 else None


def measure(peer, n, seconds):
    """The median of so many seconds of runs."""
    first = run(peer(n, 2))
    if not first:
        return None
    fastest = min(first[0])
    runs = max(5, min(5000, int(seconds / max(fastest, 1e-6))))
    took, peak = run(peer(n, runs)) if fastest < SLOW else first
    return {"seconds": statistics.median(took), "peak_MB": round(peak, 1), "runs": len(took)}


def measure_peers(build, sizes, seconds):
    results, slow = {}, set()
    for n in sizes:
        results[n] = {}
        for name, peer in peers(build).items():
            if name in slow:
                continue
            got = measure(peer, n, seconds)
            if got and got["seconds"] > 0:
                results[n][name] = got
            # GMP is what the others are compared with: it is run to the end.
            if not got or (got["seconds"] > SLOW and name != "GMP"):
                slow.add(name)
    return results


def measure_ours(build, option, values, n, seconds):
    """Seconds for n!, by value of an option of our program; without what the processor cannot do."""
    measured = {value: measure(engine(build, option, str(value)), n, seconds) for value in values}
    return {value: got["seconds"] for value, got in measured.items() if got}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--seconds", type=float, default=0.5, help="of runs for one figure")
    asked = parser.parse_args()
    sizes = [n for n in SIZES if n <= asked.largest]
    measured = {
        "machine": machine.describe(),
        "results": measure_peers(asked.build, sizes, asked.seconds),
        "threads": measure_ours(asked.build, "-t", THREADS, sizes[-1], asked.seconds),
        "kernels": {
            n: measure_ours(asked.build, "-k", KERNELS, n, asked.seconds) for n in sizes[-2:]
        },
        "models": [
            model.run(asked.build / "bench/record", n, 5 if asked.seconds >= 0.5 else 1)
            for n in sizes[-2:]
        ],
    }
    folder = asked.build / "bench"
    (folder / "engine.json").write_text(json.dumps(measured, indent=1) + "\n")
    measured = json.loads((folder / "engine.json").read_text())  # keys have become text
    plots.draw_engine(measured, folder)
    for text in figures.engine_texts(measured).values():
        print(text + "\n")


if __name__ == "__main__":
    main()

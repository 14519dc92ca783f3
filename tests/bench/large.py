"""Large requests: time to the first byte and to the last, memory; then through compression."""

import math

import configurations
import load
import peers
from server import Server

NUMBERS = [10**4, 10**5, 10**6, 10**7]
PATIENCE = 2  # seconds: who needs more is not asked for ten times the number

BOUNDLESS = """<Location "/api/v1/factorial">
    FactorialTimeout 120
    FactorialCompressMax 1000000000
</Location>
FactorialMemory 2048
"""
COMPRESSED = (
    BOUNDLESS
    + """LoadModule filter_module {modules}/mod_filter.so
LoadModule {name}_module {modules}/mod_{name}.so
<Location "/api/v1/factorial">
    SetOutputFilter {filter}
</Location>
"""
)
ENVIRONMENT = {"FACTORIAL_MAX_NUMBER": str(max(NUMBERS))}


def answer_bytes(n):
    digits = int(math.lgamma(n + 1) / math.log(10)) + 1
    return len('{"factorial":}\n') + digits


def ours(build, extra=BOUNDLESS):
    return configurations.container(build, extra=extra, environment=ENVIRONMENT)


def ask(server, n, times, headers=()):
    """That many equal requests, after one that is not counted; checks the answer's size, if it is
    not compressed. A slow one is not repeated."""
    answers = []
    for i in range(times + 1):
        before = server.cpu_seconds()
        got = load.fetch(server, f"number={n}", headers, timeout=180)
        got["cpu_s"] = server.cpu_seconds() - before
        if got["status"] != 200 or (not headers and got["bytes"] != answer_bytes(n)):
            raise RuntimeError(f"{server.name}: {n}: {got}")
        slow = got["total_s"] > PATIENCE
        if i or slow:
            answers.append({key: got[key] for key in ("ttfb_s", "total_s", "cpu_s", "bytes")})
        if slow:
            break
    return answers


def plain(build, numbers, times):
    for name, prepare in {
        "ours, container, event": ours(build),
        "Go net/http": peers.go(build),
        "Flask + gunicorn": peers.flask,
    }.items():
        for n in numbers:
            with Server(name, prepare) as server:
                answers = ask(server, n, times)
                peak = server.peak_memory()
            for i, answer in enumerate(answers):
                yield {
                    "kind": "large",
                    "server": name,
                    "n": n,
                    "round": i,
                    "peak_mib": peak,
                    **answer,
                }
            if answers[0]["total_s"] > PATIENCE:
                break


def compressed(build, numbers, times):
    forms = {"identity": (ours(build), ())}
    for name, filter_, coding in (
        ("deflate", "DEFLATE", "gzip"),
        ("brotli", "BROTLI_COMPRESS", "br"),
    ):
        text = COMPRESSED.format(modules=configurations.MODULES, name=name, filter=filter_)
        forms[coding] = ours(build, text), (f"Accept-Encoding: {coding}",)
    for coding, (prepare, headers) in forms.items():
        with Server(coding, prepare) as server:
            for n in numbers:
                if (
                    headers
                    and f"content-encoding: {coding}"
                    not in load.fetch(server, f"number={n}", headers)["head"].lower()
                ):
                    raise RuntimeError(f"{coding}: not compressed")
                for i, answer in enumerate(ask(server, n, times, headers)):
                    yield {"kind": "compressed", "coding": coding, "n": n, "round": i, **answer}


def run(build, rounds, short):
    numbers = NUMBERS[:1] if short else NUMBERS
    return [*plain(build, numbers, rounds), *compressed(build, numbers[:3], rounds)]

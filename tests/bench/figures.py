"""The measurements as text for the documents.

    figures.py BUILD

writes the figures of BUILD/bench/*.json into the documents, between <!-- figures: NAME --> and
<!-- end of figures -->, and into infra/speed.toml.
"""

import json
import math
import re
import sys
from pathlib import Path

import model
import report
from tables import figure, median, table

SOURCE = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "docs/engine.md", "docs/benchmarks.md"]
OURS, OURS_2 = "ours, 1 thread", "ours, 2 threads"
MEMORY_FROM = 1_000_000
HEADLINE = "1000000"


def digits(n):
    return math.floor(math.lgamma(n + 1) / math.log(10)) + 1


def time(seconds):
    for factor, unit in (1, "s"), (1e3, "ms"), (1e6, "µs"):
        value = seconds * factor
        if value >= 0.1:
            places = 2 if value < 1 else 1 if value < 10 or (unit == "s" and value < 100) else 0
            return f"{value:.{places}f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def ratio(row, name):
    value = row["GMP"]["seconds"] / row[name]["seconds"]
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def when(measured):
    machine = measured["machine"]
    return f"{machine['processors']} processors ({machine['model']}), {machine['date']}"


def comparison(measured):
    rows = {int(n): row for n, row in measured["results"].items()}
    others = [name for row in rows.values() for name in row if name not in (OURS, OURS_2)]
    others = list(dict.fromkeys(others))
    lines = []
    for n, row in rows.items():
        ours = [f"{time(row[name]['seconds'])} ({ratio(row, name)})" for name in (OURS, OURS_2)]
        rest = [time(row[name]["seconds"]) if name in row else "" for name in others]
        peak = f"{row[OURS]['peak_MB']:.0f} / {row['GMP']['peak_MB']:.0f} MB"
        lines.append([f"{n:,}", f"{digits(n):,}", *ours, *rest, peak if n >= MEMORY_FROM else ""])
    return (
        f"`make bench-engine` on {when(measured)}: medians, and in brackets how many times faster than GMP's "
        "`mpz_fac_ui` and `mpz_get_str`.\n\n"
        + table(["N", "digits", "1 thread", "2 threads", *others, "peak memory, ours / GMP"], lines)
    )


def headline(measured):
    row = measured["results"].get(HEADLINE)
    if not row:
        return ""
    return (
        f"It computes the {digits(int(HEADLINE)):,} digits of {int(HEADLINE):,}! in "
        f"{time(row[OURS_2]['seconds'])}; GMP needs {time(row['GMP']['seconds'])}, {ratio(row, OURS_2)} "
        f"times as long\n({when(measured)}; [how this was measured](docs/engine.md#measurements))."
    )


def shares(measured):
    models = measured["models"]
    lines = [
        [phase, *(f"{model.shares(m)[phase]:.1%}" for m in models)]
        for phase in model.shares(models[0])
    ]
    return (
        f"Shares of the processor's time on one thread, {when(measured)}; `check` is only the part that reads the text.\n\n"
        + table(["", *(f"N = {m['n']:,}" for m in models)], lines)
    )


def speed_ups(measured):
    models = measured["models"]
    head, lines = ["processors"], [[processors] for processors in models[0]["rows"]]
    for m in models:
        head += [f"N = {m['n']:,}: times faster", "ms", "longest chain, ms"]
        for line in lines:
            row = m["rows"][line[0]]
            faster = model.speed_up(m, line[0])
            line += [figure(x) for x in (faster, row["ms"], sum(row["chain"].values()))]
    return f"The model, from the tasks of one thread on {when(measured)}.\n\n" + table(head, lines)


def chain(measured):
    """What is on the longest chain of the largest number, for 16 processors."""
    largest = measured["models"][-1]
    parts = largest["rows"]["16"]["chain"]
    total = sum(parts.values())
    listed = [f"{name} {ms / total:.0%}" for name, ms in parts.items() if ms / total >= 0.02]
    return (
        f"Tasks on the longest chain for 16 processors at N = {largest['n']:,}, by their share of its time: "
        + ", ".join(listed)
        + "."
    )


ENGINE = {
    "engine": comparison,
    "shares": shares,
    "speed-ups": speed_ups,
    "chain": chain,
    "headline": headline,
}


def engine_texts(measured):
    return {name: text(measured) for name, text in ENGINE.items()}


def unknown(texts):
    """The places in the documents for which there is no text. Without quotas there are no texts for `scale`."""
    documents = "".join((SOURCE / name).read_text() for name in DOCUMENTS)
    places = set(re.findall(r"<!-- figures: ([\w-]+) -->", documents))
    return (
        places
        - set(texts)
        - set(ENGINE)
        - ({"proxy", "quota", "sizes"} if "skipped" in texts else set())
    )


def speed_file(engine, servers):
    """What infra/ computes with. AVX2 is what every x86 processor of Fargate has."""
    ours = {"server": "ours, container, event"}
    small = median(servers["small"]["rows"], "cpu_us", **report.USUAL | ours | {"n": 1000}) / 1e6
    large = median(servers["large"]["rows"], "cpu_s", kind="large", n=10**6, **ours)
    return f"""# Written by make docs-figures. Seconds of one thread.
processor = "{engine["machine"]["model"]}"
date = "{engine["machine"]["date"]}"
computing = {engine["kernels"][HEADLINE]["avx2"]:.4f} # of 1,000,000! by the kernel for AVX2
small = {small:.6f} # of the server for a whole request, N = 1,000
large = {large:.3f} # the same, N = 1,000,000
"""


def renew(text, texts):
    """Puts the texts into their places. An empty place has only one line break between its marks."""
    return re.sub(
        r"(<!-- figures: ([\w-]+) -->)\n.*?(<!-- end of figures -->)",
        lambda found: (
            f"{found[1]}\n{texts[found[2]].rstrip()}\n{found[3]}" if found[2] in texts else found[0]
        ),
        text,
        flags=re.DOTALL,
    )


def main(build):
    folder = Path(build) / "bench"
    engine = json.loads((folder / "engine.json").read_text())
    servers = report.measured(folder)
    texts = engine_texts(engine) | report.texts(servers)
    for document in (SOURCE / name for name in DOCUMENTS):
        document.write_text(renew(document.read_text(), texts))
    (SOURCE / "infra/speed.toml").write_text(speed_file(engine, servers))


if __name__ == "__main__":
    main(*sys.argv[1:])

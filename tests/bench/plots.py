"""Which plots are drawn of which measurements."""

import re

import machine
import model
import plot
import report
from tables import distinct, median, select

BY_CONNECTIONS = [
    "ours, container, worker",
    "ours, container, event",
    "nothing, container, worker",
    "nothing, container, event",
    "nginx return 200",
    "Go net/http",
    "Flask + gunicorn",
]


def _series(rows, names, x, y, **wanted):
    return {
        name: [
            (value, median(rows, y, server=name, **{x: value}, **wanted))
            for value in distinct(select(rows, server=name, **wanted), x)
        ]
        for name in names
    }


def small_rate(rows, caption):
    figures = {
        name: median(rows, "requests_per_second", server=name, **report.USUAL)
        for name in distinct(rows, "server")
    }
    return plot.bars(
        "Small requests: N = 5, 32 connections",
        caption,
        "requests a second",
        dict(sorted(figures.items(), key=lambda item: -item[1])),
    )


def small_connections(rows, caption):
    return plot.lines(
        "Small requests by connections: N = 5",
        caption,
        "connections",
        "requests a second",
        _series(rows, BY_CONNECTIONS, "connections", "requests_per_second", kind="load", n=5),
    )


def large(rows, caption):
    return plot.lines(
        "Large requests: time to the last byte",
        caption,
        "N",
        "seconds",
        _series(rows, distinct(select(rows, kind="large"), "server"), "n", "total_s", kind="large"),
    )


PLOTS = {
    "bench-small": ("small", small_rate),
    "bench-connections": ("small", small_connections),
    "bench-large": ("large", large),
}


PROGRAMS = ["mod_factorial", "httpd", "nginx", "Go", "Flask", "gunicorn", "wrk"]


def draw(measured, output):
    """Writes those for which there are measurements."""
    for file, (scenario, function) in PLOTS.items():
        if scenario in measured:
            of = measured[scenario]
            versions = ", ".join(f"{name} {of['versions'][name]}" for name in PROGRAMS)
            caption = f"{report.caption(of)}; {versions}"
            (output / f"{file}.svg").write_text(function(of["rows"], caption))


# ---- the engine's


def default_limit():
    text = (machine.SOURCE / "conf/factorial.conf").read_text()
    return int(re.search(r"^#FactorialMaxNumber (\d+)$", text, re.M)[1])


def by_number(results, key, names, least=0):
    """Of each program that is named, pairs of N and the figure."""
    rows = [(int(n), row) for n, row in results.items() if int(n) >= least]
    return {
        name: [(n, row[name][key]) for n, row in rows if name in row and row[name][key]]
        for name in names
    }


def draw_engine(measured, output):
    results, threads = measured["results"], measured["threads"]
    names = list(dict.fromkeys(name for row in results.values() for name in row))
    caption = report.where(measured["machine"])
    limit = default_limit(), "FactorialMaxNumber"
    one = threads["1"]
    speed_ups = {"measured": [(int(t), one / seconds) for t, seconds in threads.items()]}
    for m in measured["models"]:
        pairs = [(int(p), model.speed_up(m, p)) for p in m["rows"]]
        speed_ups[f"model, N = {m['n']:,}"] = pairs
    drawn = {
        "engine-times": plot.lines(
            "Time for the digits of N!",
            caption,
            "N",
            "seconds",
            by_number(results, "seconds", names),
            limit,
        ),
        "engine-memory": plot.lines(
            "Peak memory of a process that computes N!",
            caption,
            "N",
            "MB",
            by_number(results, "peak_MB", names[:1] + names[2:], 10**4),
            limit,
        ),
        "engine-threads": plot.lines(
            "Times faster than one thread", caption, "threads", "times", speed_ups
        ),
    }
    for file, text in drawn.items():
        (output / f"{file}.svg").write_text(text)

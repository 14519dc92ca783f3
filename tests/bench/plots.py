"""Which plots are drawn of which measurements."""

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


def draw(measured, output):
    """Writes those for which there are measurements."""
    for file, (scenario, function) in PLOTS.items():
        if scenario in measured:
            of = measured[scenario]
            caption = (
                report.caption(of)
                + "; "
                + ", ".join(
                    f"{name} {of['versions'][name]}"
                    for name in (
                        "mod_factorial",
                        "httpd",
                        "nginx",
                        "Go",
                        "Flask",
                        "gunicorn",
                        "wrk",
                    )
                )
            )
            (output / f"{file}.svg").write_text(function(of["rows"], caption))

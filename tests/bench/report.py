"""The report: for each scenario that was measured its tables, one function each."""

import json

from tables import distinct, figure, median, ratio, select, table, with_spread

USUAL = {"kind": "load", "n": 5, "connections": 32}


def small(rows):
    """All servers at N = 5, their ratios, then by number of connections and by N."""
    names = distinct(rows, "server")
    yield (
        "small",
        "N = 5, 32 connections",
        table(
            ["server", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "PSS MiB"],
            [
                [
                    name,
                    *(
                        with_spread(rows, key, server=name, **USUAL)
                        for key in ("requests_per_second", "p50_ms", "p99_ms", "cpu_us")
                    ),
                    figure(median(rows, "pss_mib", server=name)),
                ]
                for name in names
            ],
        ),
    )

    def rate(name, **wanted):
        return median(rows, "requests_per_second", server=name, **(USUAL | wanted))

    worker, event = "ours, container, worker", "ours, container, event"
    pairs = [(name, name.replace("ours", "nothing")) for name in names if name[:4] == "ours"]
    pairs += [(worker, "nginx return 200"), (event, "nginx return 200")]
    pairs += [(event, "Flask + gunicorn"), (event, "Go net/http")]
    yield (
        "ratios",
        "Ratios of requests/s, N = 5, 32 connections",
        table(
            ["", "ratio"],
            [[f"{one} / {other}", ratio(rate(one), rate(other))] for one, other in pairs],
        ),
    )
    yield (
        "configuration",
        "The do-nothing handler has the same configuration as ours, except for these lines (and, in "
        "the container's, Debian's document root and access rules)",
        "```apache\n" + select(rows, kind="configuration")[0]["text"] + "```\n",
    )

    connections = sorted(distinct(select(rows, kind="load"), "connections"))
    for key, title in ("requests_per_second", "requests/s"), ("p99_ms", "p99 ms"):
        yield (
            f"connections-{key}",
            f"By connections, N = 5: {title}",
            table(
                ["server", *connections],
                [
                    [
                        name,
                        *(
                            figure(median(rows, key, kind="load", server=name, n=5, connections=c))
                            for c in connections
                        ),
                    ]
                    for name in names
                ],
            ),
        )
    numbers = sorted(distinct(select(rows, kind="load"), "n"))
    varied = [name for name in names if rate(name, n=numbers[-1])]
    yield (
        "numbers",
        "Requests/s (CPU µs/request) by number, 32 connections; `nothing` sends as many bytes as ours",
        table(
            ["server", *(f"N = {n}" for n in numbers)],
            [
                [
                    name,
                    *(
                        f"{figure(rate(name, n=n))} ("
                        f"{figure(median(rows, 'cpu_us', server=name, **(USUAL | {'n': n})))})"
                        for n in numbers
                    ),
                ]
                for name in varied
            ],
        ),
    )


def beside(rows):
    lines = []
    for name in distinct(rows, "server"):
        alone, together = (
            median(rows, f"{key}_p99_ms", server=name) for key in ("alone", "beside")
        )
        lines.append(
            [
                name,
                figure(select(rows, server=name)[0]["large"]),
                with_spread(rows, "alone_p99_ms", server=name),
                with_spread(rows, "beside_p99_ms", server=name),
                ratio(together, alone),
                *(
                    figure(median(rows, key, server=name))
                    for key in (
                        "alone_requests_per_second",
                        "beside_requests_per_second",
                        "large_answers",
                        "large_refused",
                    )
                ),
            ]
        )
    yield (
        "beside",
        "Small requests (32 connections) alone, and beside two clients that request a large N",
        table(
            [
                "server",
                "large N",
                "p99 alone ms",
                "p99 beside ms",
                "ratio",
                "req/s alone",
                "req/s beside",
                "large answers",
                "refused",
            ],
            lines,
        ),
    )


def large(rows):
    plain = select(rows, kind="large")
    names = distinct(plain, "server")
    lines = []
    for n in distinct(plain, "n"):
        for name in names:
            if median(plain, "total_s", server=name, n=n) is not None:
                lines.append(
                    [
                        f"{n:,}",
                        name,
                        *(
                            with_spread(plain, key, server=name, n=n)
                            for key in ("ttfb_s", "total_s")
                        ),
                        ratio(
                            median(plain, "total_s", server=name, n=n),
                            median(plain, "total_s", server=names[0], n=n),
                        ),
                        figure(median(plain, "peak_mib", server=name, n=n)),
                    ]
                )
    yield (
        "large",
        "Large requests; a server is missing if a tenth of the number took it more than 2 s",
        table(["N", "server", "first byte s", "last byte s", "times ours", "peak MiB"], lines),
    )

    packed, lines = select(rows, kind="compressed"), []
    for n in distinct(packed, "n"):
        identity = {
            key: median(packed, key, coding="identity", n=n)
            for key in ("bytes", "total_s", "cpu_s")
        }
        for coding in distinct(packed, "coding"):
            got = {key: median(packed, key, coding=coding, n=n) for key in identity}
            saved, longer = identity["bytes"] - got["bytes"], got["total_s"] - identity["total_s"]
            lines.append(
                [
                    f"{n:,}",
                    coding,
                    f"{got['bytes']:,}",
                    f"{got['bytes'] / identity['bytes'] * 100:.1f}%",
                    with_spread(packed, "total_s", coding=coding, n=n),
                    figure(got["cpu_s"]),
                    figure(saved * 8 / longer / 1e6) if saved > 0 and longer > 0 else "-",
                ]
            )
    yield (
        "compressed",
        "With compression; on a link faster than the last column says, the compressed response "
        "arrives later than the plain one",
        table(
            ["N", "coding", "bytes", "of plain", "last byte s", "CPU s", "even at Mbit/s"], lines
        ),
    )


def cached(rows):
    numbers, ways = distinct(rows, "n"), distinct(rows, "way")
    yield (
        "cached",
        "Requests/s (CPU µs/request), 8 connections; hey sends the HEAD requests and costs more",
        table(
            ["", *(f"N = {n:,}" for n in numbers)],
            [
                [
                    way,
                    *(
                        f"{figure(median(rows, 'requests_per_second', way=way, n=n))} ("
                        f"{figure(median(rows, 'cpu_us', way=way, n=n))})"
                        for n in numbers
                    ),
                ]
                for way in ways
            ],
        ),
    )


def scale(rows):
    import sizing

    for row in select(rows, kind="skipped"):
        yield "skipped", "Two servers, quotas", f"Skipped: {row['why']}.\n"
    pairs = select(rows, kind="servers")
    if pairs:
        one = median(pairs, "requests_per_second", servers=1)
        yield (
            "proxy",
            "Behind a reverse proxy (nginx), servers of 0.25 processors, N = 20",
            table(
                ["servers", "requests/s", "p99 ms", "ratio"],
                [
                    [
                        n,
                        with_spread(pairs, "requests_per_second", servers=n),
                        figure(median(pairs, "p99_ms", servers=n)),
                        ratio(median(pairs, "requests_per_second", servers=n), one),
                    ]
                    for n in (1, 2)
                ],
            ),
        )
        yield (
            "quota",
            "Under a CPU quota, N = 20",
            table(
                ["vCPU", "requests/s", "p99 ms", "CPU µs/request", "s for 1,000,000!"],
                [
                    [
                        cpus,
                        with_spread(rows, "requests_per_second", kind="quota", cpus=cpus),
                        *(
                            figure(median(rows, key, kind="quota", cpus=cpus))
                            for key in ("p99_ms", "cpu_us", "timed_s")
                        ),
                    ]
                    for cpus in distinct(select(rows, kind="quota"), "cpus")
                ],
            ),
        )
    yield from sizing.tables(rows)


TITLES = {
    "small": (small, "Small requests"),
    "beside": (beside, "Small beside large"),
    "large": (large, "Large requests"),
    "cached": (cached, "Without computing"),
    "scale": (scale, "Scale"),
}


def where(machine):
    return (
        f"{machine['date']}, {machine['processors']} processors ({machine['model']}), "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}"
    )


def caption(measurement):
    return f"{where(measurement['machine'])}; load and servers share the processors"


def measured(folder):
    """What is in the folder, by scenario."""
    files = {name: folder / f"{name}.json" for name in TITLES}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def about(measured):
    last = list(measured.values())[-1]
    versions = ", ".join(f"{name} {version}" for name, version in last["versions"].items())
    return f"{caption(last)}. Versions: {versions}. Medians; ± is half of the range.\n"


def texts(measured):
    """Every table by its name, with its title, and "run": what all of them depend on."""
    tables = {"run": about(measured)} if measured else {}
    for name, measurement in measured.items():
        for table_name, title, content in TITLES[name][0](measurement["rows"]):
            tables[table_name] = f"{title}:\n\n{content}"
    return tables


def text(measured):
    """All of it as Markdown, of the measurements by scenario."""
    out = ["# Benchmarks\n", about(measured)]
    for name, measurement in measured.items():
        function, title = TITLES[name]
        out.append(f"## {title}\n")
        out += [f"{title}:\n\n{content}" for _, title, content in function(measurement["rows"])]
    return "\n".join(out)

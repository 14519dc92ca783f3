"""Rows of measurements to medians, and to Markdown tables that are readable as they are."""

import statistics


def select(rows, **wanted):
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def distinct(rows, key):
    return list(dict.fromkeys(row[key] for row in rows if key in row))


def _figures(rows, key, wanted):
    return [row[key] for row in select(rows, **wanted) if key in row]


def median(rows, key, **wanted):
    """The median of the chosen rows' figures; None if there are none."""
    figures = _figures(rows, key, wanted)
    return statistics.median(figures) if figures else None


def spread(rows, key, **wanted):
    """Half of the range, as a share of the median."""
    figures = _figures(rows, key, wanted)
    return (max(figures) - min(figures)) / 2 / statistics.median(figures)


def figure(value):
    """Three significant digits, thousands with a comma; "-" for none."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def with_spread(rows, key, **wanted):
    value = median(rows, key, **wanted)
    return "-" if value is None else f"{figure(value)} ±{spread(rows, key, **wanted) * 100:.0f}%"


def ratio(a, b):
    return "-" if not a or not b else f"{a / b:.2f}"


def table(head, lines):
    """The first column to the left, figures to the right."""
    cells = [[str(cell) for cell in line] for line in [head, *lines]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    out = []
    for line in [cells[0], rule, *cells[1:]]:
        first, *rest = line
        out.append(
            "| " + " | ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]) + " |"
        )
    return "\n".join(out) + "\n"

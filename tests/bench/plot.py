"""Small SVG plots that a person can read as text: lines over logarithmic axes, and bars."""

import math
import textwrap
from html import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 430, 70, 40, 210, 80
COLOURS = ["#0b62a4", "#c8511b", "#2e7d32", "#7b3fa0", "#a4850b", "#b0205e", "#3f7f8f", "#555555"]


def _text(x, y, text, anchor="middle", more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{more}>{escape(str(text))}</text>'


def _footer(text, width, height):
    rows = textwrap.wrap(text, width // 5)
    for row, line in enumerate(rows):
        y = height - 8 - 11 * (len(rows) - 1 - row)
        yield _text(width / 2, y, line, more=' font-size="9" fill="#555"')


def _frame(title, caption, width, height, content):
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
            _text(width / 2, 22, title, more=' font-size="15"'),
            *content,
            *_footer(caption, width, height),
            "</svg>",
            "",
        ]
    )


def _tick(value):
    for unit, sign in ((1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ")):
        if value >= unit * 0.999:
            return f"{value / unit:g}{sign}"
    return f"{value:g}"


def _decades(low, high):
    return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def lines(title, caption, x_label, y_label, series, mark=None):
    """`series`: name to pairs (x, y), all positive; both axes logarithmic. `mark`: a pair of some x and
    what stands there."""
    points = [point for pairs in series.values() for point in pairs]
    xs, ys = sorted({x for x, _ in points}), [y for _, y in points]
    grid = _decades(min(ys), max(ys))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def across(x):
        span = math.log(xs[-1] / xs[0]) or 1
        return LEFT + wide * math.log(x / xs[0]) / span

    def up(y):
        return TOP + high - high * math.log(y / grid[0]) / math.log(grid[-1] / grid[0])

    out = []
    for y in grid:
        out.append(
            f'<line x1="{LEFT}" x2="{LEFT + wide}" y1="{up(y):.0f}" y2="{up(y):.0f}" '
            'stroke="#ddd"/>'
        )
        out.append(_text(LEFT - 6, up(y) + 4, _tick(y), "end"))
    out += [_text(across(x), TOP + high + 16, _tick(x)) for x in xs]
    out.append(_text(LEFT + wide / 2, TOP + high + 34, x_label))
    out.append(
        _text(16, TOP + high / 2, y_label, more=f' transform="rotate(-90 16 {TOP + high // 2})"')
    )
    if mark:
        x, text = across(mark[0]), mark[1]
        out.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP}" y2="{TOP + high}" stroke="#c00" '
            'stroke-dasharray="4 3"/>'
        )
        out.append(_text(x - 4, TOP + 12, text, "end", ' fill="#c00"'))
    for i, (name, pairs) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{across(x):.0f},{up(y):.0f}" for x, y in pairs)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [
            f'<circle cx="{across(x):.0f}" cy="{up(y):.0f}" r="3" fill="{colour}"/>'
            for x, y in pairs
        ]
        out.append(
            f'<rect x="{WIDTH - RIGHT + 14}" y="{TOP + 20 * i}" width="12" height="12" '
            f'fill="{colour}"/>'
        )
        out.append(_text(WIDTH - RIGHT + 32, TOP + 20 * i + 10, name, "start"))
    return _frame(title, caption, WIDTH, HEIGHT, out)


def bars(title, caption, unit, figures):
    """`figures`: name to figure, drawn in this order with the figure behind each bar."""
    left, step = 190, 26
    height = TOP + step * len(figures) + 50
    wide = WIDTH - left - 90
    most = max(figures.values())
    out = []
    for i, (name, value) in enumerate(figures.items()):
        y = TOP + step * i
        colour = COLOURS[0] if name.startswith("ours") else "#9aa5ad"
        out.append(_text(left - 8, y + 15, name, "end"))
        out.append(
            f'<rect x="{left}" y="{y}" width="{wide * value / most:.0f}" height="20" '
            f'fill="{colour}"/>'
        )
        out.append(_text(left + wide * value / most + 6, y + 15, f"{value:,.0f}", "start"))
    out.append(_text(left + wide / 2, height - 36, unit))
    return _frame(title, caption, WIDTH, height, out)

"""Charts as SVG, drawn with nothing but text."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tinyllm.errors import BadReply

WIDTH, HEIGHT = 800, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 50, 90
TICKS = 5
LABELS = 24  # names under the axis that can still be read
COLOUR = "#2b6cb0"

Points = Sequence[tuple[Any, float]]


def drawn(rows: Sequence[Sequence[Any]], kind: str, title: str, x: str, y: str) -> str:
    """The chart as the text of an SVG file."""
    points = [(row[0], float(row[1])) for row in rows if _is_number(row[1])]
    if not points:
        raise BadReply(
            f"the column {y!r} has no numbers", hint="choose a column of numbers as y", code="TOOL_INPUT"
        )
    numeric = kind == "scatter" and all(_is_number(value) for value, _ in points)
    places = _along([float(value) for value, _ in points]) if numeric else _spread(len(points))
    low, high = _range([value for _, value in points], from_zero=kind == "bar")
    heights = [_height(value, low, high) for _, value in points]
    marks = {"bar": _bars, "line": _line, "scatter": _dots}[kind](
        places, heights, _height(max(low, 0), low, high)
    )
    names = [str(value) for value, _ in points]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            _text(WIDTH / 2, 28, title, size=16),
            *_levels(low, high),
            *marks,
            *_below(places, names),
            _text(WIDTH / 2, HEIGHT - 12, x),
            _text(18, HEIGHT / 2, y, turned=True),
            "</svg>\n",
        )
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _spread(count: int) -> list[float]:
    """Places side by side."""
    step = (WIDTH - LEFT - RIGHT) / count
    return [LEFT + step * (number + 0.5) for number in range(count)]


def _along(values: Sequence[float]) -> list[float]:
    """Places by size."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return [LEFT + 10 + (WIDTH - LEFT - RIGHT - 20) * (value - low) / span for value in values]


def _range(values: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (low, low + 1.0)


def _height(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)


def _bars(places: Sequence[float], heights: Sequence[float], ground: float) -> list[str]:
    wide = max(1.0, 0.8 * (WIDTH - LEFT - RIGHT) / len(places))
    return [
        f'<rect x="{place - wide / 2:.1f}" y="{min(height, ground):.1f}" width="{wide:.1f}"'
        f' height="{abs(ground - height):.1f}" fill="{COLOUR}"/>'
        for place, height in zip(places, heights, strict=True)
    ]


def _line(places: Sequence[float], heights: Sequence[float], _ground: float) -> list[str]:
    points = " ".join(f"{place:.1f},{height:.1f}" for place, height in zip(places, heights, strict=True))
    return [f'<polyline points="{points}" fill="none" stroke="{COLOUR}" stroke-width="2"/>']


def _dots(places: Sequence[float], heights: Sequence[float], _ground: float) -> list[str]:
    return [
        f'<circle cx="{place:.1f}" cy="{height:.1f}" r="3" fill="{COLOUR}"/>'
        for place, height in zip(places, heights, strict=True)
    ]


def _levels(low: float, high: float) -> list[str]:
    lines = []
    for number in range(TICKS + 1):
        value = low + (high - low) * number / TICKS
        height = _height(value, low, high)
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" stroke="#ddd"/>'
        )
        lines.append(_text(LEFT - 8, height + 4, f"{value:.4g}", anchor="end"))
    return lines


def _below(places: Sequence[float], names: Sequence[str]) -> list[str]:
    step = max(1, math.ceil(len(names) / LABELS))
    shown = list(zip(places, names, strict=True))[::step]
    return [_text(place, HEIGHT - BOTTOM + 18, name[:14], slanted=len(shown) > 8) for place, name in shown]


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    anchor: str = "middle",
    turned: bool = False,
    slanted: bool = False,
) -> str:
    angle = -90 if turned else 35 if slanted else 0
    turn = f' transform="rotate({angle} {x:.1f} {y:.1f})"' if angle else ""
    anchor = "start" if slanted else anchor
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{turn}>{escape(words[:80])}</text>'

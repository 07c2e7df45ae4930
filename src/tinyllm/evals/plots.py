"""Plots as SVG, drawn here: bars with their intervals, outcomes side by side, and how long answers took."""

from collections.abc import Mapping, Sequence
from html import escape

from tinyllm.evals.summary import Share

COLOURS = ("#1a73e8", "#e8710a", "#188038", "#a142f4", "#d93025", "#12858d")
OUTCOMES = {"right": "#188038", "refused": "#f9ab00", "wrong": "#d93025", "failed": "#80868b"}
WIDE, NAMES, ROW, EDGE = 720, 190, 22, 14


def shares(title: str, series: Mapping[str, Mapping[str, Share]]) -> str:
    """A bar for each group and graph, with its 95 % interval."""
    groups = list(dict.fromkeys(name for found in series.values() for name in found))
    rows = [(group, graph) for group in groups for graph in series if group in series[graph]]
    parts = []
    for index, (group, graph) in enumerate(rows):
        share, y = series[graph][group], _row(index)
        color = COLOURS[list(series).index(graph) % len(COLOURS)]
        label = group if len(series) == 1 else f"{group} · {graph}"
        parts += [
            _label(label, y),
            _rect(NAMES, y, _x(share.share) - NAMES, color, f"{label}: {share}"),
            _whisker(share, y + ROW // 2 - 3),
            f'<text x="{WIDE - EDGE}" y="{y + 12}" text-anchor="end">{share.share:.0%}</text>',
        ]
    return _framed(title, len(rows), parts, grid=True)


def outcomes(title: str, series: Mapping[str, Mapping[str, int]]) -> str:
    """What came of the cases of each graph, as parts of one bar."""
    parts = []
    for index, (graph, counts) in enumerate(series.items()):
        x, y, whole = float(NAMES), _row(index), sum(counts.values()) or 1
        parts.append(_label(graph, y))
        for name, color in OUTCOMES.items():
            width = (_x(1) - NAMES) * counts.get(name, 0) / whole
            if width:
                parts.append(_rect(x, y, width, color, f"{graph}: {counts[name]} {name}"))
            x += width
    at = NAMES
    for name, color in OUTCOMES.items():
        y = _row(len(series))
        parts.append(f'<rect x="{at}" y="{y + 2}" width="10" height="10" fill="{color}"/>')
        parts.append(f'<text x="{at + 14}" y="{y + 12}">{name}</text>')
        at += 90
    return _framed(title, len(series) + 1, parts)


def times(title: str, series: Mapping[str, Sequence[float]]) -> str:
    """The share of answers that were there within a time: one stair for each graph."""
    longest = max((value for values in series.values() for value in values), default=0.0) or 1.0
    high, parts = 8, []
    bottom = _row(high)
    for index, (graph, values) in enumerate(series.items()):
        color = COLOURS[index % len(COLOURS)]
        points = [f"M{NAMES} {bottom}"]
        for rank, value in enumerate(sorted(values), 1):
            x = NAMES + (_x(1) - NAMES) * value / longest
            points.append(f"H{x:.1f}V{bottom - (bottom - _row(0)) * rank / len(values):.1f}")
        parts.append(f'<path d="{"".join(points)}H{_x(1)}" stroke="{color}" stroke-width="2" fill="none"/>')
        parts.append(f'<text x="{EDGE}" y="{_row(index) + 12}" fill="{color}">{escape(graph)}</text>')
    for share in (0.0, 0.5, 1.0):
        y = bottom - (bottom - _row(0)) * share
        parts.append(f'<text x="{NAMES - 6}" y="{y + 4:.0f}" text-anchor="end">{share:.0%}</text>')
        x = NAMES + (_x(1) - NAMES) * share
        parts.append(
            f'<text x="{x:.0f}" y="{bottom + 14}" text-anchor="middle">{longest * share:,.0f} ms</text>'
        )
    return _framed(title, high + 1, parts)


def _x(share: float) -> float:
    return NAMES + (WIDE - NAMES - 50) * share


def _row(index: int) -> int:
    return 30 + index * ROW


def _label(text: str, y: int) -> str:
    short = text if len(text) <= 28 else f"{text[:27]}…"
    return f'<text x="{NAMES - 6}" y="{y + 12}" text-anchor="end">{escape(short)}</text>'


def _whisker(share: Share, y: int) -> str:
    low, high = (_x(end) for end in share.interval)
    path = f"M{low:.1f} {y}H{high:.1f}M{low:.1f} {y - 4}v8M{high:.1f} {y - 4}v8"
    return f'<path d="{path}" stroke="#202124" fill="none"/>'


def _rect(x: float, y: int, width: float, color: str, said: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y}" width="{max(0.0, width):.1f}" height="{ROW - 6}" fill="{color}" opacity=".85">'
        f"<title>{escape(said)}</title></rect>"
    )


def _framed(title: str, rows: int, parts: Sequence[str], *, grid: bool = False) -> str:
    high = _row(rows) + 18
    lines = [
        f'<path d="M{_x(share):.1f} 26V{high - 16}" stroke="#dadce0"/>'
        f'<text x="{_x(share):.1f}" y="{high - 4}" text-anchor="middle" fill="#5f6368">{share:.0%}</text>'
        for share in ((0, 0.25, 0.5, 0.75, 1) if grid else ())
    ]
    head = f'<text x="{EDGE}" y="16" font-weight="bold">{escape(title)}</text>'
    opened = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{escape(title, quote=True)}">'
    )
    return "\n".join([opened, head, *lines, *parts, "</svg>"])

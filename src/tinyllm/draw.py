"""A graph as a picture, drawn here and offline: mermaid, SVG or text."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Literal, NamedTuple

from tinyllm.spec import GraphSpec
from tinyllm.state import END, RESERVED, RETRY

Format = Literal["mermaid", "svg", "text"]

WIDTH, HEIGHT, ACROSS, DOWN, EDGE = 150, 40, 40, 56, 20
FILL = {
    "solve": "#e6f4ea",
    "router": "#e8f0fe",
    "gate": "#fef7e0",
    "condition": "#fef7e0",
    "human": "#fce8e6",
}

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"
  font-family="sans-serif" font-size="13">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#5f6368"/></marker></defs>
<title>{name}</title>"""


class Arrow(NamedTuple):
    """From a node, by which of its exits, to a node."""

    source: str
    label: str
    target: str


def arrows(spec: GraphSpec) -> Iterator[Arrow]:
    """Every way out of every node, named as the file names it."""
    for id, node in spec.nodes.items():
        named = {target: _label(node, target) for target in node.exits()}
        yield from (Arrow(id, label, target) for target, label in named.items())
        if getattr(node, "fails", "") == RETRY:
            yield from (Arrow(id, "retry", judged) for judged in spec.answering_before(id))
        if fan_out := getattr(node, "fan_out", ""):
            yield Arrow(id, "merge", fan_out)


def _label(node: object, target: str) -> str:
    for field in ("declines", "then", "otherwise", "passes", "fails", "gives_up", "on_error", "use"):
        if getattr(node, field, None) == target:
            return "tools" if field == "use" else field
    for field in ("choices", "together"):
        for label, where in getattr(node, field, {}).items():
            if target == where:
                return str(label)
    return ""


def draw(spec: GraphSpec, format: Format = "text", said: Mapping[str, str] | None = None) -> str:
    """The picture; in an SVG, what is said of a node stands below its name."""
    if format == "svg":
        return _svg(spec, said or {})
    return {"mermaid": _mermaid, "text": _text}[format](spec)


def _mermaid(spec: GraphSpec) -> str:
    shapes = {"router": ("{", "}"), "condition": ("{", "}"), "gate": ("{{", "}}"), "human": ("[/", "/]")}
    lines = ["flowchart TD", f"  start([start]) --> {_safe(spec.first)}"]
    for id, node in spec.nodes.items():
        left, right = shapes.get(node.kind, ("[", "]"))
        lines.append(f'  {_safe(id)}{left}"{escape(id)}<br/><small>{node.kind}</small>"{right}')
    for arrow in arrows(spec):
        label = f"|{escape(arrow.label)}| " if arrow.label else ""
        target = f"{arrow.target}([{arrow.target}])" if arrow.target in RESERVED else _safe(arrow.target)
        lines.append(f"  {_safe(arrow.source)} -->{label or ' '}{target}")
    return "\n".join(lines)


def _safe(id: str) -> str:
    """Mermaid takes some words for its own: `end` closes a block."""
    return f"n_{id.replace('-', '_').replace('.', '_')}"


def _text(spec: GraphSpec) -> str:
    ways = defaultdict(list)
    for arrow in arrows(spec):
        ways[arrow.source].append(f"{arrow.label}: {arrow.target}" if arrow.label else arrow.target)
    wide = max(map(len, spec.nodes))
    kinds = max(len(node.kind) for node in spec.nodes.values())
    order = (spec.first, *(id for id in spec.nodes if id != spec.first))
    lines = (
        f"  {id:<{wide}}  {spec.nodes[id].kind:<{kinds}}  → {' | '.join(ways[id]) or END}" for id in order
    )
    return "\n".join([f"{spec.name}: {spec.description}" if spec.description else spec.name, *lines])


def _ranks(spec: GraphSpec, all: list[Arrow]) -> dict[str, int]:
    """How far below the start a node stands: the shortest way down."""
    after = defaultdict(list)
    for arrow in all:
        after[arrow.source].append(arrow.target)
    rank: dict[str, int] = {}
    depth, wave = 0, [spec.first]
    while wave:
        following: dict[str, None] = {}
        for id in wave:
            rank[id] = depth
            following |= dict.fromkeys(t for t in after[id] if t not in rank and t not in wave)
        depth, wave = depth + 1, list(following)
    bottom = max(rank.values(), default=0)
    last = max((rank[id] for id in rank if id not in RESERVED), default=0)
    return {id: max(bottom, last + 1) if id in RESERVED else row for id, row in rank.items()}


def _svg(spec: GraphSpec, said: Mapping[str, str]) -> str:
    all = list(arrows(spec))
    rank = _ranks(spec, all)
    rows: dict[int, list[str]] = defaultdict(list)
    for id, row in sorted(rank.items(), key=lambda item: item[1]):
        rows[row].append(id)
    widest = max(map(len, rows.values()))
    whole = widest * (WIDTH + ACROSS) + ACROSS
    place: dict[str, tuple[float, float]] = {}
    for row, ids in rows.items():
        left = (whole - len(ids) * (WIDTH + ACROSS) + ACROSS) / 2
        for index, id in enumerate(ids):
            place[id] = (left + index * (WIDTH + ACROSS), EDGE + row * (HEIGHT + DOWN))
    high = EDGE * 2 + (max(rows) + 1) * (HEIGHT + DOWN) - DOWN
    parts = [HEAD.format(wide=round(whole), high=round(high), name=escape(spec.name))]
    parts += [_line(arrow, place) for arrow in all if arrow.source in place]
    parts += [_box(id, spec, place, said.get(id, "")) for id in place]
    return "\n".join([*parts, "</svg>"])


def _line(arrow: Arrow, place: dict[str, tuple[float, float]]) -> str:
    (x, y), (u, v) = place[arrow.source], place[arrow.target]
    back = v <= y
    dash = ' stroke-dasharray="4 3"' if arrow.label in ("on_error", "gives_up", "retry", "tools") else ""
    if back:  # up again, around the right side
        side = max(x, u) + WIDTH + ACROSS * 0.7
        path = f"M{x + WIDTH:.0f} {y + HEIGHT / 2:.0f} C{side:.0f} {y:.0f} {side:.0f} {v + HEIGHT:.0f} {u + WIDTH:.0f} {v + HEIGHT / 2:.0f}"
        at = (side - 14, (y + v + HEIGHT) / 2)
    else:
        start, stop = (x + WIDTH / 2, y + HEIGHT), (u + WIDTH / 2, v)
        bend = (stop[1] - start[1]) / 2
        path = f"M{start[0]:.0f} {start[1]:.0f} C{start[0]:.0f} {start[1] + bend:.0f} {stop[0]:.0f} {stop[1] - bend:.0f} {stop[0]:.0f} {stop[1]:.0f}"
        at = (start[0] * 0.5 + stop[0] * 0.5, start[1] * 0.5 + stop[1] * 0.5)
    text = (
        f'<text x="{at[0]:.0f}" y="{at[1]:.0f}" font-size="10" fill="#5f6368" text-anchor="middle">{escape(arrow.label)}</text>'
        if arrow.label
        else ""
    )
    return f'<path d="{path}" fill="none" stroke="#5f6368"{dash} marker-end="url(#tip)"/>{text}'


def _box(id: str, spec: GraphSpec, place: dict[str, tuple[float, float]], said: str) -> str:
    x, y = place[id]
    kind = spec.nodes[id].kind if id in spec.nodes else ""
    fill = FILL.get(kind, "#ffffff") if kind else "#eceff1"
    below = f'<text x="{x + WIDTH / 2:.0f}" y="{y + 32:.0f}" font-size="10" fill="#5f6368" text-anchor="middle">{escape(f"{kind}: {said}" if said else kind)}</text>'
    return (
        f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="#5f6368"/>'
        f'<text x="{x + WIDTH / 2:.0f}" y="{y + (18 if kind else 25):.0f}" text-anchor="middle">{escape(id)}</text>'
        f"{below if kind else ''}</g>"
    )

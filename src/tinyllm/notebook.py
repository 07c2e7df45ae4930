"""Values as a notebook shows them: plain HTML, everything in it escaped, no scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

WIDE = 160  # pixels of the longest bar
LONGEST = 200  # characters of a value in a cell
ROWS = 200  # steps that are drawn
CELL = "text-align:left;vertical-align:top;white-space:pre-wrap"


def table(rows: Iterable[Sequence[Any]], head: Sequence[str] = ()) -> str:
    """Cells of text; what is HTML already says so by its type."""
    top = "".join(f'<th style="{CELL}">{escape(each)}</th>' for each in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"


class Drawn(str):
    """HTML that is ours."""

    __slots__ = ()


def _cell(value: Any) -> str:
    shown = value if isinstance(value, Drawn) else escape(short(value))
    return f'<td style="{CELL}">{shown}</td>'


def short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def timeline(steps: Sequence[Mapping[str, Any]]) -> str:
    """Each step with what it gave, where it led, and a bar as long as it took."""
    longest = max((float(step["seconds"]) for step in steps), default=0.0) or 1.0
    rows = [
        (
            step["node"],
            step["kind"],
            ", ".join(step["exits"]),
            f"{step['seconds']:.3f} s",
            Drawn(_bar(float(step["seconds"]) / longest)),
            step["value"],
        )
        for step in steps[:ROWS]
    ]
    more = f"<p>… and {len(steps) - ROWS} more steps</p>" if len(steps) > ROWS else ""
    return table(rows, ("step", "kind", "leads to", "took", "", "gave")) + more


def _bar(part: float) -> str:
    return f'<div style="background:#8ab4f8;height:0.7em;width:{max(1, round(part * WIDE))}px"></div>'


def answer(said: str, facts: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str:
    """An answer: what it says, what is known of it, and how it came about."""
    known = table((name, value) for name, value in facts.items() if value not in ("", None, (), []))
    return (
        f'<div><p style="white-space:pre-wrap">{escape(said)}</p>{known}'
        f"<details><summary>{len(steps)} steps</summary>{timeline(steps)}</details></div>"
    )

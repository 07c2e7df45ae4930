"""A run as people and programs read it: its row, its lines, its effects."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tinyllm.cli import say
from tinyllm.transactions.rows import standing

SHOWN = 100
TAKEN_BACK = ": what came after it is marked -"


def row_of(row: Any, clock: Any) -> dict[str, Any]:
    return {
        "run": row.id,
        "thread": row.thread,
        "status": row.shown(clock),
        "graph": row.graph,
        "question": row.question,
        "when": time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created)),
        "created": row.created,
        "updated": row.updated,
    }


def asked_of(row: Any) -> str:
    """What a run was asked; where there is no question, what it was given."""
    return row.question or ", ".join(f"{name}: {value}" for name, value in row.inputs.items())


async def whole(runs: Any, run: str) -> dict[str, Any]:
    """Everything that is known of a run."""
    row = await runs.run(run)
    lines = await runs.timeline(row.id)
    stands = set(map(id, standing(lines)))
    effects = await runs.effects(row.id)
    return {
        **row_of(row, runs.clock),
        "fingerprint": row.fingerprint,
        "inputs": row.inputs,
        "answer": row.answer,
        "waits": row.waits,
        "error": row.error,
        "attempt": row.attempt,
        "timeline": [
            {"at": line.at, "event": line.kind, "node": line.node, **line.data}
            | ({} if id(line) in stands else {"taken_back": True})
            for line in lines
        ],
        "effects": [
            {"key": each.key, "effect": each.effect, "name": each.name, "state": each.state}
            for each in effects
        ],
    }


def line_of(line: Any) -> str:
    return text_of({"event": line.kind, "node": line.node, **line.data})


def text_of(event: Mapping[str, Any]) -> str:
    """One event on one line."""
    said: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "begin": lambda e: f"begins with the graph {e.get('graph', '')}",
        "node": lambda e: (
            f"→ {', '.join(e.get('exits', ()))}  {e.get('seconds', 0):.3f} s  {_short(e.get('value'))}"
        ),
        "call": lambda e: (
            f"{e.get('model')}  {e.get('tokens_in')} + {e.get('tokens_out')} tokens  {e.get('seconds')} s"
        ),
        "cached": lambda e: (
            f"{e.get('model')}  {'told to another one just now' if e.get('shared') else 'kept from before'}"
            f"  saves {e.get('tokens_in')} + {e.get('tokens_out')} tokens"
        ),
        "savepoint": lambda e: f"savepoint {e.get('number')}",
        "solved": lambda e: (
            "; ".join(map(str, e.get("steps", ()))) if isinstance(e.get("steps"), list) else ""
        ),
        "tool": lambda e: f"{e.get('tool')} {_short(e.get('arguments'))}",
        "failure": lambda e: f"{e.get('message')}",
        "fallback": lambda e: f"falls back to {e.get('model')}",
        "delivery": lambda e: f"{e.get('tool')}: {e.get('state')}  {_short(e.get('because'))}",
        "note": lambda e: f"{e.get('text', '')}{TAKEN_BACK if 'back' in e else ''}",
        "skipped": lambda e: f"{e.get('check')}: {e.get('because')}",
    }
    tell = said.get(str(event["event"]))
    return f"{event['event']:<9} {event['node']:<12} {tell(event) if tell else ''}".rstrip()


def _short(value: Any) -> str:
    return say.short(value, SHOWN)


def printed(found: Mapping[str, Any]) -> None:
    """The timeline of a run, on stdout: it is what was asked for."""
    say.answer(
        f"{found['run']}  {found['status']}  {found['when']}  graph {found['graph']}  thread {found['thread']}"
    )
    say.answer(f"question  {_short(found['question'])}")
    start = found["timeline"][0]["at"] if found["timeline"] else 0.0
    for event in found["timeline"]:
        mark = "-" if event.get("taken_back") else " "
        say.answer(f"  {event['at'] - start:8.3f} {mark} {text_of(event)}")
    for each in found["effects"]:
        if each["effect"] not in ("model", "pure"):
            say.answer(f"  effect    {each['name']} ({each['effect']}): {each['state']}  {each['key']}")
    if found["answer"]:
        said = "refused" if found["status"] == "refused" else "answer"
        say.answer(f"{said:<9} {_short(found['answer'].get('answer'))}")
        say.answer(f"evidence  {found['answer'].get('evidence', 'unchecked')}")
    if found["error"]:
        say.answer(f"error     {found['error'].get('message', '')}")
    if found["waits"]:
        say.answer(f"waits     {found['waits'].get('question', '')}")


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, str]]:
    """Where two runs went different ways: graph, inputs, answer, and the first step that differs."""
    rows = [
        {"what": name, "one": _short(one[name]), "other": _short(other[name])}
        for name in ("graph", "fingerprint", "inputs", "status")
        if one[name] != other[name]
    ]
    ways = [
        [(e["node"], e.get("exits"), e.get("value")) for e in run["timeline"] if e["event"] == "node"]
        for run in (one, other)
    ]
    for index in range(max(map(len, ways))):
        steps = [way[index] if index < len(way) else ("(ended)", [], None) for way in ways]
        if steps[0] != steps[1]:
            left, right = (
                f"{node} → {', '.join(exits or ())}  {_short(value)}" for node, exits, value in steps
            )
            rows.append({"what": f"step {index + 1}", "one": left, "other": right})
            break
    said = [(run["answer"] or {}).get("answer", "") for run in (one, other)]
    if said[0] != said[1]:
        rows.append({"what": "answer", "one": _short(said[0]), "other": _short(said[1])})
    return rows


def one_line(text: str) -> str:
    return say.short(text, 60)

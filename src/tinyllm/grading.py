"""A verdict becomes a grade: of a node's answer by whoever judged it, of a tool call by its failure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tinyllm.errors import TinyError
from tinyllm.kinds import Node
from tinyllm.plain import as_text, plain
from tinyllm.running import current, emit
from tinyllm.state import Goto, State

# Not the node's work: nobody was there, nobody had the time, somebody said no, or the fault is ours.
INFRASTRUCTURE = ("timeout", "retryable", "cancelled")
FOREIGN = (
    "TOOL_NOT_ALLOWED", "TOOL_REFUSED", "TOOL_FORBIDDEN", "EXTRA_MISSING", "OUT_OF_BUDGET", "LOOP",
    "MODEL_NOT_FOUND", "BUG", "PROGRAMMING_BUG", "UNCLASSIFIED",
)  # fmt: skip


def blameless(failure: Mapping[str, str]) -> bool:
    """A failure that says nothing of the node it happened in."""
    return failure.get("kind") in INFRASTRUCTURE or failure.get("code") in FOREIGN


def grade(node: Node, visit: int, goto: Goto, state: State) -> None:
    """File what a node says of another one's answer, when that is what it produced."""
    value = goto.value
    if not isinstance(value, Mapping) or not value.get("of") or "passed" not in value:
        return
    of = str(value["of"])
    ended = next((each for each in reversed(state["scratch"].get(of, ())) if each.get("role") == "ended"), {})
    evidence = str(value.get("evidence") or "")
    # An answer that was put right, or let go only because nobody had a better one, was not right.
    wrong = str(value.get("replaced") or value.get("doubts") or "")
    said = {
        "key": f"{node.id}:{visit}",
        "kind": "judge" if evidence == "judged" else {"grow": "complaint"}.get(node.kind, node.kind),
        "node": of.removesuffix(".beside"),
        "model": str(ended.get("model") or value.get("model") or ""),
        "answer": as_text(state["outputs"].get(of)),
        "passed": bool(value["passed"]) and not wrong,
        "because": wrong or str(value.get("because") or ""),
        "evidence": evidence,
    }
    emit("grade", **said)
    if "replaced" in value and of in goto.outputs:
        instead = {"key": f"{said['key']}:instead", "model": node.id, "answer": as_text(goto.outputs[of])}
        emit("grade", **{**said, **instead, "passed": True, "because": ""})


def grade_tool(name: str, arguments: Any, failure: TinyError) -> None:
    """File that a tool call of a node failed by its own fault."""
    said = failure.as_dict()
    running = current()
    if not running.node or blameless(said):
        return
    told = json.dumps(plain(arguments), sort_keys=True, default=str)
    emit(
        "grade",
        key=f"{running.node}:{running.visit}:{name}:{hashlib.sha256(told.encode()).hexdigest()[:8]}",
        kind="tool",
        node=running.node.removesuffix(".use").removesuffix(".beside"),
        answer=f"{name}({told[:500]})",
        passed=False,
        because=failure.message,
        evidence="executed",
    )

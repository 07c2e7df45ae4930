"""The graph shapes that are killed: each value with how it ends and what its workspace holds then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tinyllm.checks import CHECKS, NOTHING, Check, Judged, Verdict
from tinyllm.services import Services
from tinyllm.transactions import RunRow, Transactions

Act = Literal["", "undo", "return"]
BEFORE: Mapping[str, str] = {"kept.txt": "kept", "changed.txt": "before", "deleted.txt": "to be deleted"}

SAID = "What was said before?"  # its reply is kept by the earlier turn
KNOWN: Mapping[str, str] = {"kept": "as it was", "changed": "before", "forgotten": "to be forgotten"}


@dataclass(frozen=True)
class Shape:
    """A graph, and what comes of it when nothing goes wrong."""

    name: str
    nodes: Mapping[str, Any]
    ends: Literal["committed", "rolled_back"] = "committed"
    files: Mapping[str, str | None] = field(
        default_factory=dict
    )  # what a commit leaves, beside what was there
    act: Act = ""  # what a person does meanwhile: take the run back, or return to a savepoint
    delivers: tuple[str, ...] = ()  # what is sent when it is committed
    remembers: Mapping[str, str | None] = field(default_factory=dict)  # what a commit changes in memory
    keeps: int = 0  # replies that a commit adds to those that are kept
    leaves: bool = False  # it decides on growth: the next run begins with another graph
    rows: tuple[str, ...] = ()  # it is one row of a batch, which stands between these
    in_order: bool = True  # one step at a time: a step that was followed by another is never done again

    @property
    def grows(self) -> bool:
        return any(node.get("kind") == "growth" for node in self.nodes.values())

    @property
    def graph(self) -> dict[str, Any]:
        return {"name": self.name, "allow": ["outside_*", "memory_*"], "nodes": dict(self.nodes)}

    @property
    def after(self) -> dict[str, str]:
        """The workspace when the run ended as it should."""
        if self.ends == "rolled_back":
            return dict(BEFORE)
        return {name: text for name, text in {**BEFORE, **self.files}.items() if text is not None}

    @property
    def knows(self) -> dict[str, str]:
        """What is remembered after a commit."""
        return {key: text for key, text in {**KNOWN, **self.remembers}.items() if text is not None}

    def may_hold(self, name: str) -> set[str | None]:
        """What a file may hold while the run is on its way: one of the whole texts it ever had."""
        texts: set[str | None] = {BEFORE.get(name), self.files.get(name)}
        for node in self.nodes.values():
            args = node.get("args", {})
            if args.get("name") == name:
                texts.add(args["text"] or None)
        return texts


def _tool(tool: str, /, to: str = "end", **args: str) -> dict[str, Any]:
    return {"kind": "tool", "tool": f"outside_{tool}", "args": args, "to": to}


def _memory(tool: str, to: str, **args: str) -> dict[str, Any]:
    return {"kind": "tool", "tool": f"memory_{tool}", "args": args, "to": to}


def _model(prompt: str, to: Any = "end", **more: Any) -> dict[str, Any]:
    return {"kind": "llm", "prompt": prompt, "window": False, "to": to, **more}


def _value(value: str, to: str = "end") -> dict[str, Any]:
    return {"kind": "transform", "value": value, "to": to}


SAVES = {
    "change": _tool("save", to="drop", name="changed.txt", text="after"),
    "drop": _tool("save", to="next", name="deleted.txt", text=""),
}
SAVED = {"changed.txt": "after", "deleted.txt": None}
MORE = {
    **SAVES,
    "next": _tool("save", to="again", name="made.txt", text="new"),
    "again": _tool("save", to="pay", name="changed.txt", text="after that"),
    "pay": _tool("pay", to="fail", label="failure"),
    "fail": _tool("fail", label="it"),
}


def _step(step: str, to: str = "end") -> dict[str, Any]:
    return {"kind": "growth", "step": step, "to": to}


STEPS = {
    "watch": _step("watch", to="diagnose"),
    "diagnose": _step("diagnose", to="propose"),
    "propose": _step("propose", to="test"),
    "test": _step("test", to="decide"),
    "decide": _step("decide"),
}
FAIL = _tool("fail", label="it")

SHAPES: tuple[Shape, ...] = (
    Shape(
        "linear",
        {
            "draft": _model("Write about {{ inputs.question }}.", to="count"),
            "count": _value("outputs.draft | length", to="cut"),
            "cut": _model("Cut to {{ outputs.count }} letters.", to="last"),
            "last": _value("outputs.cut"),
        },
    ),
    Shape(
        "parallel",
        {
            "start": _model("Plan {{ inputs.question }}.", to=["left", "right", "pay"]),
            "left": _model("The left of {{ outputs.start }}.", to="join"),
            "right": _model("The right of {{ outputs.start }}.", to="join"),
            "pay": _tool("pay", to="join", label="parallel"),
            "join": _value("outputs.left ~ outputs.right ~ outputs.pay"),
        },
        in_order=False,
    ),
    Shape(
        "loop",
        {
            "draft": _model("Draft {{ inputs.question }}.", to="check"),
            "check": {"kind": "gate", "checks": ["not_the_first"], "passes": "send", "tries": 4},
            "send": _tool("send", to="said", label="loop"),
            "said": _value("outputs.draft"),
        },
    ),
    Shape(
        "effects",
        {
            "look": _tool("look", to="put", label="a"),
            "put": _tool("put", to="pay", label="b"),
            "pay": _tool("pay", to="book", label="c"),
            "book": _tool("book", to="send", label="d"),
            "send": _tool("send", to="end", label="e"),
        },
    ),
    Shape(
        "outbox",
        {
            "tell": _tool("notify", to="write", label="first"),
            "write": _model("Write about {{ inputs.question }}.", to="again"),
            "again": _tool("notify", to="said", label="second"),
            "said": _value("outputs.write"),
        },
        delivers=("first", "second"),
    ),
    Shape("files", {**SAVES, "next": _value("'done'")}, files=SAVED),
    Shape(
        "pause",
        {
            "draft": _model("Draft {{ inputs.question }}.", to="may"),
            "may": {"kind": "human", "ask": "Send it?", "choices": {"yes": "send", "no": "end"}},
            "send": _tool("send", to="said", label="pause"),
            "said": _value("outputs.draft"),
        },
    ),
    # Nothing is kept of it before its end: killed, it is simply run again.
    Shape("pure", {"one": _value("1", to="two"), "two": _value("outputs.one + 1")}, in_order=False),
    Shape("failure", MORE, ends="rolled_back"),
    Shape(
        "unsent",
        {"tell": _tool("notify", to="fail", label="nobody"), "fail": _tool("fail", label="it")},
        ends="rolled_back",
    ),
    Shape("undo", {**SAVES, "next": _value("'done'")}, ends="rolled_back", files=SAVED, act="undo"),
    Shape(
        "return",
        {
            **SAVES,
            "next": _model("What now?", to="may"),
            "may": {"kind": "human", "ask": "Go on?", "choices": {"yes": "said", "no": "end"}},
            "said": _value("outputs.next"),
        },
        files=SAVED,
        act="return",
        in_order=False,
    ),
)
SHAPES += (
    Shape(
        "grades",
        {
            "draft": _model("Draft {{ inputs.question }}.", to="check"),
            "check": {"kind": "gate", "checks": ["not_the_first"], "passes": "fail", "tries": 2},
            "fail": FAIL,
        },
        ends="rolled_back",
    ),
    Shape("growth", STEPS, leaves=True),
    # A change on trial is decided on, and then the run fails.
    Shape("no growth", {"watch": {**_step("watch"), "nothing": "fail"}, "fail": FAIL}, ends="rolled_back"),
)
REMEMBERS = {
    "change": _memory("remember", "look", key="changed", text="after"),
    "look": _memory("recall", "forget", query="as it was"),
    "forget": _memory("forget", "again", key="forgotten"),
    "again": _memory("remember", "draft", key="new", text="never seen before"),
    "draft": _model("What now?", to="last", temperature=0),
}
SHAPES += (
    Shape(
        "memory",
        {**REMEMBERS, "last": _value("outputs.draft")},
        remembers={"changed": "after", "forgotten": None, "new": "never seen before"},
        keeps=1,
    ),
    Shape("no memory", {**REMEMBERS, "last": FAIL}, ends="rolled_back"),
    Shape(
        "memory taken back",
        {**REMEMBERS, "last": _value("outputs.draft")},
        ends="rolled_back",
        act="undo",
        keeps=1,
    ),
)
# One reply is there already; what is asked twice is kept once.
ASKS = {
    "known": _model(SAID, to="fresh", temperature=0),
    "fresh": _model("Write about {{ inputs.question }}.", to="again", temperature=0),
    "again": _model("Write about {{ inputs.question }}.", to="last", temperature=0),
}
SHAPES += (
    Shape("cache", {**ASKS, "last": _value("outputs.known ~ outputs.again")}, keeps=1),
    Shape("no cache", {**ASKS, "last": FAIL}, ends="rolled_back"),
    Shape(
        "batch",
        {"draft": _model("Draft {{ inputs.question }}.", to="said"), "said": _value("outputs.draft")},
        rows=("Before it?", "Beside it?", "After it?"),
        in_order=False,
    ),
)
RETURN_TO = 1  # the savepoint that the shape `return` goes back to


async def not_the_first(judged: Judged, services: Services) -> Verdict:  # noqa: ARG001 - the signature of a check
    """A model's first try is not accepted: a loop that always turns once."""
    return NOTHING if "accepted" in judged.answer else Verdict.bad("try again")


def prepared() -> None:
    """In a process of the harness only: the check that its loop needs."""
    CHECKS.setdefault("not_the_first", Check("not_the_first", not_the_first))


async def acted(shape: Shape, runs: Transactions, row: RunRow) -> bool:
    """Do what a person does to this run now; false when there is nothing (more) to do."""
    if shape.act == "undo" and row.status == "committed":
        await runs.rollback(row.id)
        return True
    if shape.act == "return" and row.status == "waiting" and not row.attempt:
        await runs.rollback(row.id, to=RETURN_TO)
        return True
    return False

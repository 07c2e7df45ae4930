"""One run, killed and taken up again by other processes, and everything about it that must hold."""

import asyncio
import gc
import shutil
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tinyllm.errors import TinyError
from tinyllm.prove.controls import Control
from tinyllm.prove.left import Left
from tinyllm.prove.living import ended, live, seed
from tinyllm.prove.mother import Kill, Mother
from tinyllm.prove.outside import Outside
from tinyllm.prove.rows import Rows
from tinyllm.prove.seeing import Seen, look, seen_in
from tinyllm.prove.shapes import BEFORE, Shape

Broken = Literal[
    "lost commit",
    "between",
    "repeated effect",
    "repeated step",
    "in doubt",
    "doctor",
    "file",
    "delivery",
    "left",
    "row",
    "crash",
]
NEVER = Kill()
DECISIONS = 2  # that the shape `growth` comes to: one for each candidate
LABELLED_ONCE = frozenset({"d", "e", "loop", "pause"})  # what must have happened once, whatever its key was


@dataclass(frozen=True)
class Violation:
    """A promise that was broken, and how."""

    broken: Broken
    said: str


@dataclass
class Trial:
    """A run in a folder of its own, copied from one that holds an earlier turn."""

    shape: Shape
    outside: Outside
    mother: Mother
    before: Seen  # what was there before the run
    control: Control = ""
    kills: int = 0
    violations: list[Violation] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)  # milliseconds
    _before: tuple[str, ...] = ()
    _left: Left = field(default_factory=Left)
    _done: dict[str, int] = field(default_factory=dict)  # done effects, and how often each was called by then
    _sent: dict[str, int] = field(default_factory=dict)  # … and deliveries, and how often each had left
    _attempt: int = 0
    _rows: Rows = field(default_factory=Rows)

    def __post_init__(self) -> None:
        self._before, self._left = self.before.messages, self.before.left

    def lived(self, kill: Kill = NEVER) -> bool:
        """One more process, killed or not. True when it came to its end."""
        code = self.mother.lived(self.shape, self.outside, self.control, kill)
        if code == -signal.SIGKILL:
            self.kills += 1
            self._check_between()
            return False
        if code:
            self._crashed(str(code))
        return True

    def ended(self) -> None:
        """Let this process, which none of them knows, end what they left; and judge it."""
        if not ended(lambda: live(self.shape, self.outside, self.control), self.outside):
            self._crashed("it failed")
        elif self.kills:
            self.recoveries.append(self.took())
        self._check_end()

    def took(self) -> float:
        """The milliseconds of the last process that came to its end."""
        *_, (milliseconds,) = self.outside.marks("took")
        return float(milliseconds)

    def _crashed(self, said: str) -> None:
        crash = self.outside.folder / "crash"
        lines = crash.read_text().strip().splitlines() if crash.exists() else []
        self._broken("crash", lines[-1] if lines else said)

    def look(self) -> Seen:
        """On a copy: to look at the database itself would already recover it."""
        return look(self.outside)

    def _broken(self, broken: Broken, said: str) -> None:
        self.violations.append(Violation(broken, f"{self.shape.name}: {said}"))

    def _check_always(self, seen: Seen) -> None:
        for problem in seen.problems:
            self._broken("doctor", problem)
        acknowledged = {mark[0] for mark in self.outside.marks("ack")}
        if acknowledged and seen.status != "committed" and self.shape.act != "undo":
            self._broken("lost commit", f"{acknowledged} is {seen.status}")
        if (seen.messages != self._before) != (seen.status == "committed"):
            self._broken("between", f"{seen.status}, and its thread holds {len(seen.messages)} messages")
        self._check_left(seen)
        for said in self._rows.broken(self.outside, seen.committed) if self.shape.rows else ():
            self._broken("row", said)
        calls = self.outside.calls()
        attempt = seen.row.attempt if seen.row else 0
        for key, count in self._done.items() if attempt == self._attempt else ():
            if calls[key] != count:
                self._broken("repeated effect", f"{key} was done, and done again")
        self._done, self._attempt = {key: calls[key] for key in seen.done}, attempt
        self._check_deliveries(seen)

    def _check_deliveries(self, seen: Seen) -> None:
        """Nothing leaves before the commit, and nothing twice that is known to have left."""
        left = self.outside.deliveries()
        if left and seen.status != "committed":
            self._broken("delivery", f"sent by a run that is {seen.status}")
        for key, count in self._sent.items():
            if left[key] != count:
                self._broken("delivery", f"{key} was sent, and sent again")
        self._sent = {key: left[key] for key in seen.sent}

    def _check_left(self, seen: Seen) -> None:
        """Grades, growth, memory and replies are as before until the commit, and whole after it; the graph is the old or the new one."""
        if seen.status != "committed" and seen.left != self._left:
            self._broken(
                "left", f"{seen.status}, and its grades, its growth, its memories or its replies count"
            )
        if seen.status == "committed" and not self.shape.act and dict(seen.left.memories) != self.shape.knows:
            self._broken("left", f"committed, and what is remembered is {seen.left.memories}")
        if seen.status == "committed" and seen.left.replies != self._left.replies + self.shape.keeps:
            self._broken("left", f"committed, and {seen.left.replies} replies are kept")
        grew = seen.left.graph != self._left.graph
        if seen.status == "committed" and grew != self.shape.leaves:
            self._broken("left", f"committed, and the graph is {'new' if grew else 'the old one'}")
        if grew and seen.left.decisions != self._left.decisions + DECISIONS:
            self._broken("left", f"{seen.left.decisions} decisions instead of {DECISIONS}")

    def _check_between(self) -> None:
        """After a kill, before anybody cleans up."""
        try:
            seen = self.look()
        except TinyError as failure:
            self._broken("doctor", str(failure))
            return
        self._check_always(seen)
        # A draft that was not renamed yet is nobody's file; at the end none may be left.
        files = {name: text for name, text in self.outside.files().items() if not name.startswith(".")}
        if seen.status in ("not begun", "rolled_back") and files != BEFORE:
            self._broken("file", f"{seen.status}, and the workspace holds {files}")
        elif seen.status == "committed" and not self.shape.act and files != self.shape.after:
            self._broken("file", f"committed, and the workspace holds {files}")
        for name, text in files.items():
            if text not in self.shape.may_hold(name):
                self._broken("file", f"{name} holds {text!r}, which nobody wrote")

    def _check_end(self) -> None:
        seen = self.look()
        self._check_always(seen)
        if seen.status != self.shape.ends:
            self._broken("between", f"it ended as {seen.status}")
        for said in self._rows.missing(
            self.outside, len(self.shape.rows) and len(self.shape.rows) + 1, seen.committed
        ):
            self._broken("row", said)
        if seen.doubts:
            self._broken("in doubt", "an effect in doubt was left")
        if (files := self.outside.files()) != self.shape.after:
            self._broken("file", f"{seen.status}, and the workspace holds {files}")
        if seen.unsent or {mark[0] for mark in self.outside.marks("deliver")} != set(self.shape.delivers):
            self._broken("delivery", f"{seen.status}, and {seen.unsent} deliveries are left")
        if len(self.outside.deliveries()) != len(self.shape.delivers):
            self._broken("delivery", "one delivery came with several keys")
        for said in self._repeated():
            self._broken("repeated effect", said)
        if self.shape.in_order:
            for said in self._out_of_order():
                self._broken("repeated step", said)

    def _repeated(self) -> Iterator[str]:
        """What happened twice in the world, and what a service would have taken for two."""
        keys: dict[str, list[str]] = {}
        for label, key in self.outside.marks("call"):
            keys.setdefault(label, []).append(key)
        if any(":known:" in key for key in keys.get("model", ())):
            yield "what was kept was asked for again"
        for label, found in keys.items():
            if label in LABELLED_ONCE and len(found) > 1:
                yield f"{label} happened {len(found)} times"
            if label not in ("model", "a") and len(set(found)) > 1:
                yield f"{label} came with {len(set(found))} keys"

    def _out_of_order(self) -> Iterator[str]:
        """A step that another followed stands: it is never done again. A gate is a part of the step that it judges."""
        settled: set[tuple[str, ...]] = set()
        last: tuple[str, ...] = ()
        gates = {id for id, node in self.shape.nodes.items() if node.get("kind") == "gate"}
        for step in (mark for mark in self.outside.marks("step") if mark[0] not in gates):
            if step in settled:
                yield f"{step[0]} was done again although {last[0]} had followed"
            if step != last:
                settled.add(last)
                last = step


def warm(shapes: Iterable[Shape], folder: Path) -> None:
    """Import in this process whatever a run imports late, so that a fork costs milliseconds."""
    for shape in shapes:
        outside = _place(folder / f"warm-{shape.name}")
        asyncio.run(seed(shape, outside))
        asyncio.run(live(shape, outside))
        asyncio.run(seen_in(outside.database))
    gc.collect()
    gc.freeze()


def _place(folder: Path) -> Outside:
    outside = Outside(folder)
    outside.workspace.mkdir(parents=True)
    for name, text in BEFORE.items():
        (outside.workspace / name).write_text(text)
    return outside


@dataclass(frozen=True)
class Prepared:
    """A workspace and an earlier turn, from which every trial of a shape is copied."""

    shape: Shape
    folder: Path
    mother: Mother
    before: Seen

    def trial(self, folder: Path, control: Control = "") -> Trial:
        shutil.copytree(self.folder, folder)
        return Trial(self.shape, Outside(folder), self.mother, self.before, control)


def prepare(shape: Shape, folder: Path, mother: Mother) -> Prepared:
    outside = _place(folder / shape.name)
    if code := mother.seeded(shape, outside):
        raise RuntimeError(f"the earlier turn of {shape.name} ended with {code}")
    (outside.folder / "log").unlink()
    return Prepared(shape, outside.folder, mother, look(outside))

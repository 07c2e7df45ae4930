"""A run on the terminal: tokens as they come, steps when asked for, a spinner while nothing happens."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tinyllm.answer import Account, Answer, reason
from tinyllm.cli import say
from tinyllm.errors import TinyError
from tinyllm.running import Event
from tinyllm.state import meant

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WIDEST = 100
MISSING = "MODEL_NOT_FOUND"  # a model is: at every node again, and said once


class Show:
    """What one run prints while it runs."""

    def __init__(self, *, trace: bool, jsonl: bool, streams: bool, quiet: bool, verbose: bool) -> None:
        self.trace = trace and not quiet
        self.jsonl = jsonl
        self.quiet = quiet
        self.verbose = verbose
        # A pipe gets the final answer alone.
        self.watches = (streams and sys.stdout.isatty()) or jsonl
        self.last: tuple[
            str, ...
        ] = ()  # the nodes whose words may be the answer: only these are shown as they come
        self.broken: Callable[[], object] = lambda: None  # called when nobody reads any more
        self.gone = False
        self.account = Account()
        self.run = ""
        self._started = time.monotonic()
        self._streamed = ""
        self._speaker = ""
        self._absent: set[str] = set()
        self._in_line = False
        self._spinner: asyncio.Task[None] | None = None
        self._doing = self._waits = "thinking"

    def event(self, event: Event) -> None:
        self.account.add(event)
        if self.gone:
            return
        try:
            self._shown(event)
        except BrokenPipeError:
            self.gone = True
            self.broken()

    def _shown(self, event: Event) -> None:
        if event.kind == "begin":
            self.run = str(event.data["run"])
        if self.jsonl:
            say.row(event.as_dict())
        elif event.kind == "begin":
            self._spin()
        elif event.kind == "token":
            self._token(event.node, str(event.data["text"]))
        elif event.kind == "again":
            self._again()
        elif event.kind == "node":
            self._node(event)
        elif event.kind in ("fallback", "note", "failure", "delivery"):
            self._aside(event)
        elif event.kind in ("waits", "queued"):
            self._queue(event)
        elif event.kind in ("call", "cached", "skipped"):
            self._detail(event)

    def _detail(self, event: Event) -> None:
        """What a person wants to know who looks closer."""
        d = event.data
        if event.kind == "cached" and (self.verbose or self.trace):
            how = "another one is told the same" if d["shared"] else "kept from before"
            self._over(f"{d['model']}: no call, the reply is {how}")
        elif event.kind == "call" and self.verbose:
            self._over(f"{d['model']}: {d['tokens_in']} + {d['tokens_out']} tokens in {d['seconds']} s")
        elif event.kind == "skipped" and self.verbose:
            self._over(f"{event.node}: {d['check']} was skipped: {d['because']}")

    def _token(self, node: str, text: str) -> None:
        """One voice at a time: where several may end the run, the others are heard when they are chosen."""
        if node not in self.last or self._speaker not in ("", node):
            return
        self._still()
        self._speaker = node
        self._streamed += text
        self._in_line = not text.endswith("\n")
        say.answer(text, end="")

    def _again(self) -> None:
        """What was shown was not accepted; what comes is a new answer."""
        self._new_line()
        self._streamed = self._speaker = ""

    def _new_line(self) -> None:
        if self._in_line:
            say.answer("")
            self._in_line = False

    def _node(self, event: Event) -> None:
        self._doing = event.node
        if self.trace:
            shown = say.short(event.data.get("value"), WIDEST)
            to = ", ".join(event.data["exits"])
            self._over(f"{event.node:<12} → {to:<12} {event.data['seconds']:>7.3f} s  {shown}")
        if event.data["kind"] in ("gate", "use") and event.data["exits"] != ["end"]:
            self._again()

    def _queue(self, event: Event) -> None:
        """Waiting for a model that others ask."""
        d = event.data
        if event.kind == "waits":
            self._doing, self._waits = in_line(d), self._doing
            return
        self._doing = self._waits
        if self.trace:
            self._over(
                f"{event.node:<12} waited for {d['model']} {d['seconds']:>7.3f} s, {d['before']} before it"
            )

    def _aside(self, event: Event) -> None:
        if event.kind not in ("note", "delivery"):
            self._again()
        if self.quiet:
            return
        if event.kind == "note":
            if event.data.get("minor") and not (sys.stdout.isatty() or self.verbose or self.trace):
                return  # all went well without
            self._over(str(event.data["text"]))
        elif event.kind == "delivery":
            self._over(delivered(event.data))
        elif event.kind == "fallback":
            said = f"falling back to {event.data['model']}: {reason(event.data['because'])}"
            if said not in self._absent:
                self._over(said)
            if event.data["because"].get("code") == MISSING:
                self._absent.add(said)
        elif (self.verbose or self.trace) and event.data.get("code") != MISSING:  # whoever steps in says that
            self._over(f"{event.data.get('model', event.node)}: {event.data['message']}")

    def _over(self, text: str) -> None:
        """A line beside the answer; the spinner stands aside."""
        self._clear()
        self._new_line()
        say.note(text)

    def _spin(self) -> None:
        if self.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            return

        async def turn() -> None:
            for frame in itertools.cycle(FRAMES):
                sys.stderr.write(f"\r\x1b[K{frame} {self._doing}")
                sys.stderr.flush()
                await asyncio.sleep(0.1)

        self._spinner = asyncio.ensure_future(turn())

    def _clear(self) -> None:
        if self._spinner is not None:
            sys.stderr.write("\r\x1b[K")

    def _still(self) -> None:
        if self._spinner is not None:
            self._spinner.cancel()
            self._clear()
            self._spinner = None

    def close(self) -> None:
        self._still()
        sys.stderr.flush()

    @property
    def asks(self) -> Callable[[str, tuple[str, ...]], Awaitable[str | None]] | None:
        """How to ask who sits there; nothing where nobody sits."""
        here = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
        return self.person if here else None

    async def person(self, question: str, choices: tuple[str, ...]) -> str | None:
        """What the person says; nothing when they leave (Ctrl-D): then the run waits."""
        self._still()
        self._new_line()
        shown = f" [{'/'.join(choices)}]" if choices else ""
        while True:
            sys.stderr.write(f"{question}{shown} ")
            sys.stderr.flush()
            line = await _typed()
            if not line:
                sys.stderr.write("\n")
                return None
            if said := meant(line, choices):
                return said
            say.note(f"please answer {' or '.join(choices)}" if choices else "please answer")

    def failed(self, failure: TinyError) -> None:
        """The end of a run that came to nothing, in the shape of every other end."""
        took = round((time.monotonic() - self._started) * 1000, 1)
        made = self.account
        ended = Answer(
            run=self.run,
            status="failed",
            answer="",
            route=tuple(made.route),
            path=tuple(made.path),
            models=tuple(made.models),
            tokens=made.tokens,
            elapsed_ms=took,
            notes=tuple(made.notes),
        )
        plain = {**ended.as_dict(), "error": failure.as_dict()}
        say.row({"event": "end", **plain}) if self.jsonl else say.data(plain)

    def answer(self, answer: Answer) -> None:
        """The end of the run, as far as it was not streamed already."""
        if self.jsonl:
            say.row({"event": "end", **answer.as_dict()})
            return
        if answer.answer and say.harmless(answer.answer).strip() == say.harmless(self._streamed).strip():
            self._new_line()
        elif answer.answer:
            self._again()
            say.answer(answer.answer)
        if answer.status == "refused" and not self.quiet:
            self._refused(answer)
        elif answer.status == "waiting":
            say.line(f"waiting: {answer.question.get('question')}")
            among = "|".join(map(str, answer.question.get("choices") or ())) or "TEXT"
            say.line(
                f"{say.coloured('try', say.YELLOW)}    tinyllm runs resume {answer.run} --answer {among}"
            )
        if self.verbose:
            cost = f"{answer.tokens.get('in', 0)} + {answer.tokens.get('out', 0)} tokens"
            say.note(f"{' → '.join(answer.path)} · {cost} · {answer.elapsed_ms / 1000:.1f} s")
            if answer.status != "waiting":
                say.note(f"evidence: {answer.evidence}")

    def _refused(self, answer: Answer) -> None:
        said = f"{say.coloured('refused', say.YELLOW)}  no answer met the standard"
        say.line(said if answer.answer else "refused  the question was declined")
        for attempt in answer.tried:
            by = f" ({attempt['model']})" if attempt.get("model") else ""
            say.line(f"         {attempt['node']}{by}: {attempt['because']}")
        say.line(f"{say.coloured('try', say.YELLOW)}      --trace shows each step; another model: -m MODEL")


def in_line(told: Mapping[str, Any]) -> str:
    """What somebody waits for, and behind how many."""
    return f"waiting for {told['model']}" + (f", {told['before']} before you" if told["before"] else "")


def delivered(told: Mapping[str, Any]) -> str:
    """What became of a delivery."""
    if told["state"] == "waits":
        return f"{told['tool']} was not sent, and will be tried again: {told.get('because', '')}"
    said = {"sent": "was sent", "failed": "could not be sent", "dropped": "will not be sent"}
    return f"{told['tool']} {said[told['state']]}" + (f": {told['because']}" if told.get("because") else "")


async def _typed() -> str:
    """A line from the terminal, empty at its end; waited for so that Ctrl-C is heard at once."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sys.stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()

"""A run on the terminal: tokens as they come, steps when asked for, a spinner while nothing happens."""

import asyncio
import itertools
import sys
from typing import TYPE_CHECKING

from tinyllm.cli import say
from tinyllm.running import Event

if TYPE_CHECKING:
    from tinyllm.answer import Answer

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WIDEST = 100


class Show:
    """What one run prints while it runs."""

    def __init__(self, *, trace: bool, jsonl: bool, streams: bool, quiet: bool, verbose: bool) -> None:
        self.trace = trace and not quiet
        self.jsonl = jsonl
        self.quiet = quiet
        self.verbose = verbose
        # Only a node that may be the last one is worth streaming to a person; a pipe gets the final answer alone.
        self.watches = (streams and sys.stdout.isatty()) or jsonl
        self.streamed = ""
        self._spinner: asyncio.Task[None] | None = None
        self._doing = "thinking"

    def event(self, event: Event) -> None:
        if self.jsonl:
            say.row(event.as_dict())
            return
        if event.kind == "begin":
            self._spin()
        elif event.kind == "token":
            self._token(str(event.data["text"]))
        elif event.kind == "again":
            self._again()
        elif event.kind == "node":
            self._doing = event.node
            if self.trace:
                self._step(event)
            if event.data["kind"] in ("gate", "use") and event.data["exits"] != ["end"]:
                self._again()
        elif event.kind in ("fallback", "note", "failure") and not self.quiet:
            self._aside(event)
        elif event.kind == "call" and self.verbose:
            d = event.data
            self._over(f"{d['model']}: {d['tokens_in']} + {d['tokens_out']} tokens in {d['seconds']} s")

    def _token(self, text: str) -> None:
        self._still()
        self.streamed += text
        say.answer(text, end="")

    def _again(self) -> None:
        """What was shown was not accepted; what comes is a new answer."""
        if self.streamed:
            say.answer("")
            self.streamed = ""

    def _step(self, event: Event) -> None:
        value = str(event.data.get("value") or "").replace("\n", " ")
        shown = value if len(value) <= WIDEST else value[: WIDEST - 1] + "…"
        to = ", ".join(event.data["exits"])
        self._over(f"{event.node:<12} → {to:<12} {event.data['seconds']:>7.3f} s  {shown}")

    def _aside(self, event: Event) -> None:
        if event.kind == "note":
            self._over(str(event.data["text"]))
        elif event.kind == "fallback":
            self._over(f"falling back to {event.data['model']}: {event.data['because']['message']}")
        elif self.verbose or self.trace:
            self._over(f"{event.data.get('model', event.node)}: {event.data['message']}")

    def _over(self, text: str) -> None:
        """A line beside the answer; the spinner stands aside."""
        self._clear()
        if self.streamed and not self.streamed.endswith("\n") and self.watches:
            say.answer("")
            self.streamed = ""
        say.note(text)

    def _spin(self) -> None:
        if self.quiet or not sys.stderr.isatty():
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

    async def person(self, question: str, choices: tuple[str, ...]) -> str:
        """Ask who sits there."""
        self._still()
        shown = f" [{'/'.join(choices)}]" if choices else ""
        while True:
            sys.stderr.write(f"{question}{shown} ")
            sys.stderr.flush()
            said: str = (await asyncio.to_thread(sys.stdin.readline)).strip()
            if said and (not choices or said in choices):
                return said
            say.note(f"please answer {' or '.join(choices)}" if choices else "please answer")

    def answer(self, answer: "Answer") -> None:
        """The end of the run, as far as it was not streamed already."""
        if self.jsonl:
            say.row({"event": "end", **answer.as_dict()})
            return
        if answer.answer and answer.answer == self.streamed:
            say.answer("")
        elif answer.answer:
            self._again()
            say.answer(answer.answer)
        if answer.status == "refused" and not self.quiet:
            self._refused(answer)
        elif answer.status == "waiting":
            say.line(f"waiting: {answer.question.get('question')}")
            say.line(f"{say.coloured('try', say.YELLOW)}    run it on a terminal to answer")
        if self.verbose:
            cost = f"{answer.tokens.get('in', 0)} + {answer.tokens.get('out', 0)} tokens"
            say.note(f"{' → '.join(answer.path)} · {cost} · {answer.elapsed_ms / 1000:.1f} s")

    def _refused(self, answer: "Answer") -> None:
        said = f"{say.coloured('refused', say.YELLOW)}  no answer met the standard"
        say.line(said if answer.answer else "refused  the question was declined")
        for attempt in answer.tried:
            say.line(f"         {attempt['node']}: {attempt['because']}")
        say.line(f"{say.coloured('try', say.YELLOW)}      --trace shows each step; another model: -m MODEL")

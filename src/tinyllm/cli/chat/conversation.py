"""A conversation on one thread: each turn a run, and what is left of a turn that did not end."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from tinyllm.answer import Answer
from tinyllm.cli import say
from tinyllm.cli.chat.background import Background
from tinyllm.cli.chat.lines import Lines
from tinyllm.cli.run import EXITS
from tinyllm.cli.show import Show
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.transactions import RunRow, Transactions

Idle = Callable[[Engine], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How turns are asked and shown."""

    model: str = ""
    approve: tuple[str, ...] = ()
    timeout: float | None = None
    trace: bool = False
    quiet: bool = False
    verbose: bool = False


class Over(Exception):
    """Internal: the chat was told to end."""


@dataclass
class Conversation:
    """Who talks, with which graph, on which thread."""

    engine: Engine
    background: Background
    lines: Lines
    thread: str
    manner: Manner = field(default_factory=Manner)
    code: int = 0  # of the last failure
    left: str = ""  # a run of ours that did not end
    # What is done while a person thinks: begun when the prompt is shown, cancelled when a line has come.
    idle: Idle | None = None

    def __post_init__(self) -> None:
        self.thread = self.thread or secrets.token_hex(6)

    @property
    def runs(self) -> Transactions:
        return self.engine.transactions

    def talk(self) -> int:
        """Until the end; the exit code."""
        if self.lines.typed and not self.manner.quiet:
            say.note(
                f"{self.engine.spec.name}, conversation {self.thread}; /help lists the commands, Ctrl-D ends"
            )
        try:
            while (said := self._next()) is not None:
                self.hear(said)
        except KeyboardInterrupt:
            say.line("")
            return 130
        except Over:
            return self._ended()
        if self.lines.typed:
            say.line("")
        return self._ended()

    def _ended(self) -> int:
        if self.lines.typed and not self.manner.quiet and self.background.run(self.runs.head(self.thread)):
            say.note(f"go on with it: tinyllm chat --thread {self.thread}")
        return 0 if self.lines.typed else self.code

    def _next(self) -> str | None:
        while True:
            work = self.idle(self.engine) if self.idle is not None and self.lines.typed else None
            try:
                with self.background.beside(work):
                    return self.lines.read()
            except TinyError as failure:
                self._failed(failure)

    def hear(self, said: str) -> None:
        """A command, or a turn; whatever becomes of it, the conversation goes on."""
        from tinyllm.cli.chat.commands import obey

        try:
            if said.startswith("/"):
                obey(self, said)
            elif said.strip():
                self.turn(said.strip())
        except TinyError as failure:
            self._failed(failure)

    def _failed(self, failure: TinyError) -> None:
        say.failure(failure)
        self.code = failure.exit_code

    def turn(self, question: str) -> None:
        """Ask, and show the answer."""
        self._settle()
        how = self.manner
        show = Show(trace=how.trace, jsonl=False, streams=True, quiet=how.quiet, verbose=how.verbose)
        try:
            answer = self.background.run(self._asked(question, show))
        except KeyboardInterrupt:
            show.close()
            self._interrupted(show)
            return
        except asyncio.CancelledError:
            show.close()
            self._interrupted(show)
            raise BrokenPipeError from None
        except TinyError:
            self.left = show.run
            raise
        finally:
            show.close()
        self.left = answer.run if answer.status == "waiting" else ""
        show.answer(answer)
        self.code = EXITS[answer.status] or self.code

    async def _asked(self, question: str, show: Show) -> Answer:
        task = asyncio.current_task()
        assert task is not None
        show.broken = task.cancel
        show.last = self.engine.spec.last
        how = self.manner

        async def person(said: str, choices: tuple[str, ...]) -> str | None:
            with self.lines.ahead.asking():
                return await show.person(said, choices)

        return await self.engine.ask(
            question, thread=self.thread, listen=show.event, streams=show.watches, model=how.model,
            ask=person if self.lines.typed else None, approve=how.approve, timeout=how.timeout,
        )  # fmt: skip

    def _interrupted(self, show: Show) -> None:
        """The turn was ended in its middle: it never was, and the thread is free."""
        say.line("interrupted")
        self.left = show.run or self.background.run(self.runs.holder(self.thread))
        row = self._settle()
        self.code = 130
        if row is not None and row.status == "in_doubt":
            say.line(f"in doubt: {row.waits.get('question', '')}")
            say.line(
                f"{say.coloured('try', say.YELLOW)}    tinyllm runs resolve {row.id} --did-happen (or --did-not)"
            )
        if not self.lines.typed:
            raise KeyboardInterrupt

    def _settle(self) -> RunRow | None:
        """What an earlier turn of this chat left open is taken back: nobody here goes on with it."""
        if not self.left:
            return None
        run, self.left = self.left, ""
        row = self.background.run(self.runs.give_up(run))
        if row.status == "rolled_back" and not self.manner.quiet:
            say.note(f"the turn was taken back; `tinyllm runs show {row.id}` still shows what it did")
        return row

    def with_manner(self, **changed: Any) -> None:
        self.manner = replace(self.manner, **changed)

"""`tinyllm run`: a question, or any graph."""

import asyncio
import math
import os
import signal
import sys
from collections.abc import Awaitable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from tinyllm.cli import completing, say, stdin
from tinyllm.cli.threads import thread_option
from tinyllm.errors import TinyError, UsageError
from tinyllm.plain import from_json

if TYPE_CHECKING:
    from tinyllm.answer import Answer
    from tinyllm.cli.show import Show

PATIENCE = 10.0  # seconds that a run has to end after a signal
LAST = "\0last"  # a name that nobody can give
EXITS = {"committed": 0, "refused": 5, "waiting": 6, "failed": 1}


class Only(StrEnum):
    """The parts that need no model, each by itself."""

    exact = "exact"
    route = "route"


app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def run(
    prompt: list[str] = typer.Argument(None, help="The question; `-` reads it from stdin."),
    graph: str = typer.Option(
        "",
        "--graph",
        "-g",
        help="A graph's name or file; the setting `graph` otherwise.",
        autocompletion=completing.graphs,
    ),
    inputs: str = typer.Option("", "--input", "-i", help="The inputs as JSON, or @FILE."),
    attach: list[Path] = typer.Option([], "--attach", "-a", help="A file that the question is about."),
    only: Only | None = typer.Option(
        None, "--only", help="Only solve exactly, or only say the route: no model."
    ),
    model: str = typer.Option("", "--model", "-m", help="Use this model wherever the graph asks one."),
    trace: bool = typer.Option(False, "--trace", help="Show each step as it ends."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object, the result."),
    as_jsonl: bool = typer.Option(False, "--jsonl", help="Print each event as one line of JSON."),
    approve: list[str] = typer.Option(
        [], "--approve", metavar="PATTERN", help="Say yes ahead to a tool: NAME, or NAME:TEXT."
    ),
    workspace: str = typer.Option("", "--workspace", help="The folder that tools are kept in."),
    schema: str = typer.Option("", "--schema", help="A JSON schema, or @FILE, that the answer must follow."),
    timeout: float = typer.Option(None, "--timeout", min=0.001, help="Seconds the run may take."),
    continues: bool = typer.Option(False, "--continue", "-c", help="The next turn of the last conversation."),
    thread: str = thread_option("The next turn of this conversation; a new name begins one."),
    wait: bool = typer.Option(False, "--wait", help="Wait while the conversation is busy with another run."),
    no_cache: bool = typer.Option(False, "--no-cache", help="Ask afresh, and keep no reply."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the answer and nothing else."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show models, tokens and times."),
    no_color: bool = typer.Option(False, "--no-color", help="No colour; NO_COLOR does the same."),
) -> None:
    """Ask a question, or run a graph.

    The answer goes to stdout, everything else to stderr.
    Exit codes: 0 answered, 1 failed, 2 usage, 3 graph or settings invalid, 4 no model server, or something else is away
    or busy, 5 below the standard, 6 waits for a person, 7 budget or loop guard, 70 our fault, 124 timeout, 130 and 143 stopped.
    """
    if no_color:
        say.without_color()
    _one_form(as_json, as_jsonl)
    if only is not None:
        from tinyllm.cli.only import alone

        question = _question(prompt or [])
        raise typer.Exit(alone(only.value, question, attach, graph, as_json=as_json or as_jsonl, trace=trace))
    from tinyllm.cli.show import Show

    show = Show(
        trace=trace, jsonl=as_jsonl, streams=not as_json and not as_jsonl, quiet=quiet, verbose=verbose
    )
    try:
        question = "" if inputs and not prompt else _question(prompt or [])
        options = {
            "inputs": object_of(inputs, "--input"),
            "model": model,
            "timeout": timeout,
            "attached": attach,
            "approve": approve,
            "thread": thread_named(thread, continues=continues),
            "wait": (timeout or math.inf) if wait else None,
            "material": stdin.text() if prompt and prompt != ["-"] and stdin.comes_in() else "",
        }
        shape = object_of(schema, "--schema")
        flags = {"workspace": workspace or None, "cache": "off" if no_cache else None}
        answer = asyncio.run(_ask(question, graph, shape, options, show, flags))
    except TinyError as failure:
        show.close()
        if as_json or as_jsonl:
            show.failed(failure)
        raise
    _end(answer, show, as_json=as_json)


def _one_form(*asked: bool) -> None:
    if all(asked):
        raise UsageError(
            "--json and --jsonl exclude each other", hint="--json is the result, --jsonl every event"
        )


async def _ask(
    question: str,
    graph: str,
    shape: dict[str, Any],
    options: dict[str, Any],
    show: "Show",
    flags: dict[str, Any],
) -> "Answer":
    from tinyllm import settings
    from tinyllm.engine import Engine

    async with Engine(graph, settings=settings.load(flags), schema=shape) as engine:
        show.last = engine.spec.last
        if options["thread"] == LAST:
            options["thread"] = await engine.transactions.last_thread()
        question, options = _given(question, options, engine.spec.inputs)
        going = engine.ask(
            question, listen=show.event, streams=show.watches, ask=show.asks, **_known(options)
        )
        return await unless_stopped(going, show)


async def unless_stopped(going: Awaitable["Answer"], show: "Show") -> "Answer":
    """Let a signal end the run in good order, and say how it goes on."""
    stopped = _stopped_by_signals(show)
    try:
        return await going
    except asyncio.CancelledError:
        show.close()
        if show.gone:
            raise BrokenPipeError from None
        say.line("interrupted")
        if show.run:
            say.line(f"resume with: tinyllm runs resume {show.run}")
        raise SystemExit(128 + stopped[0] if stopped else 130) from None


def _stopped_by_signals(show: "Show") -> list[int]:
    """Let a signal, or a reader that has gone, end the run in good order; the signals that came are listed."""
    task = asyncio.current_task()
    assert task is not None
    stopped: list[int] = []

    def stop(number: int) -> None:
        if stopped:  # asked twice: now
            os._exit(128 + number)
        stopped.append(number)
        task.cancel()
        # What does not end by itself is ended: a run that was killed can be recovered.
        loop.call_later(PATIENCE, os._exit, 128 + number)

    loop = asyncio.get_running_loop()
    show.broken = task.cancel
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return stopped


def _given(question: str, options: dict[str, Any], wanted: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """What was piped in beside a question is the graph's own input where it has one, else material for the question."""
    material = options.pop("material")
    missing = [name for name in wanted if name not in options["inputs"] and name != "question"]
    if material and len(missing) == 1:
        return question, {**options, "inputs": {**options["inputs"], missing[0]: material}}
    return (f"{question}\n\n{material}" if material else question), options


def thread_named(name: str, *, continues: bool) -> str:
    """The conversation that is asked for: a name, the last one, or a new one."""
    if name and continues:
        raise UsageError(
            "--continue and --thread exclude each other",
            hint="--thread names the conversation, --continue takes the last",
        )
    return LAST if continues else name


def _known(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, "", {}, [])}


def _question(words: list[str]) -> str:
    """The words of the command line, or stdin for `-`, or for nothing when something is piped in."""
    if words == ["-"] or (not words and not sys.stdin.isatty()):
        return stdin.text()
    question = " ".join(words).strip()
    if words and not question:
        raise UsageError("the question is empty", hint='ask one: tinyllm run "What is 2 + 2?"')
    try:
        question.encode()
    except UnicodeEncodeError as failure:
        raise UsageError(
            f"the question is not UTF-8 (character {failure.start + 1})", hint="set the terminal to UTF-8"
        ) from None
    return question


def object_of(text: str, flag: str) -> dict[str, Any]:
    found = _json(text, flag) if text else {}
    if not isinstance(found, dict):
        raise UsageError(f"{flag} is not a JSON object", hint=f'write {flag} \'{{"name": "value"}}\'')
    return found


def _json(text: str, flag: str) -> Any:
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as failure:
            said = getattr(failure, "strerror", None) or "not UTF-8 text"
            raise UsageError(f"{flag}: {path} cannot be read: {said}", hint="check the path") from failure
    try:
        return from_json(text)
    except (ValueError, RecursionError) as failure:
        raise UsageError(
            f"{flag} is not JSON: {failure}", hint=f'write {flag} \'{{"name": "value"}}\''
        ) from None


def _end(answer: "Answer", show: "Show", *, as_json: bool) -> NoReturn:
    show.close()
    if as_json:
        say.data(answer.as_dict())
    else:
        show.answer(answer)
    raise typer.Exit(EXITS[answer.status])

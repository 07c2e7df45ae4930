"""What a chat is told with a slash: each command a function of the conversation and the rest of the line."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tinyllm.cli import say
from tinyllm.cli.chat.conversation import Conversation, Over
from tinyllm.cli.files import wrote
from tinyllm.effects import Recorded
from tinyllm.errors import TinyError, UsageError
from tinyllm.problems import did_you_mean

ALL = 1_000_000_000  # turns and letters: the whole conversation
OUTSIDE = ("idempotent", "keyed", "checkable", "unsafe")


class Command(NamedTuple):
    """What it takes, what it does, and the function that does it."""

    takes: str
    help: str
    do: Callable[[Conversation, str], None]


def obey(talk: Conversation, said: str) -> None:
    name, _, rest = said[1:].strip().partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        meant = did_you_mean(name, COMMANDS)
        raise UsageError(
            f"there is no command /{name}",
            hint=meant.replace('"', '"/', 1) or "/help lists them; begin with a space to say it to the model",
        )
    if rest.strip() and not command.takes:
        raise UsageError(f"/{name} takes nothing", hint=f"write /{name}")
    command.do(talk, rest.strip())


def _help(_talk: Conversation, _: str) -> None:
    say.table((f"/{name} {command.takes}".rstrip(), command.help) for name, command in COMMANDS.items())
    say.answer(
        "Several lines: end a line with \\, or put them between ```. A space before / says it to the model."
    )


def _model(talk: Conversation, name: str) -> None:
    if name and name != "-":
        talk.background.run(_installed(talk, name))
    if name:
        talk.with_manner(model="" if name == "-" else name)
    if talk.manner.model:
        say.answer(f"{talk.manner.model}, wherever the graph asks a model; /model - lets the graph choose")
        return
    entries = talk.engine.spec.models.values()
    say.answer(" · ".join(entry.name for entry in entries) or talk.engine.settings.model)


async def _installed(talk: Conversation, name: str) -> None:
    """A server that can be asked knows whether it has this model; one that cannot says so when it is needed."""
    from tinyllm import ollama

    settings = talk.engine.settings
    try:
        if name not in talk.engine.spec.models:
            await ollama.show(settings, name)
    except TinyError as failure:
        if failure.code == "MODEL_NOT_FOUND":
            there = [str(model["name"]) for model in await ollama.tags(settings)]
            raise UsageError(
                f"{name} is not installed at {settings.ollama_host}",
                hint=did_you_mean(name, there) or f"tinyllm models pull {name}",
            ) from failure


def _graph(talk: Conversation, name: str) -> None:
    from tinyllm.draw import draw
    from tinyllm.engine import Engine

    if name:
        before, talk.engine = talk.engine, Engine(name, settings=talk.engine.settings)
        talk.background.run(before.aclose())
    say.answer(draw(talk.engine.spec))


def _tools(talk: Conversation, _: str) -> None:
    from tinyllm import policy

    engine = talk.engine
    patterns = [pattern for node in engine.spec.nodes.values() for pattern in node.tool_patterns()]
    allowed = [each for node in engine.spec.nodes.values() for each in getattr(node, "allow", ())]
    context = engine.services.context(tuple(allowed))
    rows = [
        (tool.name, policy.runs(tool, context), tool.doc.split("\n")[0])
        for tool in engine.tools.matching(patterns).tools.values()
    ]
    if not rows:
        say.note(f"{engine.spec.name} uses no tools; `tinyllm chat --agent` turns them on")
    say.table(rows, ("TOOL", "RUNS", "WHAT IT DOES") if rows else ())


def _trace(talk: Conversation, how: str) -> None:
    from tinyllm.cli.timeline import printed, whole

    if how:
        if how not in ("on", "off"):
            raise UsageError(f"/trace {how}?", hint="/trace shows the last turn; /trace on, /trace off")
        talk.with_manner(trace=how == "on")
        return
    printed(talk.background.run(whole(talk.runs, _head(talk))))


def _head(talk: Conversation) -> str:
    head = talk.background.run(talk.runs.head(talk.thread))
    if not head:
        raise UsageError("nothing has been said in this conversation", hint="say something first")
    return head


def _undo(talk: Conversation, _: str) -> None:
    head = _head(talk)
    row = talk.background.run(talk.runs.run(head))
    if row.thread != talk.thread:
        raise UsageError(
            "the last turn was said before this conversation was forked off",
            hint=f"it belongs to the conversation {row.thread}",
        )
    talk.background.run(talk.runs.rollback(head))
    say.answer(f"taken back: {say.short(row.question, 60)}")
    lines = talk.background.run(talk.runs.effects(head))
    files = [line.undo["path"] for line in lines if line.undo and line.state == "undone"]
    notes = [
        line.data["text"] for line in talk.background.run(talk.runs.timeline(head)) if line.kind == "note"
    ]
    kept = [path for path in dict.fromkeys(files) if not any(note.startswith(path) for note in notes)]
    for path in kept:
        say.answer(f"restored: {os.path.relpath(path, talk.engine.settings.root)}")
    for note in notes:
        say.note(note)
    for line in stays(lines):
        say.answer(f"stays done: {line.name}")


def stays(lines: Sequence[Recorded]) -> list[Recorded]:
    """What the run did to the world that no rollback brings back."""
    files = [line.key for line in lines if line.undo]
    return [
        line
        for line in lines
        if line.effect in OUTSIDE and line.state in ("done", "unknown") and not line.undo
        if not any(key.startswith(f"{line.key}:") for key in files)
    ]


def _fork(talk: Conversation, name: str) -> None:
    talk.thread = talk.background.run(talk.runs.fork(_head(talk), thread=name))
    say.answer(f"this goes on as the conversation {talk.thread}")


def _save(talk: Conversation, name: str) -> None:
    if not name:
        raise UsageError("/save needs a file", hint="/save talk.md, or talk.json for programs")
    _head(talk)
    path = Path(name).expanduser()
    said = talk.background.run(talk.runs.window(talk.thread, ALL, ALL))
    if path.suffix == ".json":
        text = json.dumps({"thread": talk.thread, "messages": said}, ensure_ascii=False, indent=2)
    else:
        text = "\n\n".join(f"**{message['role']}**\n\n{message['content']}" for message in said)
    wrote(path, text + "\n", over=False)


def _exit(_talk: Conversation, _: str) -> None:
    raise Over


COMMANDS = {
    "help": Command("", "list the commands", _help),
    "model": Command("[NAME]", "show the models, or use this one for all that is asked; - ends that", _model),
    "graph": Command("[NAME]", "show the graph, or go on with another one", _graph),
    "tools": Command("", "list the tools that the graph uses, and which run unasked", _tools),
    "trace": Command("[on|off]", "show what the last turn did, or show steps as they end", _trace),
    "undo": Command("", "take the last turn back, with the files that it wrote", _undo),
    "fork": Command("[NAME]", "go on in a new conversation; this one stays as it is", _fork),
    "save": Command("FILE", "write the conversation to a new file, Markdown or .json", _save),
    "exit": Command("", "end the chat", _exit),
}

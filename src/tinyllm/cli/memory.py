"""`tinyllm memory`: what outlives a conversation, looked at and changed by hand."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from tinyllm.cli import say
from tinyllm.cli.files import wrote
from tinyllm.cli.threads import thread_option
from tinyllm.errors import BadReply, UsageError

if TYPE_CHECKING:
    from tinyllm.memory.item import Scope
    from tinyllm.memory.remembered import Memory

T = TypeVar("T")

app = typer.Typer(
    help="What outlives a conversation: list, search, add, forget, export and import it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
SCOPE = typer.Option("", "--scope", help="user, project or thread.")
THREAD = thread_option("The conversation, for its own memories.", "-t")
KEY = typer.Argument(help="The key, as `memory list` shows it.")
WIDE = 80  # characters of a text in a table


def _memory(thread: str = "") -> "Memory":
    from tinyllm import settings
    from tinyllm.memory.remembered import Memory

    return Memory(settings.load(), thread=thread)


def _done(work: Coroutine[Any, Any, T]) -> T:
    """What a model would be told to do better is, for a person, a slip in the command."""
    try:
        return asyncio.run(work)
    except BadReply as failure:
        raise UsageError(failure.message, hint=failure.hint, code=failure.code) from failure


def _scope(text: str, thread: str) -> "Scope":
    """The scope that is meant; whoever names a conversation means that."""
    return _scopes(text or ("thread" if thread else "project"))[0]


def _scopes(text: str) -> "tuple[Scope, ...]":
    from tinyllm.memory.item import scope_of

    try:
        return (scope_of(text),) if text else ()
    except BadReply as failure:
        raise UsageError(failure.message, hint=failure.hint, code=failure.code) from failure


def _from(source: dict[str, Any]) -> str:
    who = f"run {source['run']}" if source.get("run") else "a person"
    return f"{who}, with words of strangers" if source.get("strangers") else who


@app.command("list")
def list_(
    scope: str = SCOPE,
    thread: str = THREAD,
    limit: int = typer.Option(50, "--limit", "-n", min=1, help="How many, the newest first."),
    as_json: bool = AS_JSON,
) -> None:
    """List what is remembered, the newest first."""
    from tinyllm.transactions.rows import known_thread

    memory = _memory(thread)
    items = _done(memory.all(_scopes(scope), limit))
    if thread and not items:  # a person may note something for a conversation before it begins
        memory.store.read_now(lambda db: known_thread(db, thread))
    if as_json:
        say.data([item.as_dict() for item in items])
        return
    say.table(
        ((item.key, item.scope, say.short(item.text, WIDE), _from(item.source)) for item in items),
        ("KEY", "SCOPE", "TEXT", "FROM") if items else (),
    )
    if not items:
        of = f" in the scope {scope}" if scope else " here or in this conversation" if thread else ""
        how = "".join(f" {flag} {name}" for flag, name in (("--scope", scope), ("--thread", thread)) if name)
        say.note(f'nothing is remembered{of}; add something: tinyllm memory add "…"{how}')


@app.command()
def search(
    query: str = typer.Argument(help="What you want to know, in any words."),
    limit: int = typer.Option(5, "--limit", "-n", min=1, max=100, help="How many, the best first."),
    scope: str = SCOPE,
    thread: str = THREAD,
    as_json: bool = AS_JSON,
) -> None:
    """Find memories by their words, and by their meaning where there is a model that embeds."""
    memory = _memory(thread)
    found, said = _done(memory.recall(query, limit, _scopes(scope), said=bool(thread)))
    if as_json:
        say.data({"found": [each.as_dict() for each in found], "said": said})
    else:
        for each in found:
            say.answer(f"{each.item.key}: {each.item.text}")
        for message in said:
            say.answer(f"{message['said_by']} in run {message['run']}: {say.short(message['text'], WIDE)}")
    if memory.embedder.missing:
        say.note(f"found by words alone: {memory.embedder.missing}")
    if not found and not said:
        say.note("nothing of that is remembered")


@app.command()
def add(
    text: str = typer.Argument(help="What is to be remembered."),
    key: str = typer.Option("", "--key", "-k", help="A name; what stood under it is replaced."),
    scope: str = SCOPE,
    thread: str = THREAD,
    why: str = typer.Option("", "--why", help="Why it matters."),
    as_json: bool = AS_JSON,
) -> None:
    """Remember a text."""
    told = _done(_memory(thread).remember(text, key=key, scope=_scope(scope, thread), why=why))
    if as_json:
        say.data(told)
        return
    say.answer(told["key"])
    if "replaces" in told:
        say.note(f"it replaces: {say.short(told['replaces'], WIDE)}")


@app.command()
def forget(keys: list[str] = KEY, scope: str = SCOPE, thread: str = THREAD, as_json: bool = AS_JSON) -> None:
    """Forget keys for good, with every earlier text under them."""
    memory, where = _memory(thread), _scope(scope, thread)

    async def forgotten() -> dict[str, bool]:
        return {key: await memory.forget(key, scope=where) for key in keys}

    done = _done(forgotten())
    if as_json:
        say.data({"forgotten": [key for key, was in done.items() if was]})
    for key, was in done.items():
        if was and not as_json:
            say.answer(f"forgot {key}")
    if missing := [key for key, was in done.items() if not was]:
        raise UsageError(
            f"nothing is remembered under {', '.join(map(repr, missing))} for this {where}",
            hint="`tinyllm memory list` shows keys and scopes; --scope names another",
            code="MEMORY_UNKNOWN",
        )


@app.command()
def export(
    path: Path = typer.Argument(None, help="The file; without one, to stdout."),
    scope: str = SCOPE,
    thread: str = THREAD,
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Write memories as lines of JSON."""
    from tinyllm.memory.keeping import exported

    lines = _done(exported(_memory(thread), _scopes(scope)))
    if path is None or str(path) == "-":
        for line in lines:
            say.answer(line)
        return
    wrote(path, "".join(f"{line}\n" for line in lines), over=force)
    say.note(f"{len(lines)} memories")


@app.command("import")
def import_(
    path: Path = typer.Argument(help="A file that `export` wrote; - for stdin."), as_json: bool = AS_JSON
) -> None:
    """Take in memories from lines of JSON: all of them, or none."""
    from tinyllm.memory.keeping import imported

    if str(path) == "-":
        text = sys.stdin.read() if sys.stdin else ""
    elif path.is_file():
        text = path.read_text("utf-8", "replace")
    else:
        raise UsageError(f"there is no file {path}", hint="tinyllm memory export FILE writes one")
    count = _done(imported(_memory(), text.splitlines()))
    if as_json:
        say.data({"memories": count})
    else:
        say.note(f"took in {count} memories")


@app.command("stats")
def stats_(as_json: bool = AS_JSON) -> None:
    """Show how much is remembered, and how it is found."""
    from tinyllm.memory.keeping import stats

    found = _done(stats(_memory()))
    if as_json:
        say.data(found)
        return
    scopes = ", ".join(f"{scope} {count}" for scope, count in found["by_scope"].items())
    say.table(
        (
            ("memories", f"{found['memories']}{f' ({scopes})' if scopes else ''}"),
            ("rows", f"{found['rows']} (with earlier texts and what runs try)"),
            ("letters", f"{found['letters']:,}"),
            ("of strangers", str(found["of_strangers"])),
            ("by words", found["words"]),
            (
                "by meaning",
                f"{found['vectors']} vectors of {found['embedder'] or 'no model'}, {found['meaning']}",
            ),
        )
    )


@app.command()
def reindex(as_json: bool = AS_JSON) -> None:
    """Make every memory findable anew: after another embedding model was chosen, or was pulled only now."""
    from tinyllm.memory.keeping import reindexed

    done = _done(reindexed(_memory()))
    if as_json:
        say.data(done)
        return
    say.note(f"{done['memories']} memories by their words, {done['vectors']} by their meaning")
    if done["missing"]:
        say.note(f"found by words alone: {done['missing']}")

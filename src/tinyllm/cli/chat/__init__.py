"""`tinyllm chat`: a conversation line by line, each turn of it a run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import completing, say
from tinyllm.cli.threads import thread_option
from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.cli.chat.conversation import Idle
    from tinyllm.engine import Engine

app = typer.Typer(rich_markup_mode=None, add_completion=False)
AGENT = "agent"  # the graph whose specialist sees tools


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def chat(
    agent: bool = typer.Option(
        False, "--agent", help="With tools: the graph `agent`, or -g's with its tools."
    ),
    graph: str = typer.Option(
        "", "--graph", "-g", help="A graph's name or file.", autocompletion=completing.graphs
    ),
    continues: bool = typer.Option(False, "--continue", "-c", help="Go on with the last conversation."),
    thread: str = thread_option("Go on with this conversation; a new name begins one."),
    model: str = typer.Option("", "--model", "-m", help="Use this model wherever the graph asks one."),
    approve: list[str] = typer.Option(
        [], "--approve", metavar="PATTERN", help="Say yes ahead to a tool: NAME, or NAME:TEXT."
    ),
    workspace: str = typer.Option("", "--workspace", help="The folder that tools are kept in."),
    timeout: float = typer.Option(None, "--timeout", min=0.001, help="Seconds that one turn may take."),
    no_cache: bool = typer.Option(False, "--no-cache", help="Ask afresh, and keep no reply."),
    trace: bool = typer.Option(False, "--trace", help="Show each step as it ends."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the answers and nothing else."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show models, tokens and times."),
    no_color: bool = typer.Option(False, "--no-color", help="No colour; NO_COLOR does the same."),
) -> None:
    """Talk with a graph, turn by turn.

    Each turn is a run: it can be shown, and /undo takes the last one back with the files that it wrote.
    /help lists the commands. Several lines: end a line with \\, or put them between ```.
    Ctrl-C ends a turn, and at the prompt the chat (130); Ctrl-D ends it as well (0).
    Through a pipe each line is a turn, and the exit code is that of the last failure.
    """
    if no_color:
        say.without_color()
    from tinyllm.cli.chat.background import Background
    from tinyllm.cli.chat.conversation import Conversation, Manner
    from tinyllm.cli.chat.hearing import listening
    from tinyllm.cli.chat.lines import Lines
    from tinyllm.cli.run import LAST, thread_named

    named = thread_named(thread, continues=continues)
    manner = Manner(model, tuple(approve), timeout, trace=trace, quiet=quiet, verbose=verbose)
    lines = Lines()
    kept = lines.ahead.kept(on=lines.edits)
    with listening(), Background(lines.ahead.let_go) as background, kept:
        engine = opened(
            graph, agent=agent, flags={"workspace": workspace or None, "cache": "off" if no_cache else None}
        )
        try:
            if named == LAST:
                named = background.run(engine.transactions.last_thread())
            talk = Conversation(engine, background, lines, named, manner, idle=beginning_with(model))
            code = talk.talk()
        finally:
            background.run(engine.aclose())
    raise typer.Exit(code)


def beginning_with(model: str) -> "Idle":
    """What is done while a person types: the model that will answer is loaded, and after a while the graph grows."""
    from tinyllm.growth import grow_while_idle

    async def idle(engine: "Engine") -> None:
        spec = engine.spec
        if spec.asks_models:
            models = [getattr(spec.nodes[id], "model", "") for id in spec.last]
            await engine.services.guard.warm(model or next(filter(None, models), ""))
        await grow_while_idle(engine)

    return idle


def opened(graph: str, *, agent: bool, flags: Mapping[str, Any]) -> "Engine":
    """The engine of a chat; with tools, where they are asked for."""
    from tinyllm import settings
    from tinyllm.engine import Engine

    loaded = settings.load(flags)
    if not agent or not graph:
        return Engine(AGENT if agent else graph, settings=loaded)
    from tinyllm.spec import find, read_file

    patterns = [
        each
        for node in read_file(find(AGENT, loaded), loaded).nodes.values()
        for each in node.tool_patterns()
    ]
    spec = read_file(find(graph, loaded), loaded)
    if not spec.asks_models:
        raise UsageError(
            f"no node of {spec.name} asks a model that could use tools", hint="leave out --agent"
        )
    return Engine(spec.equipped(tuple(patterns)), settings=loaded)

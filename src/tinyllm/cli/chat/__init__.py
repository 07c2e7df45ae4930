"""`tinyllm chat`: a conversation line by line, each turn of it a run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import completing, say
from tinyllm.cli.threads import thread_option
from tinyllm.errors import UsageError

if TYPE_CHECKING:
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
    from tinyllm.growth import grow_while_idle

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
            talk = Conversation(engine, background, lines, named, manner, idle=grow_while_idle)
            code = talk.talk()
        finally:
            background.run(engine.aclose())
    raise typer.Exit(code)


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

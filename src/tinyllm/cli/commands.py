"""The commands and where they live: each is loaded when it is called, and `--help` loads none."""

import importlib
from typing import Any, NamedTuple

from typer.core import TyperGroup


class Line(NamedTuple):
    """A command's module, its line in the help, and the commands inside it."""

    module: str
    help: str
    inner: tuple[str, ...] = ()


FIRST = ("run", "graph", "models", "doctor", "init")

COMMANDS = {
    "run": Line("run", "Ask a question, or run a graph."),
    "chat": Line("chat", "Talk with a graph, turn by turn; --agent turns the tools on."),
    "graph": Line("graph", "List, check and draw graphs.", ("list", "validate", "draw", "schema")),
    "models": Line("models", "List, fetch and look at models.", ("list", "ps", "pull", "show")),
    "doctor": Line("doctor", "Check that everything is in place, each check with its fix."),
    "init": Line("init", "Make a project: a graph, prompts and settings, all commented."),
    "tools": Line(
        "tools",
        "List, show and call tools, and ask the policy about them.",
        ("list", "show", "call", "doctor", "policy", "mcp"),
    ),
    "memory": Line(
        "memory",
        "What outlives a conversation: list, search, add, forget, export and import it.",
        ("list", "search", "add", "forget", "export", "import", "stats", "reindex"),
    ),
    "runs": Line(
        "runs",
        "Show, resume, roll back, fork and replay runs.",
        (
            "list",
            "show",
            "watch",
            "resume",
            "replay",
            "rollback",
            "fork",
            "diff",
            "resolve",
            "rate",
            "prune",
            "export",
            "path",
            "outbox",
        ),
    ),
    "grades": Line(
        "grades", "List what gates, judges and people said of answers, and export it.", ("list", "export")
    ),
    "growth": Line(
        "growth",
        "Let a graph grow: changes that are tested, tried, and reversible.",
        ("list", "show", "diff", "run", "test", "accept", "revert", "history", "export"),
    ),
    "cache": Line(
        "cache",
        "Replies that would be the same again, kept: how many, which, and asked for beforehand.",
        ("stats", "list", "clear", "warm"),
    ),
    "health": Line(
        "health",
        "Show how the models and their breakers are.",
        ("list", "show", "open", "close", "reset", "watch", "unclassified"),
    ),
    "prove": Line(
        "prove",
        "Try what is promised until it breaks or does not.",
        ("kill", "concurrency", "soak", "faults"),
    ),
    "eval": Line(
        "evals",
        "Put suites of cases to graphs, compare, and report.",
        ("run", "compare", "report", "population", "list"),
    ),
    "batch": Line(
        "batch", "Put many questions to a graph, in order and in parallel; it goes on after a kill."
    ),
    "config": Line("config", "Show the settings and where each comes from.", ("show", "path")),
    "sim": Line("sim", "Serve simulated models, to test graphs without a GPU.", ("serve",)),
}


class Commands(TyperGroup):
    """A group that knows its commands by name and loads one when it is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, name: str) -> Any:
        if name not in COMMANDS:
            return None
        import typer

        app = importlib.import_module(f"tinyllm.cli.{COMMANDS[name].module}").app
        command = typer.main.get_command(app)
        command.name = name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, names in (
            ("Commands", FIRST),
            ("More", tuple(name for name in COMMANDS if name not in FIRST)),
        ):
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name].help) for name in names])
        with formatter.section("Examples"):
            formatter.write_dl(
                [
                    ('tinyllm "What is 15% of 240?"', "a bare question means `run`"),
                    ("tinyllm run -g review - < draft.txt", "another graph, the text from a pipe"),
                    ("tinyllm run --trace --json …", "every step, and the result as data"),
                ]
            )

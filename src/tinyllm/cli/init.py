"""`tinyllm init`: a commented project to start from."""

import contextlib
from pathlib import Path

import typer

from tinyllm.cli import say
from tinyllm.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

SETTINGS = """# The settings of this project. `tinyllm config show --origin` says which are in force, and why.
# Precedence: flag > TINYLLM_* > this file > your own file > default.

graph = "hello"                         # what `tinyllm run` uses: graphs/hello.yaml
# model = "qwen2.5:3b"                  # the model of a node that names none
# ollama_host = "http://127.0.0.1:11434"
# timeout = 300                         # seconds a whole run may take
# slots = 4                             # requests a model is sent at a time; found out when 0
# allow = []                            # tools that may run without asking
"""

GRAPH = """# A graph: nodes that know where they lead. `tinyllm graph validate hello` checks it, `graph draw hello` shows it.
name: hello
description: Answers exactly where it can, else in the house style

models:                                 # short name -> a model of your server, its tier, who steps in for it
  general: {name: "qwen2.5:3b", tier: 1}

nodes:
  exact: {kind: solve, to: end, declines: answer}       # what can be proved needs no model
  answer: {prompt: hello.md, to: check}                 # kind: llm is the default
  check: {kind: gate, checks: [not_empty, not_cut], passes: end, fails: retry, tries: 2, gives_up: refuse}
"""

PROMPT = """---
role: answers in the house style
---
You answer in at most three sentences. Say openly when you do not know.
"""

IGNORE = "*\n!.gitignore\n"


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def init(
    folder: Path = typer.Argument(Path(), help="Where; this folder otherwise."),
    force: bool = typer.Option(False, "--force", help="Overwrite files that are there."),
) -> None:
    """Make a project: a graph, a prompt and settings, all commented."""
    files = {
        folder / "tinyllm.toml": SETTINGS,
        folder / "graphs" / "hello.yaml": GRAPH,
        folder / "graphs" / "prompts" / "hello.md": PROMPT,
        folder / "checkpoints" / ".gitignore": IGNORE,
    }
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} is there already", hint="another folder, or --force to overwrite")
    try:
        _write(files)
    except OSError as failure:
        raise UsageError(
            f"{failure.filename} cannot be written: {failure.strerror}", hint="choose another folder"
        ) from failure
    go = f"cd {folder} && " if folder != Path() else ""
    say.answer(f'{go}tinyllm run "What is 2 + 2?"')


def _write(files: dict[Path, str]) -> None:
    """All of them or none: what was begun is taken back."""
    made: list[Path] = []
    try:
        for path, text in files.items():
            new = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
            for folder in reversed(new):
                folder.mkdir()
                made.append(folder)
            if not path.exists():
                made.append(path)
            path.write_text(text, "utf-8")
    except OSError:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise
    for path in files:
        say.note(f"wrote {path}")

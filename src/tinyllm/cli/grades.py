"""`tinyllm grades`: what gates, judges, tools and people said of answers."""

from enum import StrEnum

import typer

from tinyllm.cli import say

app = typer.Typer(
    help="List what gates, judges, tools and people said of answers, and export it for training.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


class Format(StrEnum):
    """The forms of an export."""

    jsonl = "jsonl"
    json = "json"


GRAPH = typer.Option("", "--graph", "-g", help="Only grades of this graph, by its name.")
NODE = typer.Option("", "--node", help="Only grades of this node.")


@app.command("list")
def list_(
    graph: str = GRAPH,
    node: str = NODE,
    run: str = typer.Option("", "--run", help="Only grades of this run."),
    most: int = typer.Option(20, "-n", "--most", min=1, help="How many; the newest come last."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List grades: who said what of whose answer."""
    from tinyllm import settings
    from tinyllm.grades import check_known, read_grades
    from tinyllm.store import open_store
    from tinyllm.transactions.rows import read_run

    with open_store(settings.load().database_url) as store:
        store.read_now(lambda db: check_known(db, graph, node))
        id = store.read_now(lambda db: read_run(db, run).id) if run else ""
        found = store.read_now(lambda db: read_grades(db, graph=graph, node=node, run=id, most=most))
    if as_json:
        say.data([grade.as_dict() for grade in found])
    elif not found:
        of = "".join(
            f" of the {what} {name}" for what, name in (("node", node), ("graph", graph), ("run", id)) if name
        )
        say.note(f"no grades{of} yet; gates give them, and you: tinyllm runs rate ID up|down")
    else:
        cells = (
            [g.run, g.kind, g.node, "passed" if g.passed else "failed", g.evidence, say.short(g.question, 40),
             say.short(g.because, 40)]
            for g in found
        )  # fmt: skip
        say.table(cells, ("RUN", "BY", "NODE", "VERDICT", "EVIDENCE", "QUESTION", "BECAUSE"))


@app.command()
def export(
    graph: str = GRAPH,
    node: str = NODE,
    format: Format = typer.Option(Format.jsonl, "--format", help="jsonl: one pair per line; json: a list."),
    consent: bool = typer.Option(
        False, "--consent", help="Whoever asked agreed: export also what was asked before consent was set."
    ),
) -> None:
    """Print pairs for fine-tuning: a question, the accepted answer, the rejected answers; secrets are taken out."""
    from tinyllm import settings
    from tinyllm.grades import check_known, read_grades, training_pairs
    from tinyllm.store import open_store

    with open_store(settings.load().database_url) as store:
        store.read_now(lambda db: check_known(db, graph, node))
        found = store.read_now(lambda db: read_grades(db, graph=graph, node=node))
    pairs = training_pairs(found, consent=consent)
    if format is Format.json:
        say.data(pairs)
    else:
        for pair in pairs:
            say.row(pair)
    held = len(training_pairs(found, consent=True)) - len(pairs)
    if held:
        say.note(
            f"{held} pairs are held back: nobody agreed to their use. `[grades] consent = true` lets new questions"
            " be used; --consent says that those who asked agreed"
        )

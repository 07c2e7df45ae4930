"""`tinyllm doctor`: every check with its fix."""

import asyncio
import os
import sys
from dataclasses import asdict, dataclass
from typing import Literal

import typer

from tinyllm.cli import say
from tinyllm.errors import TinyError
from tinyllm.installing import install
from tinyllm.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)
OLDEST = (0, 17, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, how it went, and what to do."""

    check: str
    status: Literal["ok", "warn", "fail"]
    said: str
    fix: str = ""


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Check that everything is in place, each check with its fix. Exit code 1 when one fails."""
    from tinyllm import settings

    loaded = settings.load()
    findings = [
        _python(),
        *_graphs(loaded),
        _data(loaded),
        asyncio.run(_runs(loaded)),
        *asyncio.run(_server(loaded)),
        _solver(),
        _sandbox(),
    ]
    if as_json:
        say.data([asdict(finding) for finding in findings])
    else:
        marks = {"ok": say.coloured("ok  ", say.GREEN), "warn": say.coloured("warn", say.YELLOW)}
        for finding in findings:
            mark = marks.get(finding.status, say.coloured("fail", say.RED))
            say.answer(f"{mark}  {finding.check}: {finding.said}")
            if finding.fix:
                say.answer(f"      try: {finding.fix}")
    raise typer.Exit(int(any(finding.status == "fail" for finding in findings)))


def _python() -> Finding:
    from tinyllm import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", f"{version}, tinyllm {__version__}")


def _graphs(loaded: Settings) -> list[Finding]:
    from tinyllm.spec import find, read_file

    try:
        spec = read_file(find(loaded.graph, loaded), loaded)
    except TinyError as failure:
        return [
            Finding(
                "graph", "fail", failure.message, failure.hint or f"tinyllm graph validate {loaded.graph}"
            )
        ]
    return [Finding("graph", "ok", f"{spec.name}, {len(spec.nodes)} nodes ({spec.where})")]


def _data(loaded: Settings) -> Finding:
    folder = loaded.data
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        return Finding(
            "data", "fail", f"{folder} cannot be written", f"chmod u+w {there}, or set TINYLLM_DATABASE"
        )
    free = os.statvfs(there).f_bavail * os.statvfs(there).f_frsize
    if free < 500_000_000:
        return Finding(
            "data", "warn", f"only {free // 1_000_000} MB are free under {there}", "free some space"
        )
    return Finding("data", "ok", f"{folder}, {free / 1e9:.0f} GB free")


async def _runs(loaded: Settings) -> Finding:
    """The database of runs opens, and keeps its promises."""
    from tinyllm.store import open_store
    from tinyllm.transactions import Transactions

    try:
        with open_store(loaded.database_url) as store:
            runs = Transactions(store)
            problems = await runs.problems()
            open_ends = await runs.recover()
            stuck = [each for each in await runs.outbox() if each.stuck(runs.clock.now())]
    except TinyError as failure:
        return Finding("runs", "fail", str(failure), failure.hint)
    if problems:
        return Finding(
            "runs",
            "fail",
            "; ".join(problems[:5]),
            "restore a copy, or roll the runs back: tinyllm runs list",
        )
    if open_ends:
        hint = f"tinyllm runs resume {open_ends[0].id}, or runs rollback"
        return Finding("runs", "warn", f"{len(open_ends)} interrupted", hint)
    if stuck:
        said = f"{len(stuck)} deliveries wait or failed, {stuck[0].tool} among them: {stuck[0].error}"
        return Finding("runs", "warn", said, "tinyllm runs outbox list; then runs outbox deliver, or drop")
    return Finding("runs", "ok", f"every promise holds ({store.where})")


async def _server(loaded: Settings) -> list[Finding]:
    """The server, and what is installed on it; exact questions need neither, so that nothing here fails."""
    try:
        found = [await _version(loaded), await _installed(loaded)]
    except TinyError as failure:
        fix = failure.hint or "start it with `ollama serve`, or set OLLAMA_HOST"
        return [Finding("server", "warn", failure.message, fix)]
    from tinyllm.health import answers

    # It answers: there is no reason to let it rest any longer.
    if await answers(loaded.database_url, loaded.ollama_host):
        found.append(
            Finding("breaker", "ok", f"{loaded.ollama_host} was resting after failures, and is asked again")
        )
    return found


async def _version(loaded: Settings) -> Finding:
    from tinyllm import ollama

    number = await ollama.version(loaded)
    said = f"Ollama {number} at {loaded.ollama_host}"
    parts = tuple(int(part) for part in number.split("-")[0].split(".") if part.isdigit())
    if (0, 0, 0) != parts < OLDEST:
        return Finding("server", "warn", f"{said} has known holes", "update it to 0.17.1 or later")
    return Finding("server", "ok", said)


async def _installed(loaded: Settings) -> Finding:
    from tinyllm import ollama

    wanted = _wanted(loaded)
    there = {ollama.full(str(model["name"])) for model in await ollama.tags(loaded)}
    if not there:
        return Finding("models", "warn", "no model is installed", f"tinyllm models pull {loaded.model}")
    missing = [name for name in wanted if ollama.full(name) not in there]
    if len(missing) == len(wanted):
        return Finding(
            "models", "warn", "none of the graph's models is installed", f"tinyllm models pull {wanted[0]}"
        )
    if missing:
        said = f"missing: {', '.join(missing)}; others of the graph step in"
        return Finding("models", "warn", said, f"tinyllm models pull {' '.join(missing)}")
    return Finding("models", "ok", f"all {len(wanted)} of the graph are installed")


def _wanted(loaded: Settings) -> list[str]:
    from tinyllm.spec import find, read_file

    try:
        spec = read_file(find(loaded.graph, loaded), loaded)
    except TinyError:
        return [loaded.model]
    return list(dict.fromkeys(entry.name for entry in spec.models.values())) or [loaded.model]


def _solver() -> Finding:
    from tinyllm.solvers import solve

    found = solve("What is 2 + 2?")
    if found is None or found.answer != "4":
        return Finding(
            "solver", "fail", "the exact solver does not answer", "install again: make clean install"
        )
    return Finding("solver", "ok", "2 + 2 = 4, without a model")


def _sandbox() -> Finding:
    from tinyllm import sandbox

    layers = sandbox.layers()
    here = [name for name, missing in layers.items() if not missing]
    if here:
        return Finding("sandbox", "ok", f"code that models write runs in {', '.join(here)}")
    return Finding(
        "sandbox",
        "warn",
        "code that models write is not run here: code_run is missing, and answers with code go out unchecked",
        f"{install('sandbox')}, and on Linux also install bubblewrap",
    )

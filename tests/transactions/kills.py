"""Kills a run at its k-th durable write, for every k, and lets another process finish it: prints what came of each.

Run as a program: one process imports everything and forks for each trial, so that a trial costs milliseconds.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.transactions.graphs import chain, execute
from tinyllm import failpoints
from tinyllm.effects import effect_key, perform, write_file
from tinyllm.errors import TinyError
from tinyllm.state import State
from tinyllm.store import open_store
from tinyllm.transactions import Run, Transactions


def note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def steps(folder: Path) -> tuple[Any, ...]:
    async def think(state: State) -> Any:
        async def ask(_key: str) -> str:
            note(folder / "asked", "x")
            return "a thought"

        return await perform("model", "model", "think", ask)

    async def send(state: State) -> Any:
        async def do(_key: str) -> str:
            note(folder / "sent", effect_key())
            return "sent"

        return await perform("send", "keyed", "hello", do)

    async def save(state: State) -> Any:
        await write_file(folder / "workspace.txt", b"after")
        return "saved"

    return think, send, save


async def work(folder: Path, outcome: str) -> None:
    """Begin, or go on with what was left; then commit, or fail."""
    with open_store(folder / "runs.db") as store:
        transactions = Transactions(store)
        graph = chain(transactions.saver, *steps(folder))
        left = await transactions.recover()
        known = await transactions.runs()
        if known and known[0].status in ("committed", "rolled_back"):
            return
        run = await (
            transactions.resume(left[0].id)
            if left
            else transactions.begin(thread="t", inputs={"question": "?"})
        )
        try:
            async with run:
                await finished(run, graph, outcome)
        except ValueError:
            return


async def finished(run: Run, graph: Any, outcome: str) -> None:
    run.alone()
    state = await execute(graph, run)
    if outcome == "fail":
        raise ValueError("it fails at the end")
    await run.commit({"answer": state["outputs"]["save"]}, [{"role": "user", "content": "?"}])


def trial(folder: Path, outcome: str, kill_at: int) -> int:
    """In a process of its own; how it ended."""
    child = os.fork()
    if child == 0:
        if kill_at:
            failpoints.arm("*", failpoints.kill, kill_at)
        asyncio.run(work(folder, outcome))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def look(folder: Path) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        with open_store(folder / "runs.db") as store:
            transactions = Transactions(store)
            rows = await transactions.runs()
            return {
                "statuses": [row.shown(store.clock) for row in rows],
                "messages": len(await transactions.window("t")),
                "problems": await transactions.problems(),
            }

    def lines(name: str) -> list[str]:
        return (folder / name).read_text().split() if (folder / name).exists() else []

    file = folder / "workspace.txt"
    return {
        **asyncio.run(ask()),
        "asked": len(lines("asked")),
        "sent": len(lines("sent")),
        "keys": len(set(lines("sent"))),
        "file": file.read_text() if file.exists() else None,
    }


def main(folder: Path, outcome: str, again: int) -> None:
    warm = folder / "warm"
    warm.mkdir()
    asyncio.run(work(warm, outcome))  # everything that is imported late is here now
    gc.collect()
    gc.freeze()  # what a child collects is not what it shares with us
    for kill_at in range(1, 200):
        place = folder / f"{outcome}{kill_at}"
        place.mkdir()
        (place / "workspace.txt").write_text("before")
        first = trial(place, outcome, kill_at)
        if again:
            trial(place, outcome, again)  # killed once more, while it recovers
        try:
            asyncio.run(work(place, outcome))
            found = look(place)
        except TinyError as failure:
            found = {"failure": str(failure)}
        print(json.dumps({"kill_at": kill_at, "first": first, **found}), flush=True)
        if first != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

"""What one process learns of a dead server or a failing model, the next one knows; all of it is shown."""

import json
import os
import random
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.started import run
from tinyllm.clock import Virtual
from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.guard import Row, StoreShelf
from tinyllm.health import health, record, unclassified
from tinyllm.models import Make
from tinyllm.settings import Settings
from tinyllm.store import open_store
from tinyllm.testing.scripted import Scripted
from tinyllm.testing.simulator import Reply, Script, Simulator
from tinyllm.testing.simulator.model import Model

GRAPH = "name: plain\nnodes:\n  say: {prompt: Be brief.}\n"
NAME = "qwen2.5:3b"


class Project:
    """A folder, a database, and the command line in a process of its own."""

    def __init__(self, folder: Path, host: str) -> None:
        (folder / "plain.yaml").write_text(GRAPH)
        self.folder, self.host = folder, host
        self.database = folder / "t.db"

    def tinyllm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "OLLAMA_HOST": self.host, "TINYLLM_DATABASE": str(self.database)}
        return run(*arguments, cwd=self.folder, env=environment)

    def ask(self) -> subprocess.CompletedProcess[str]:
        return self.tinyllm("run", "-g", "plain.yaml", "Say something.")

    def health(self) -> dict[str, dict[str, Any]]:
        shown = self.tinyllm("health", "--json")
        return {row["target"]: row for row in json.loads(shown.stdout)}

    async def a_minute_later(self) -> None:
        """The rest is over: told to the store, as no test waits for it."""
        with open_store(self.database) as store:
            await StoreShelf(store).change(self.host, lambda row: replace(row, opened_at=row.opened_at - 100))


async def test_a_dead_server_is_asked_once_and_again_when_its_rest_is_over(
    tmp_path: Path, closed_port: int
) -> None:
    host = f"http://127.0.0.1:{closed_port}"
    project = Project(tmp_path, host)
    first = project.ask()
    assert first.returncode == 4, first.stderr
    assert f"no answer from the model server at {host}" in first.stderr
    assert "try" in first.stderr
    row = project.health()[host]
    assert (row["state"], row["because"]) == ("open", f"no answer from the model server at {host}")
    assert 0 < row["rests"] <= 72


async def test_while_it_rests_no_process_connects_and_afterwards_all_is_well(
    tmp_path: Path, closed_port: int
) -> None:
    with Simulator("four") as simulator:
        project = Project(tmp_path, simulator.url)
        with open_store(project.database) as store:
            await StoreShelf(store).change(
                simulator.url,
                lambda row: replace(
                    row, state="open", opened_at=store.clock.now(), because="nobody was there"
                ),
            )
        second = project.ask()
        assert second.returncode == 4
        assert "is resting after failures (nobody was there); it is tried again in" in second.stderr
        assert simulator.connections == 0
        await project.a_minute_later()
        third = project.ask()
        assert (third.returncode, third.stdout.strip()) == (0, "four"), third.stderr
        assert project.health()[simulator.url]["state"] == "half-open"
        assert project.ask().returncode == 0
        shown = project.health()
        assert shown[simulator.url]["state"] == "closed"
        assert shown[NAME]["calls"] == 2


def test_a_person_opens_looks_and_resets(tmp_path: Path, closed_port: int) -> None:
    project = Project(tmp_path, f"http://127.0.0.1:{closed_port}")
    assert "no model was called yet" in project.tinyllm("health").stderr
    assert project.tinyllm("health", "open", NAME).returncode == 0
    assert "open (" in project.tinyllm("health").stdout
    assert "opened by hand" in project.tinyllm("health", "show", NAME).stdout
    project.tinyllm("health", "reset", NAME)
    assert project.health()[NAME]["state"] == "closed"
    assert project.tinyllm("health", "show", "nobody").returncode == 2


def engine(folder: Path, ollama_host: str = "", make: Make | None = None) -> Engine:
    return Engine(
        {"name": "plain", "nodes": {"say": {"prompt": "Be brief."}}},
        settings=Settings(database=str(folder / "t.db"), ollama_host=ollama_host or "http://127.0.0.1:9"),
        clock=Virtual(chance=random.SystemRandom()),  # runs of two engines have ids of their own
        make=make,
    )


async def test_failures_latency_and_speed_are_counted_per_model(tmp_path: Path) -> None:
    crash = Reply(status=500, error="model runner has unexpectedly stopped")
    models = [Model(name=NAME)]
    script = Script({NAME: [crash, Reply("a b c d", delay=0.01)]}, models)
    async with Simulator(script) as simulator, engine(tmp_path, ollama_host=simulator.url) as plain:
        for _ in range(3):
            await plain.ask("Say something.")
        (row,) = [row for row in await health(plain.transactions.store) if row["target"] == NAME]
    assert (row["calls"], row["failed"], row["state"]) == (4, 1, "closed")
    assert row["p50"] is not None
    assert row["p90"] >= row["p50"]


async def test_a_bad_reply_is_one_call_and_one_failure(tmp_path: Path) -> None:
    script = Script({NAME: [Reply(""), Reply("fine")]}, [Model(name=NAME)])
    async with Simulator(script) as simulator, engine(tmp_path, ollama_host=simulator.url) as plain:
        await plain.ask("Say something.")
        (row,) = [row for row in await health(plain.transactions.store) if row["target"] == NAME]
    assert (row["calls"], row["failed"]) == (2, 1)


async def test_two_engines_share_what_they_learn(tmp_path: Path) -> None:
    crash = Reply(status=500, error="model runner has unexpectedly stopped")
    async with Simulator(Script({NAME: [crash]}, [Model(name=NAME)])) as simulator:
        for _ in range(3):
            async with engine(tmp_path, ollama_host=simulator.url) as plain:
                with pytest.raises(TinyError, match="unexpectedly stopped"):
                    await plain.ask("Say something.")
        before = len(simulator.asked)
        async with engine(tmp_path, ollama_host=simulator.url) as plain:
            with pytest.raises(TinyError, match="resting after failures"):
                await plain.ask("Say something.")
        assert len(simulator.asked) == before


class Odd(Exception):
    """Nothing that any rule knows."""


async def test_a_failure_that_no_rule_knows_is_kept_without_its_secrets(tmp_path: Path) -> None:
    said = "flux misaligned, token=abcdef123456789"
    async with engine(tmp_path, make=lambda name, settings: Scripted(Odd(said))) as plain:
        for _ in range(2):
            with pytest.raises(TinyError):
                await plain.ask("Say something.")
        rows = await unclassified(plain.transactions.store)
    assert [row["type"].rpartition(".")[2] for row in rows] == ["Odd"]
    assert rows[0]["times"] == 2
    assert "flux misaligned" in rows[0]["message"]
    assert "abcdef123456789" not in rows[0]["message"]


async def test_one_failure_many_times_is_one_line(tmp_path: Path) -> None:
    with open_store(tmp_path / "t.db") as store:
        for _ in range(5):
            await record(store, "x.Odd", "flux", "ollama")
        await record(store, "x.Odd", "other", "ollama")
        assert [row["times"] for row in await unclassified(store)] == [5, 1]


async def test_a_row_survives_the_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "t.db") as store:
        shelf = StoreShelf(store)
        row = Row("m", "half-open", 1, 1, 2.0, 3.0, 61.5, "host:1:x", 9.0, "because")
        await shelf.change("m", lambda _: row)
        assert await shelf.all() == [row]
        assert await shelf.look(["m", "n"]) == {"m": row}

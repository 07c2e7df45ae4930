"""A workspace with a table, a database, a repository and some text; and the services that call tools in it."""

import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.tools.counterparts import COUNTERPARTS, NOTHING, Counterpart
from tinyllm.engine import Engine
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.toolkit import Tool

Open = Callable[..., Engine]
Call = Callable[..., Any]

SALES = "region,product,amount\nnorth,tea,120\nsouth,tea,80\nnorth,coffee,200\n=1+1,coffee,50\n"


@pytest.fixture
def workspace(tmp_path: Path, made_once: Path) -> Path:
    shutil.copytree(made_once, folder := tmp_path / "workspace")
    (tmp_path / "secret.txt").write_text("the secret outside")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "workspace"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "sales.csv").write_text(SALES)
    (folder / "data" / "bosses.csv").write_text("region,boss\nnorth,Ada\nsouth,Grace\n")
    (folder / "image").mkdir()
    (folder / "image" / "Dockerfile").write_text("FROM busybox\nCOPY hello.txt /\n")
    (folder / "image" / "hello.txt").write_text("hello")
    (folder / "notes.md").write_text("# Notes\nTea sells well.\nCoffee does not.\n")
    with closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.execute("CREATE TABLE products (name TEXT UNIQUE, price REAL)")
        shop.execute("INSERT INTO products VALUES ('tea', 3.5), ('coffee', 5)")
        shop.commit()
    for arguments in (
        ["init", "-q"],
        ["add", "notes.md"],
        ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Begin"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture
def counterpart(request: pytest.FixtureRequest) -> Counterpart:
    """What the tools of this test's domain talk to, started when a test needs it."""
    given = getattr(request.node, "callspec", None)
    about = next(iter(given.params.values()), "") if given else ""
    name = getattr(about, "stem", None) or getattr(about, "name", about)
    found = COUNTERPARTS.get(str(name).partition("_")[0])
    return request.getfixturevalue(found) if found else NOTHING


@pytest.fixture
async def open_engine(workspace: Path, tmp_path: Path, counterpart: Counterpart) -> AsyncIterator[Open]:
    """Engines on one database, in the workspace; the model says what it is told."""
    opened: list[Engine] = []

    def make(graph: Any, *said: Any, tools: tuple[Tool, ...] = ()) -> Engine:
        settings = Settings(
            database=str(tmp_path / "runs.db"),
            workspace=str(workspace),
            allow_hosts=counterpart.hosts,
            connections=counterpart.connections,
        )
        script = Scripted(*said)
        engine = Engine(graph, settings=settings, make=lambda name, settings: script, tools=tools)
        engine.__dict__["script"] = script
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        await engine.aclose()


@pytest.fixture
def services(open_engine: Open) -> Services:
    """Everything is allowed here; what may run is another test's business."""
    nothing = {"name": "t", "allow": ["*"], "steps": [{"id": "a", "kind": "transform", "value": "1"}]}
    return open_engine(nothing).services


@pytest.fixture
def call(services: Services) -> Call:
    """Call a tool and give its data."""

    async def call(name: str, /, **arguments: Any) -> Any:
        return (await services.call(name, arguments)).data

    return call

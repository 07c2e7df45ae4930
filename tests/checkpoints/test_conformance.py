"""LangGraph's published conformance tests for savers, on ours."""

from collections.abc import AsyncGenerator
from pathlib import Path

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate

from tinyllm.checkpoints import open_checkpoints
from tinyllm.store import open_store


async def passes(place: str | Path) -> None:
    with open_store(place) as store:
        saver = open_checkpoints(store)

        @checkpointer_test(name=str(place))
        async def ours() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
            yield saver

        report = await validate(ours)
    failures = {name: result.failures for name, result in report.results.items() if not result.passed}
    assert not failures
    assert len(report.results) == 8


async def test_the_sqlite_saver_conforms(tmp_path: Path) -> None:
    await passes(tmp_path / "runs.db")


async def test_the_postgres_saver_conforms(postgres: str) -> None:
    await passes(postgres)

"""How commands work on the project's runs: the database is closed again, whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
NOTHING = {"name": "outbox", "steps": [{"id": "nothing", "kind": "transform", "value": "1"}]}


def with_runs(work: Callable[[Any], Awaitable[T]]) -> T:
    """Work on the project's runs, and close the database whatever happens."""
    from tinyllm import settings
    from tinyllm.store import open_store
    from tinyllm.transactions import Transactions

    async def whole() -> T:
        with open_store(settings.load().database_url) as store:
            return await work(Transactions(store))

    return asyncio.run(whole())


def with_engine(work: Callable[[Any], Awaitable[T]]) -> T:
    """Work with an engine on the project's database; its graph is never asked."""
    from tinyllm.engine import Engine

    async def whole() -> T:
        async with Engine(NOTHING) as engine:
            return await work(engine)

    return asyncio.run(whole())

"""What the shell completes: names of graphs, runs and tools; nothing where they cannot be found out."""

import asyncio
from collections.abc import Callable, Iterable

from tinyllm.errors import TinyError


def graphs(incomplete: str) -> list[str]:
    def names() -> Iterable[str]:
        from tinyllm import settings
        from tinyllm.spec import listed

        return listed(settings.load())

    return _beginning(incomplete, names)


def runs(incomplete: str) -> list[str]:
    def names() -> Iterable[str]:
        from tinyllm import settings
        from tinyllm.store import open_store
        from tinyllm.transactions import Transactions

        with open_store(settings.load().database_url) as store:
            found = asyncio.run(Transactions(store).runs(thread="", limit=50))
        return ["last", *(row.id for row in found)]

    return _beginning(incomplete, names)


def tools(incomplete: str) -> list[str]:
    def names() -> Iterable[str]:
        from tinyllm import settings
        from tinyllm.toolkit import Toolbox

        return Toolbox.of(settings.load()).tools

    return _beginning(incomplete, names)


def _beginning(incomplete: str, names: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return [name for name in names() if name.startswith(incomplete)]
    except TinyError:
        return []

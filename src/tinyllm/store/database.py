"""What a store offers: short transactions given as functions, and reads, on one database."""

import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from tinyllm.clock import CLOCK, Clock
from tinyllm.errors import Permanent
from tinyllm.plain import compact
from tinyllm.store.failures import damaged

VERSION = 10  # how many migrations this program knows; a test compares it with the list
APPLICATION = 0x544C4C4D  # "TLLM" in the header of the file
Result = TypeVar("Result")
Row = tuple[Any, ...]


class Rows(Protocol):
    """What a statement gives back."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """One open transaction. Values are named `:like_this` in the text of a statement."""

    def execute(self, sql: str, values: Mapping[str, Any] = ..., /) -> Rows: ...


Work = Callable[[Database], Result]


class Store(ABC):
    """One database, one connection or pool per process. `work` is run again when another writer came first."""

    dialect: str
    where: str  # for people: no password in it

    def __init__(self, clock: Clock = CLOCK) -> None:
        self.clock = clock

    @abstractmethod
    async def write(self, work: Work[Result]) -> Result:
        """One transaction, all or nothing, never waiting on the event loop."""

    async def write_unsynced(self, work: Work[Result]) -> Result:
        """The same, without waiting for the disk: a power cut may take back what came after the last `write`."""
        return await self.write(work)

    @abstractmethod
    async def read(self, work: Work[Result]) -> Result:
        """One consistent look."""

    @abstractmethod
    def write_now(self, work: Work[Result]) -> Result:
        """The same for code that may block."""

    @abstractmethod
    def read_now(self, work: Work[Result]) -> Result: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def problems(self) -> list[str]:
        """What the database itself finds wrong with its content."""

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_version(found: int, where: str) -> None:
    if found > VERSION:
        raise Permanent(
            f"this database was written by a newer version (schema {found}, this one knows {VERSION})",
            hint="upgrade TinyLLM, or point TINYLLM_DATABASE at another database",
            where=where,
            code="DB_NEWER",
        )


def counts(table: str) -> str:
    """A condition: the row's run is committed, or was and has been pruned since; what no run wrote always counts."""
    return f"NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = {table}.run AND runs.status <> 'committed')"


def packed(value: Any) -> str:
    """A JSON value as the text of a column."""
    return compact(value)


def checksum(*texts: str | None) -> int:
    """What shows a flipped bit; it does not stop a forger, who may write to the database anyway."""
    return zlib.crc32("\0".join(text or "" for text in texts).encode("utf-8", "surrogatepass"))


def unpacked(text: str, crc: int, where: str) -> Any:
    """The value of a column, when it is still what was written."""
    if checksum(text) != crc:
        raise damaged("a row", where)
    return json.loads(text)

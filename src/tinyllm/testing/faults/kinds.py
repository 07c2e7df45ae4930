"""What can happen to the bytes of a response."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

Pieces = AsyncIterator[bytes]


class Fault(Protocol):
    """Something that happens to the bytes of a response. The bytes of each exchange are counted from 0."""

    def through(self, pieces: Pieces, chance: random.Random) -> Pieces: ...


Faults = Sequence[Fault]


@dataclass(frozen=True)
class Latency:
    """Every piece comes `seconds` later, and up to `jitter` more."""

    seconds: float
    jitter: float = 0.0

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in pieces:
            await asyncio.sleep(self.seconds + self.jitter * chance.random())
            yield piece


@dataclass(frozen=True)
class Slice:
    """Pieces of at most `size` bytes: lines and letters are torn apart."""

    size: int = 1

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:  # noqa: ARG002 — nothing is left to it
        async for piece in pieces:
            for start in range(0, len(piece), self.size):
                yield piece[start : start + self.size]
                await asyncio.sleep(0)


@dataclass(frozen=True)
class Drip:
    """`size` bytes every `seconds`: always something, never much."""

    seconds: float
    size: int = 1

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in Slice(self.size).through(pieces, chance):
            await asyncio.sleep(self.seconds)
            yield piece


@dataclass(frozen=True)
class Bandwidth:
    """So many bytes in a second."""

    bytes_per_second: int

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in Slice(max(1, self.bytes_per_second // 50)).through(pieces, chance):
            yield piece
            await asyncio.sleep(len(piece) / self.bytes_per_second)


@dataclass(frozen=True)
class Cut:
    """The connection is closed after so many bytes of the response."""

    after: int = 0

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:  # noqa: ARG002
        left = self.after
        async for piece in pieces:
            if piece[:left]:
                yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


@dataclass(frozen=True)
class Reset:
    """… it is reset (RST)."""

    after: int = 0

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in Cut(self.after).through(pieces, chance):
            yield piece
        raise ConnectionResetError


@dataclass(frozen=True)
class Blackhole:
    """… nothing comes any more. With 0, requests do not arrive either."""

    after: int = 0

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in Cut(self.after).through(pieces, chance):
            yield piece
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Garbage:
    """… it goes on with `size` bytes of nonsense and is closed."""

    after: int = 0
    size: int = 200

    async def through(self, pieces: Pieces, chance: random.Random) -> Pieces:
        async for piece in Cut(self.after).through(pieces, chance):
            yield piece
        yield chance.randbytes(self.size)


@dataclass(frozen=True)
class Refuse:
    """Nobody listens: connecting fails."""

    def through(self, pieces: Pieces, chance: random.Random) -> Pieces:  # noqa: ARG002
        return pieces

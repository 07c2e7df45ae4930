"""Guards with one fault each. A table of faults that one of them passes would prove nothing."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tinyllm.errors import TinyError
from tinyllm.guard import Breakers, Guard
from tinyllm.guard.attempt import Attempts, Use
from tinyllm.guard.breaker import Admitted
from tinyllm.guard.guard import Read
from tinyllm.guard.request import Request
from tinyllm.guard.retry import Retries
from tinyllm.models import Ask, Entry, Models, Reply

T = TypeVar("T")


class NoTimeout(Guard):
    """It waits for ever."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.attempts = WithoutTiming(self.models, self.breakers)


class WithoutTiming(Attempts):
    async def _used(self, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        return use(await self.models.ask(entry, ask, lambda _: None), ask)


class CountsBadReplies(Guard):
    """A model that writes bad JSON is taken for one that is down."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.attempts = BlamesAll(self.models, self.breakers)


class BlamesAll(Attempts):
    async def _blame(self, call: Admitted, failure: TinyError, request: Request) -> None:
        await self.breakers.failed(call, failure)


class BlamesEachAttempt(Guard):
    """One poisonous prompt closes a model to everybody."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.attempts = ForgetsBlame(self.models, self.breakers)


class ForgetsBlame(Attempts):
    async def _blame(self, call: Admitted, failure: TinyError, request: Request) -> None:
        request.blamed.clear()
        await super()._blame(call, failure, request)


class RetriesEverything(Guard):
    """It knocks again where nobody is."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.retries = Stubborn(self.clock)


class Stubborn(Retries):
    def wait(
        self, failure: TinyError, attempt: int, target: str, left: float, alone: bool = True
    ) -> float | None:
        return 0.1 if attempt < 3 else None


class IgnoresDoneReason(Guard):
    """It believes whatever comes with a 200."""

    def _use(self, entry: Entry, ask: Ask, read: Read[T]) -> Use[T]:
        return lambda reply, sent: read(reply)


class SwallowsCancellation(Guard):
    """Told to stop, it asks the next model."""

    async def ask(self, key: str, ask: Ask, read: Read[T], among: Sequence[str] = ()) -> T:
        try:
            return await super().ask(key, ask, read, among)
        except asyncio.CancelledError:
            return await super().ask("spare", ask, read)


class RepeatsItself(Guard):
    """A broken tool call is asked for again in the same words."""

    def _better(
        self, entry: Entry, ask: Ask, failure: TinyError, request: Request, mended: int
    ) -> Ask | None:
        return ask if failure.deserves.retry == "repair" and mended < 2 else None


class HoldsTheProbe(Guard):
    """A probe that came to nothing is never given back."""

    def __post_init__(self) -> None:
        self.breakers = Holding(self.breakers.shelf, self.breakers.clock)
        super().__post_init__()


class Holding(Breakers):
    async def ignored(self, call: Admitted) -> None:
        return


class ResetsOnIgnored(Guard):
    """What does not count counts as a success."""

    def __post_init__(self) -> None:
        self.breakers = Forgiving(self.breakers.shelf, self.breakers.clock)
        super().__post_init__()


class Forgiving(Breakers):
    async def ignored(self, call: Admitted) -> None:
        await self.succeeded(call)


class NoFallback(Guard):
    """One model is all it knows."""

    def chain(self, key: str, among: Sequence[str] = ()) -> Iterator[Entry]:
        yield next(super().chain(key, among))


class LeaksTheStream(Guard):
    """A call that was given up goes on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.attempts = Abandons(self.models, self.breakers)


class Abandons(Attempts):
    def __init__(self, models: Models, breakers: Breakers) -> None:
        super().__init__(Detached(**vars(models)), breakers)


@dataclass(eq=False)
class Detached(Models):
    async def ask(self, entry: Entry, ask: Ask, heard: Any = None) -> Reply:
        return await asyncio.shield(asyncio.ensure_future(super().ask(entry, ask, heard)))


class BlamesTheModel(Guard):
    """The run had no time left, and the model is taken for slow."""

    def __post_init__(self) -> None:
        self.breakers = Blaming(self.breakers.shelf, self.breakers.clock)
        super().__post_init__()


class Blaming(Breakers):
    async def ignored(self, call: Admitted) -> None:
        await self.failed(call, TinyError("too slow"))


class ForgetsRetryAfter(Guard):
    """The server says when, and it comes before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.retries = Hasty(self.clock)


class Hasty(Retries):
    def wait(
        self, failure: TinyError, attempt: int, target: str, left: float, alone: bool = True
    ) -> float | None:
        failure.retry_after = None
        return super().wait(failure, attempt, target, left, alone)


# Each with the faults that must find it out; a few cells, so that the proof does not take an hour.
BROKEN: Mapping[type[Guard], tuple[str, ...]] = {
    NoTimeout: ("blackhole / first",),
    CountsBadReplies: ("empty / first",),
    BlamesEachAttempt: ("reset / first",),
    RetriesEverything: ("refused / first",),
    IgnoresDoneReason: ("cut off / first", "no done / mid"),
    SwallowsCancellation: ("cancelled / first",),
    RepeatsItself: ("invented tool / tool", "broken call / tool"),
    HoldsTheProbe: ("cancelled / first (main half-open 1)",),
    ResetsOnIgnored: ("empty / first (main 2)",),
    NoFallback: ("no memory / first",),
    LeaksTheStream: ("cancelled / first",),
    BlamesTheModel: ("deadline / first (main 2)",),
    ForgetsRetryAfter: ("busy for 3 s / first",),
}

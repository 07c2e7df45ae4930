"""Which models the server holds in memory, and whose turn it is to be loaded: a swap costs more than any question."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tinyllm.guard.queue_line import Line, Waiter

LONGEST: Final = 120.0  # seconds that loading may take
LOAD: Final = 8.0  # seconds that loading takes, until it was seen
TURN: Final = (4.0, 120.0, 120.0)  # loads that a model is asked before it makes room for equals, by rank
LEAST: Final = 4  # windows of requests that it serves at least before that
COLD: Final = 0.05  # seconds; a model that was there already takes less
LINGER: Final = 0.25  # loads that a model stays for a person who may ask on,
MOMENT: Final = 0.5  # and the seconds it stays at most
RECENT: Final = 50.0  # seconds within which a model that is gone was pushed out, and did not go by itself
AGAIN: Final = 5.0  # seconds between two looks at the server


@dataclass(eq=False)
class Turns:
    """What fits together is not known beforehand: one model, until the server was seen to hold more."""

    lines: Mapping[str, Line]
    room: int = 1
    load: float = LOAD
    longest: float = LONGEST
    loaded: dict[str, None] = field(default_factory=dict)
    coming: Line | None = None
    leaving: Line | None = None
    asked: float = float("-inf")  # when the server was last asked what it holds
    unsure: bool = True  # a model was loaded since

    def next(self, now: float) -> Waiter | None:
        """Whoever may go now."""
        self._settle(now)
        able = [head for head in self._heads() if head.line.free and self._may(head)]
        return min(able, key=lambda head: (head.rank, head.line is self.coming, head.since), default=None)

    def _heads(self) -> Iterator[Waiter]:
        return (head for line in self.lines.values() if any(line.counts) and (head := line.first()))

    def _may(self, head: Waiter) -> bool:
        line = head.line
        if line.model in self.loaded:
            return line is not self.leaving
        return line is self.coming and (self.leaving is None or not self.leaving.flying)

    def goes(self, line: Line, now: float) -> None:
        """A request is sent to that model, which loads it if need be."""
        if line.model in self.loaded:
            return
        if self.leaving is not None:
            self.loaded.pop(self.leaving.model, None)
        self.loaded[line.model] = None
        line.loading, line.failed, line.served, line.began = True, False, 0, now
        self.unsure = True
        self.coming = self.leaving = None

    def _settle(self, now: float) -> None:
        """Who is to be loaded next, and in whose place; what was settled stays until it is done, or is outranked."""
        if self.coming is not None:
            head = self.coming.first()
            gone = head is None or self.coming.model in self.loaded
            other = self.leaving.first() if self.leaving else None
            if gone or (head and other and other.rank < head.rank):
                self.coming = self.leaving = None
        if self.coming is None:
            heads = [head for head in self._heads() if head.line.model not in self.loaded]
            if heads:
                self._claim(min(heads, key=lambda head: (head.rank, head.since)), now)

    def _claim(self, head: Waiter, now: float) -> None:
        there = [self.lines[model] for model in self.loaded if model in self.lines]
        if len(self.loaded) < self.room or len(there) < len(self.loaded):
            self.coming, self.leaving = head.line, None
            self._forget_strangers(there)
            return
        for line in sorted(there, key=lambda line: (any(line.counts), line.flying > 0, line.used)):
            if self._yields(line, head, now):
                self.coming, self.leaving = head.line, line
                return

    def _forget_strangers(self, there: Iterable[Line]) -> None:
        """A model that nobody here asks for makes room."""
        if len(self.loaded) >= self.room:
            self.loaded = {line.model: None for line in there}

    def _yields(self, line: Line, head: Waiter, now: float) -> bool:
        """Does this model make room for that request?"""
        own = line.first()
        rank = own.rank if own else line.user if line.flying else None
        if rank is None:
            return not self.lingers(line, head, now)
        if rank != head.rank:
            return rank > head.rank
        if line.comes(now, self.longest):
            return False
        least = (
            0 if line.loading else LEAST * line.window.size
        )  # of a model that does not answer one has enough
        return now - max(head.since, line.began) >= TURN[rank] * self.load and line.served >= least

    def lingers(self, line: Line, head: Waiter, now: float) -> float:
        """Seconds that an idle model is kept for whoever came before somebody who can wait."""
        return max(0.0, line.used + min(MOMENT, LINGER * self.load) - now) if line.user < head.rank else 0.0

    def until(self, now: float) -> float:
        """Seconds until somebody may go although nothing else happens; 0 when there is nothing to wait for."""
        lines = [self.lines[model] for model in self.loaded if model in self.lines]
        idle = [line for line in lines if not line.flying]
        left = [self.lingers(line, head, now) for head in self._heads() for line in idle]
        return min((seconds for seconds in left if seconds > 0), default=0.0)

    def wonders(self, now: float) -> bool:
        """Is it worth asking the server what it holds? Only when somebody waits for a model that may be there."""
        held = [self.lines[model] for model in self.loaded if model in self.lines]
        if any(line.comes(now, self.longest) for line in held) and self.asked > float("-inf"):
            return False
        blocked = any(head.line.model not in self.loaded for head in self._heads())
        return blocked and (self.unsure or now - self.asked >= AGAIN)

    def answered(self, line: Line, load: float, now: float) -> None:
        """A reply came, so the model is there; the first one says how long that took."""
        line.used = now
        if line.loading:
            line.loading, self.unsure = False, True
            self.load = load if load >= COLD else self.load

    def seen(self, names: Iterable[str], now: float) -> None:
        """What the server says it holds; a model that is just being loaded may not be listed yet."""
        listed = dict.fromkeys(names)
        pushed = [
            model
            for model in self.loaded
            if (line := self.lines.get(model))
            and model not in listed
            and not line.flying
            and now - line.used < RECENT
        ]
        there = max(1, len(listed))
        self.room = min(self.room, there) if pushed else max(self.room, there)
        flying = {model: None for model in self.loaded if model in self.lines and self.lines[model].flying}
        self.loaded = {**listed, **flying}
        if self.coming is not None and self.coming.model in self.loaded:
            self.coming = self.leaving = None
        self.unsure = False

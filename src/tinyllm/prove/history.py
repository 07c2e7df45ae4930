"""What many clients did to the threads of one database, and whether any order of it explains what is there."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

HOLDER = re.compile(r"\b[0-9a-f]{12}\b")
FIRST = "nothing"


@dataclass(frozen=True, slots=True)
class Turn:
    """One value that a client wanted to append to a thread, and what it was told."""

    thread: str
    value: str
    told: Literal["ok", "busy", "failed"]
    began: float  # on the clock that all processes of a machine share
    ended: float
    said: str = ""

    def line(self) -> str:
        return json.dumps(asdict(self))


def read(folder: Path) -> list[Turn]:
    files = sorted(folder.glob("*.history"))
    return [Turn(**json.loads(line)) for path in files for line in path.read_text().splitlines()]


@dataclass(frozen=True, slots=True)
class Chain:
    """A thread as it can be read afterwards: what was appended, and what each saw before it."""

    thread: str
    values: Sequence[str]
    saw: Sequence[str]
    committed: int  # runs of the thread that stand as committed, on the chain or not


def violations(turns: Iterable[Turn], chains: Mapping[str, Chain]) -> Iterator[str]:
    """Everything that no order of the turns explains."""
    by_thread: dict[str, list[Turn]] = {}
    for turn in turns:
        by_thread.setdefault(turn.thread, []).append(turn)
        if turn.told == "failed":
            yield f"{turn.thread}: a client was told {turn.said!r}"
        if turn.told == "busy" and not HOLDER.search(turn.said):
            yield f"{turn.thread}: a refusal does not name the holder: {turn.said!r}"
    for thread, asked in by_thread.items():
        yield from _of_thread(asked, chains[thread])


def _of_thread(asked: Sequence[Turn], chain: Chain) -> Iterator[str]:
    place = {value: index for index, value in enumerate(chain.values)}
    told = {turn.value: turn for turn in asked}
    lost = [turn.value for turn in asked if turn.told == "ok" and turn.value not in place]
    if lost:
        yield f"{chain.thread}: {len(lost)} acknowledged turns are lost ({', '.join(lost[:3])})"
    for value, count in Counter(chain.values).items():
        if count > 1:
            yield f"{chain.thread}: {value} is there {count} times"
        if value not in told or told[value].told == "busy":
            yield f"{chain.thread}: {value} is there, and was refused or never asked for"
    if chain.committed != len(chain.values):
        yield f"{chain.thread}: {chain.committed} committed runs, and {len(chain.values)} of them on the chain"
    for before, value, saw in zip([FIRST, *chain.values], chain.values, chain.saw, strict=False):
        if saw != before:
            yield f"{chain.thread}: {value} saw {saw} and follows {before}"
    yield from _out_of_time([told[value] for value in chain.values if value in told], chain.thread)


def _out_of_time(ordered: Sequence[Turn], thread: str) -> Iterator[str]:
    """What ended before another began must stand before it."""
    latest = 0.0
    for turn in ordered:
        if turn.told == "ok" and turn.ended < latest:
            yield f"{thread}: {turn.value} ended before one began that stands in front of it"
        latest = max(latest, turn.began)

"""Who answered, or gave an opinion, asked afresh by chance: what is known comes out again, what is guessed scatters."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from tinyllm.checks.asking import opinion
from tinyllm.checks.verdict import Candidate, Judged
from tinyllm.services import Services

TIMES = 3  # how often one model is asked for the same once more


async def again(
    judged: Judged, services: Services, name: str, first: Candidate, *, of: str, times: int = TIMES
) -> AsyncIterator[list[Candidate]]:
    """All that who said the first has said by now, each time that there is more: nothing while it repeats itself.

    A server that gives the same text for the same question, whatever the seed, would make every answer look sure.
    """
    asks = _entries(first.model, services)
    said: list[Candidate] = []
    for sample in range(1, times + 1):
        heard = await opinion(judged, services, name, asks, of=of, sample=sample) if asks else None
        if heard is None:
            return
        said.append(replace(heard, again=True))
        if len({" ".join(each.split()) for each in (first.answer, *(more.answer for more in said))}) > 1:
            yield said


async def all_again(
    judged: Judged, services: Services, name: str, firsts: Sequence[Candidate], *, of: str, times: int = TIMES
) -> list[Candidate]:
    """All that each of these says afresh."""
    found: list[Candidate] = []
    for first in firsts:
        said: list[Candidate] = []
        async for more in again(judged, services, name, first, of=of, times=times):
            said = more[:]
        found += said
    return found


def _entries(model: str, services: Services) -> list[str]:
    """A model, by the first of its names."""
    return [key for key, each in services.guard.entries.items() if each.name == model][:1]

"""Who answered, asked afresh by chance: what is known comes out the same again, what is guessed scatters."""

from collections.abc import AsyncIterator
from dataclasses import replace

from tinyllm.checks.asking import opinion
from tinyllm.checks.verdict import Candidate, Judged
from tinyllm.services import Services

TIMES = 3  # how often one model is asked for the same once more


async def again(
    judged: Judged, services: Services, name: str, *, of: str, times: int = TIMES
) -> AsyncIterator[list[Candidate]]:
    """All that it has said by now, each time that there is more: nothing while it repeats itself word for word.

    A server that gives the same text for the same question, whatever the seed, would make every answer look sure.
    """
    asks = _entries(judged, services)
    said: list[Candidate] = []
    for sample in range(1, times + 1):
        heard = await opinion(judged, services, name, asks, of=of, sample=sample) if asks else None
        if heard is None:
            return
        said.append(replace(heard, again=True))
        if len({" ".join(each.split()) for each in (judged.answer, *(more.answer for more in said))}) > 1:
            yield said


def _entries(judged: Judged, services: Services) -> list[str]:
    """The one who answered, by the first of its names."""
    return [key for key, each in services.guard.entries.items() if each.name == judged.model][:1]

"""Answers of several models put together: who agrees with whom, and is that enough?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tinyllm.checks.verdict import Candidate

Same = Callable[[str, str], bool]

STRONG, STRONG_FROM = 1.5, 2  # the vote of a model from this tier on
AGAIN = 0.5  # what is left of it when the same model votes a second time, in another way
AFRESH = 0.75  # and when it is asked the very same once more, by chance


@dataclass(frozen=True, slots=True)
class Party:
    """Candidates that say the same."""

    members: tuple[Candidate, ...]
    worth: float = 0.0

    @property
    def models(self) -> int:
        return len({each.model for each in self.members})

    @property
    def ran(self) -> bool:
        return any(each.ran for each in self.members)

    @property
    def whole(self) -> str:
        """What it says, in the words of the first of its members that has words."""
        return next((each.said for each in self.members if each.said), f"Answer: {self.members[0].answer}")

    def has(self, candidate: Candidate) -> bool:
        return any(each is candidate for each in self.members)


def parties(
    candidates: Sequence[Candidate], same: Same, tiers: Mapping[str, int] | None = None
) -> list[Party]:
    """The candidates by what they say, the strongest party first; of two equal ones the earlier."""
    found: list[list[Candidate]] = []
    worths: list[float] = []
    for each, weight in zip(candidates, _worths(candidates, tiers or {}), strict=True):
        place = next((at for at, party in enumerate(found) if same(party[0].answer, each.answer)), len(found))
        if place == len(found):
            found.append([])
            worths.append(0.0)
        found[place].append(each)
        worths[place] += weight
    made = [Party(tuple(party), weight) for party, weight in zip(found, worths, strict=True)]
    return sorted(made, key=lambda party: party.worth, reverse=True)


def worth(tier: int) -> float:
    """What the vote of a model counts."""
    return STRONG if tier >= STRONG_FROM else 1.0


def _worths(candidates: Sequence[Candidate], tiers: Mapping[str, int]) -> list[float]:
    """Different models make different mistakes: a second vote of the same one adds less."""
    seen: set[str] = set()
    worths = []
    for each in candidates:
        whole = worth(tiers.get(each.model, 1))
        part = AFRESH if each.again else AGAIN if each.model in seen else 1.0
        worths.append(whole * part)
        seen.add(each.model)
    return worths


def lead(ranked: Sequence[Party]) -> float:
    """How far the first party is ahead of the next one."""
    return ranked[0].worth - (ranked[1].worth if len(ranked) > 1 else 0.0) if ranked else 0.0


def elected(ranked: Sequence[Party], least: int = 2, ahead: float = 0.1) -> Party | None:
    """The first party, when so many different models are in it and it is so far ahead."""
    return ranked[0] if ranked and ranked[0].models >= least and lead(ranked) >= ahead else None

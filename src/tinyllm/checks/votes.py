"""Answers of several models put together: who agrees with whom, and is that enough?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinyllm.checks.verdict import Candidate

Same = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Party:
    """Candidates that say the same."""

    members: tuple[Candidate, ...]

    @property
    def models(self) -> int:
        return len({each.model for each in self.members})

    @property
    def size(self) -> int:
        return len(self.members)

    @property
    def ran(self) -> bool:
        return any(each.ran for each in self.members)

    @property
    def weight(self) -> tuple[int, int]:
        """Different models count before samples of the same one: they make different mistakes."""
        return (self.models, self.size)

    @property
    def whole(self) -> str:
        """What it says, in the words of the first of its members that has words."""
        return next((each.said for each in self.members if each.said), f"Answer: {self.members[0].answer}")

    def has(self, candidate: Candidate) -> bool:
        return any(each is candidate for each in self.members)


def parties(candidates: Sequence[Candidate], same: Same) -> list[Party]:
    """The candidates by what they say, the strongest party first; of two equal ones the earlier."""
    found: list[list[Candidate]] = []
    for each in candidates:
        party = next((party for party in found if same(party[0].answer, each.answer)), None)
        if party is None:
            found.append([each])
        else:
            party.append(each)
    made = [Party(tuple(party)) for party in found]
    return sorted(made, key=lambda party: party.weight, reverse=True)


def elected(ranked: Sequence[Party], least: int = 2) -> Party | None:
    """The party that leads with at least so many models, or so many samples where no other comes near."""
    if not ranked:
        return None
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    if second is not None and first.weight <= second.weight:
        return None
    return first if first.models >= least else None

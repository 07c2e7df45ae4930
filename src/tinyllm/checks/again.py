"""Who answered, or gave an opinion, asked afresh by chance: what is known comes out again, what is guessed scatters."""

from collections.abc import Callable
from dataclasses import replace

from tinyllm.checks.asking import opinion
from tinyllm.checks.verdict import Candidate, Judged
from tinyllm.services import Services

TIMES = 5  # how often one model is asked for the same once more
DULL = 3  # who has said the same word for word so often will go on so


class Voice:
    """A model that has said something, and what it says when it is asked for the same once more, behind a prompt."""

    def __init__(
        self,
        first: Candidate,
        services: Services,
        prompt: str,
        *,
        of: str,
        times: int = TIMES,
        read: Callable[[Candidate], Candidate] = lambda said: said,
    ) -> None:
        self.prompt, self.of, self.times, self.read = prompt, of, times, read
        self.services = services
        self._texts, self._read = [_words(first.answer)], list[Candidate]()
        named = [key for key, each in services.guard.entries.items() if each.name == first.model]
        self._asks = named[:1]

    @property
    def asked(self) -> int:
        return len(self._read)

    @property
    def said(self) -> list[Candidate]:
        """All that it said afresh: nothing while it repeats itself word for word.

        A server that gives the same text for the same question, whatever the seed, would make every answer look sure.
        """
        return [] if self._repeats else self._read

    @property
    def over(self) -> bool:
        """Will it say no more?"""
        return not self._asks or self.asked >= self.times or (self.asked >= DULL and self._repeats)

    @property
    def mute(self) -> bool:
        """Was it of no use to ask it?"""
        return self.over and not self.said

    @property
    def _repeats(self) -> bool:
        return len(set(self._texts)) == 1

    async def ask(self, judged: Judged) -> Candidate | None:
        """What it says once more; None when it could not be asked."""
        heard = await opinion(
            judged, self.services, self.prompt, self._asks, of=self.of, sample=self.asked + 1
        )
        if heard is None:
            self._asks = []
            return None
        self._texts.append(_words(heard.answer))
        self._read.append(self.read(replace(heard, again=True)))
        return self._read[-1]


def _words(text: str) -> str:
    return " ".join(text.split())

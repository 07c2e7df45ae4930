"""Forms that a simulated model fills in: routes, verdicts and answers under a schema."""

from collections.abc import Sequence
from typing import Any

from tinyllm.testing.simulator.asked import flat, forms, place, shown
from tinyllm.testing.simulator.chance import uniform
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.population import GENERAL, Gold
from tinyllm.testing.simulator.schemas import constrained

_YES = {"yes", "true", "correct", "right", "pass", "passed", "good", "accept", "accepted", "valid", "ok"}
_NO = {"no", "false", "incorrect", "wrong", "fail", "failed", "bad", "poor", "reject", "rejected", "invalid"}
_ANEW = 0.2  # how often a judge makes up its mind anew when the prompt is another one
_PAIRS = (("A", "B"), ("a", "b"), ("first", "second"), ("1", "2"))


def filled(
    schema: Any, answer: str, text: str, gold: Gold | None, topic: str, model: Model, lapse: bool, seed: int
) -> str:
    """The JSON that the model writes where a schema is given."""
    form = _Form(text, gold, topic, model, lapse, seed)
    return constrained(answer, schema, form.choose)


class _Form:
    """What the model makes of each field. `lapse`: it takes the question for one of another kind."""

    def __init__(
        self, text: str, gold: Gold | None, topic: str, model: Model, lapse: bool, seed: int
    ) -> None:
        self.text, self.gold, self.topic, self.model, self.lapse, self.seed = (
            text,
            gold,
            topic,
            model,
            lapse,
            seed,
        )

    def choose(self, name: str, options: Sequence[Any]) -> Any:
        """One of the options: a label, the better of two, or a verdict."""
        pair = next((pair for pair in _PAIRS if all(each in options for each in pair)), None)
        if pair and self.gold:
            return pair[0] if self._first_is_better() else pair[1]
        words = [str(option).lower() for option in options]
        accepting = [option for option, word in zip(options, words, strict=True) if word in _YES]
        rejecting = [option for option, word in zip(options, words, strict=True) if word in _NO]
        if accepting and rejecting:
            return (accepting if self._accepts() else rejecting)[0]
        labels = [option for option in options if isinstance(option, str)]
        if labels:
            return self._label(name, labels)
        if not all(isinstance(option, int | float) for option in options):
            return options[0]
        return max(options) if self._accepts() else min(options)

    def _label(self, name: str, options: Sequence[str]) -> Any:
        parts = [part for part in self.topic.split("+") if part in options]
        if self.lapse or not parts:
            others = [option for option in options if option not in parts] or list(options)
            if not self.lapse and GENERAL in options:
                return GENERAL
            return others[int(uniform(self.seed, "label", name, self.text) * len(others))]
        return parts if len(parts) > 1 else parts[0]

    def _after_question(self) -> str:
        assert self.gold is not None
        question = flat(self.gold.question)
        return self.text[self.text.rfind(question) + len(question) :]

    def _accepts(self) -> bool:
        """A verdict on the answer that stands beside the question in the prompt."""
        if self.gold is None or not self.text.replace(flat(self.gold.question), "").strip():
            return True
        seen = shown(self.gold, self.text)
        judging = self.model.judging
        rate = judging.accepts_right if seen and seen.right else judging.accepts_wrong
        # A judge that was taken in by an answer is taken in again, however it is asked; mostly.
        anew = seen is None or uniform(self.seed, "anew", self.model.name, self.text) < _ANEW
        about = self.text if anew else f"{self.gold.question}|{seen and seen.form}"
        return uniform(self.seed, "verdict", self.model.name, about) < rate

    def _first_is_better(self) -> bool:
        assert self.gold is not None
        judging = self.model.judging
        if uniform(self.seed, "first", self.model.name, self.text) < judging.prefers_first:
            return True
        rest = self._after_question()
        good, bad = (
            _first(forms, rest) for forms in ((self.gold.answer, *self.gold.others), self.gold.wrong)
        )
        right = good >= 0 and not 0 <= bad < good
        sees = uniform(self.seed, "sees", self.model.name, *sorted(rest.split())) < judging.accepts_right
        return right if sees else not right


def _first(answers: Sequence[str], text: str) -> int:
    """Where the first of these answers stands, whole or as the code in it; -1 when none does."""
    places = [place(form, text) for answer in answers for form in forms(answer)]
    return min((found for found in places if found >= 0), default=-1)

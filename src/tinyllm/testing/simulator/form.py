"""Forms that a simulated model fills in: routes, verdicts and answers under a schema."""

import re
from collections.abc import Sequence
from typing import Any

from tinyllm.testing.simulator.chance import uniform
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.population import GENERAL, Gold
from tinyllm.testing.simulator.schemas import constrained

_YES = {"yes", "true", "correct", "right", "pass", "passed", "good", "accept", "accepted", "valid", "ok"}
_NO = {"no", "false", "incorrect", "wrong", "fail", "failed", "bad", "poor", "reject", "rejected", "invalid"}
_FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
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
        question = " ".join(self.gold.question.split())
        return self.text[self.text.rfind(question) + len(question) :]

    def _accepts(self) -> bool:
        """A verdict on the answer that stands behind the question in the prompt."""
        if self.gold is None or not (rest := self._after_question()).strip():
            return True
        good = _place(self.gold.answer, rest) >= 0
        rate = self.model.judging.accepts_right if good else self.model.judging.accepts_wrong
        return uniform(self.seed, "verdict", self.model.name, self.text) < rate

    def _first_is_better(self) -> bool:
        assert self.gold is not None
        judging = self.model.judging
        if uniform(self.seed, "first", self.model.name, self.text) < judging.prefers_first:
            return True
        rest = self._after_question()
        good = _place(self.gold.answer, rest)
        bad = [place for wrong in self.gold.wrong if (place := _place(wrong, rest)) >= 0]
        right = good >= 0 and not (bad and min(bad) < good)
        sees = uniform(self.seed, "sees", self.model.name, *sorted(rest.split())) < judging.accepts_right
        return right if sees else not right


def _place(answer: str, text: str) -> int:
    """Where an answer, or the code in it, stands in a text as whole words; -1 when it does not."""
    for form in (answer, *_FENCED.findall(answer)):
        found = re.search(rf"(?<![\w.]){re.escape(' '.join(form.split()))}(?!\w|\.\d)", text)
        if found:
            return found.start()
    return -1

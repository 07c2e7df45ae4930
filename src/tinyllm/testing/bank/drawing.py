"""A bank of questions drawn from a seed."""

from random import Random

from tinyllm.testing.bank.facts import facts
from tinyllm.testing.bank.functions import functions
from tinyllm.testing.bank.item import LABELS, Item, Label
from tinyllm.testing.bank.stories import stories
from tinyllm.testing.bank.sums import sums

_MAKERS = {"code": functions, "math": stories, "general": facts, "exact": sums}


def drawn(seed: int, count: int, labels: tuple[Label, ...] = LABELS) -> list[Item]:
    """So many questions of each label; the same seed gives the same ones."""
    return [item for label in labels for item in _MAKERS[label](count, Random(f"{label}|{seed}"))]  # noqa: S311

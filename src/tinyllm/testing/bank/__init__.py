"""Questions made from a seed, with what is right, what is wrong but looks right, and how to tell."""

from tinyllm.testing.bank.drawing import drawn
from tinyllm.testing.bank.item import Item
from tinyllm.testing.bank.marking import marked, runs_hidden
from tinyllm.testing.bank.people import PROFILES, population

__all__ = ["PROFILES", "Item", "drawn", "marked", "population", "runs_hidden"]

"""Survival, in exactly one place: every model call goes through here."""

from tinyllm.guard.breaker import Breakers, Row
from tinyllm.guard.guard import Guard
from tinyllm.guard.reading import read_json

__all__ = ["Breakers", "Guard", "Row", "read_json"]

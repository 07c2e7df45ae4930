"""Survival, in exactly one place: every model call goes through here."""

from tinyllm.guard.breaker import Breakers, Memory
from tinyllm.guard.guard import Guard
from tinyllm.guard.machine import Row
from tinyllm.guard.reading import read_json
from tinyllm.guard.shelf import StoreShelf

__all__ = ["Breakers", "Guard", "Memory", "Row", "StoreShelf", "read_json"]

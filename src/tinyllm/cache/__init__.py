"""Replies that are kept: a request that always gets the same one is not asked twice."""

from tinyllm.cache.cache import EVERY, Cache, Kept, tidy
from tinyllm.cache.digests import Digests
from tinyllm.cache.key import deterministic, key_of

__all__ = ["EVERY", "Cache", "Digests", "Kept", "deterministic", "key_of", "tidy"]

"""Replies that are kept: a request that always gets the same one is not asked twice."""

from tinyllm.cache.cache import Cache, Kept
from tinyllm.cache.digests import Digests
from tinyllm.cache.key import deterministic, key_of

__all__ = ["Cache", "Digests", "Kept", "deterministic", "key_of"]

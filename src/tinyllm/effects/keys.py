"""The key of the effect that is under way: the same for every try of the same call."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key: ContextVar[str] = ContextVar("tinyllm_effect_key", default="")


def current_key() -> str:
    return _key.get()


def effect_key() -> str:
    """What a tool gives to a service that takes an idempotency key: the same for every try of the same call."""
    return _key.get() or uuid.uuid4().hex


@contextmanager
def keyed(key: str) -> Iterator[None]:
    """What is done inside is done under this key."""
    token = _key.set(key)
    try:
        yield
    finally:
        _key.reset(token)

"""The real clients, pointed at a simulator and closed when the test is over."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import ollama
import pytest
from langchain_ollama import ChatOllama

from tinyllm.testing.simulator import Simulator

_closing: list[Callable[[], Awaitable[None]]] = []
_OPTIONS: dict[str, Any] = {"trust_env": False, "verify": False, "timeout": 10}


def client(simulator: Simulator) -> ollama.AsyncClient:
    made = ollama.AsyncClient(host=simulator.url, **_OPTIONS)
    _closing.append(made.close)
    return made


def chat_model(simulator: Simulator, model: str = "m", **more: Any) -> ChatOllama:
    made = ChatOllama(model=model, base_url=simulator.url, client_kwargs=_OPTIONS, **more)
    inner = made._async_client
    assert inner is not None
    _closing.append(inner.close)
    return made


def http(simulator: Simulator) -> httpx.AsyncClient:
    made = httpx.AsyncClient(base_url=simulator.url, **_OPTIONS)
    _closing.append(made.aclose)
    return made


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Sockets that are left to the garbage collector disturb whatever runs then."""
    yield
    while _closing:
        await _closing.pop()()

"""Replies written down beforehand: per model and call, or decided by a function."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, Protocol

from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.reply import Reply, as_reply
from tinyllm.testing.simulator.request import Request

Said = Reply | str | Mapping[str, Any]
Decide = Callable[[Request], Said | Awaitable[Said]]
# A list that mixes text and replies is a list of objects to the type checker.
Lines = Said | Decide | Sequence[object]
ANY = "*"
HELLO = "This is a simulated answer."


class Source(Protocol):
    """Where the answers of a simulated server come from."""

    async def reply(self, request: Request, model: Model) -> Reply: ...

    async def disturbance(self, request: Request) -> Reply | None:
        """What happens to a request instead of being looked at."""


class Script:
    """Replies by model name, by path ("/api/tags") or for any model ("*"); the last one of a list repeats."""

    def __init__(
        self, lines: Lines | Mapping[str, object] | None = None, models: Iterable[Model | str] = ()
    ) -> None:
        self._lines = _by_name(lines)
        self._asked: dict[str, int] = {}
        named = [name for name in self._lines if name != ANY and not name.startswith("/")]
        given = [_model(model) for model in models]
        cards = {model.full_name.key: model for model in [*map(_model, named), *given]}
        self.models = tuple(cards.values())
        self.open_to_all = not cards or (ANY in self._lines and not given)

    async def reply(self, request: Request, model: Model) -> Reply:
        names = (request.model, model.full_name.short, model.full_name.model, ANY)
        name = next((name for name in names if name in self._lines), "")
        return await self._next(name, request) if name else as_reply(HELLO)

    async def disturbance(self, request: Request) -> Reply | None:
        return await self._next(request.path, request) if request.path in self._lines else None

    async def _next(self, name: str, request: Request) -> Reply:
        lines = self._lines[name]
        nth = self._asked.get(name, 0)
        self._asked[name] = nth + 1
        said: Any = lines[min(nth, len(lines) - 1)]
        if callable(said):
            said = said(request)
        return as_reply(await said if isawaitable(said) else said)


def _by_name(lines: Lines | Mapping[str, object] | None) -> dict[str, list[Any]]:
    if lines is None:
        return {ANY: [HELLO]}
    if isinstance(lines, Mapping) and not _is_reply(lines):
        return {name: _listed(each) for name, each in lines.items()}
    return {ANY: _listed(lines)}


def _is_reply(fields: Mapping[str, Any]) -> bool:
    return bool(fields) and set(fields) <= set(Reply.__dataclass_fields__)


def _listed(lines: Any) -> list[Any]:
    many = isinstance(lines, Sequence) and not isinstance(lines, str)
    return list(lines) or [HELLO] if many else [lines]


def _model(model: Model | str) -> Model:
    if isinstance(model, Model):
        return model
    return Model(name=model, capabilities=("completion", "tools", "thinking", "insert"))

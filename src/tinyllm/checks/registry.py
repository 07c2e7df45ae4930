"""The one registry of checks: a function, its parameters, and whether it may ask models."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tinyllm.checks.verdict import Judged, Verdict
from tinyllm.problems import said
from tinyllm.services import Services

Run = Callable[..., Awaitable[Verdict]]  # (judged, services, **parameters)


@dataclass(frozen=True, slots=True)
class Check:
    """A name, what it does, and what it costs."""

    name: str
    run: Run
    asks: bool = False  # it may ask models: only when nothing was proved or executed before

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.run) or ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What may be written behind its name."""
        given = inspect.signature(self.run).parameters.values()
        return tuple(each.name for each in given if each.kind is inspect.Parameter.KEYWORD_ONLY)

    def faults(self, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Each parameter that is no such value, and why: said when a graph is read, and not in the midst of a run."""
        takes = inspect.signature(self.run).parameters
        for name in parameters.keys() & set(self.parameters):
            wanted = takes[name].annotation
            if wanted is inspect.Parameter.empty or isinstance(wanted, str):
                continue  # its author did not say, or says it only to type checkers
            try:
                TypeAdapter(wanted).validate_python(parameters[name], strict=True)
            except ValidationError as failure:
                yield name, said(failure.errors(include_url=False)[0])

    async def __call__(
        self, judged: Judged, services: Services, parameters: Mapping[str, Any] | None = None
    ) -> Verdict:
        return await self.run(judged, services, **dict(parameters or {}))


CHECKS: dict[str, Check] = {}


def check(*, asks: bool = False) -> Callable[[Run], Run]:
    """Register a check under its own name."""

    def register(run: Run) -> Run:
        name = str(getattr(run, "__name__", "")).rstrip("_")
        CHECKS[name] = Check(name, run, asks)
        return run

    return register

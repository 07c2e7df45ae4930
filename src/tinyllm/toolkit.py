"""A tool is a typed async function; what it does to the world, and how far it reaches, is part of its name."""

import fnmatch
import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, Literal

from tinyllm.errors import BadReply, GraphError, Permanent, UsageError
from tinyllm.problems import did_you_mean

Effect = Literal["pure", "read", "idempotent", "keyed", "checkable", "unsafe"]
Reach = Literal["none", "workspace", "net", "exec", "remote"]
Function = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Tool:
    """One thing that a model, a graph, a person or a program may call by the same name."""

    name: str
    run: Function
    effect: Effect
    reach: Reach
    extra: str = ""

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.run) or ""

    @cached_property
    def arguments(self) -> Any:
        """The signature as a pydantic model: unknown and misspelt arguments are refused."""
        from pydantic import ConfigDict, create_model

        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.run, eval_str=True).parameters.items():
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (parameter.annotation, default)
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """How the tool is described to a model."""
        schema = self.arguments.model_json_schema()
        for prop in schema.get("properties", {}).values():
            prop.pop("title", None)
        schema.pop("title", None)
        schema.setdefault("properties", {})
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.doc, "parameters": schema},
        }

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments in their types, or an error that a small model can act on."""
        from pydantic import ValidationError

        try:
            given = self.arguments.model_validate(dict(arguments))
        except ValidationError as failure:
            said = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg'].lower()}" for e in failure.errors()
            )
            names = ", ".join(self.arguments.model_fields) or "none"
            raise BadReply(
                f"{self.name} cannot be called like this: {said}",
                hint=f"its arguments are: {names}",
                code="TOOL_ARGS_INVALID",
            ) from failure
        return {name: getattr(given, name) for name in self.arguments.model_fields}


def tool(*, effect: Effect, reach: Reach = "none", extra: str = "") -> Callable[[Function], Tool]:
    """Make a tool of an async function; its name is file plus function."""

    def made(run: Function) -> Tool:
        name = f"{run.__module__.rpartition('.')[2]}_{run.__name__}"
        if not inspect.iscoroutinefunction(run):
            raise UsageError(f"{name} is not an async function", hint="write `async def`")
        return Tool(name, run, effect, reach, extra)

    return made


def need(package: str, *, extra: str) -> ModuleType:
    """An optional package, or the line that installs it."""
    try:
        return importlib.import_module(package)
    except ImportError as failure:
        raise Permanent(
            f"this needs the package {package!r}",
            hint=f"pip install 'tinyllm-graph[{extra}]'",
            code="EXTRA_MISSING",
        ) from failure


@dataclass(frozen=True)
class Toolbox:
    """Tools by name."""

    tools: Mapping[str, Tool] = field(default_factory=dict)

    @classmethod
    def standard(cls, more: Iterable[Tool] = ()) -> "Toolbox":
        """All tools of the package `tools`, and these."""
        tools = importlib.import_module("tinyllm.tools")
        found: dict[str, Tool] = {}
        for module in sorted(m.name for m in pkgutil.iter_modules(tools.__path__)):
            for value in vars(importlib.import_module(f"{tools.__name__}.{module}")).values():
                if isinstance(value, Tool):
                    found[value.name] = value
        return cls({**found, **{tool.name: tool for tool in more}})

    def get(self, name: str) -> Tool:
        if name not in self.tools:
            raise BadReply(
                f"there is no tool {name!r}",
                hint=did_you_mean(name, self.tools) or f"the tools are: {', '.join(self.tools) or 'none'}",
                code="TOOL_UNKNOWN",
            )
        return self.tools[name]

    def matching(self, patterns: Iterable[str]) -> "Toolbox":
        """The tools that these names or `calc_*` patterns name; a pattern that names none is an error."""
        chosen: dict[str, Tool] = {}
        for pattern in patterns:
            names = [name for name in self.tools if fnmatch.fnmatchcase(name, pattern)]
            if not names:
                raise GraphError(
                    f"there is no tool {pattern!r}",
                    hint=did_you_mean(pattern, self.tools)
                    or "tools are named file_function, like calc_evaluate",
                )
            chosen.update({name: self.tools[name] for name in names})
        return Toolbox(chosen)

    def allows(self, patterns: Iterable[str], name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

"""Tools by name, and the patterns that choose among them."""

import fnmatch
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from tinyllm.errors import BadReply, GraphError
from tinyllm.problems import did_you_mean
from tinyllm.settings import Settings
from tinyllm.toolkit.declared import Tool


@cache
def _ours() -> Mapping[str, Tool]:
    """Looked for once: it takes milliseconds, and each graph that is read asks."""
    package = importlib.import_module("tinyllm.tools")
    modules = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {
        value.name: value
        for module in modules
        for value in vars(importlib.import_module(f"{package.__name__}.{module}")).values()
        if isinstance(value, Tool)
    }


@dataclass(frozen=True)
class Toolbox:
    """Tools by name."""

    tools: Mapping[str, Tool] = field(default_factory=dict)
    ends: tuple[Callable[[], Awaitable[None]], ...] = ()  # what its tools hold open

    @classmethod
    def standard(cls, more: Iterable[Tool] = ()) -> "Toolbox":
        """All tools of the package `tools`, and these."""
        return cls({**_ours(), **{tool.name: tool for tool in more}})

    @classmethod
    def of(cls, settings: Settings, more: Iterable[Tool] = ()) -> "Toolbox":
        """All tools of the package `tools`, those of the MCP servers that are declared, and these."""
        ours = cls.standard()
        found, end = importlib.import_module("tinyllm.mcp").foreign(settings, ours.tools)
        foreign = {tool.name: tool for tool in found}
        return cls({**ours.tools, **foreign, **{tool.name: tool for tool in more}}, (end,) if foreign else ())

    async def aclose(self) -> None:
        """End what its tools hold open."""
        for end in self.ends:
            await end()

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

"""A tool is a typed async function; what it does to the world, and how far it reaches, is part of its name."""

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from tinyllm.errors import BadReply, UsageError
from tinyllm.problems import did_you_mean
from tinyllm.toolkit.inside import Inside
from tinyllm.toolkit.needs import missing_packages, missing_programs
from tinyllm.toolkit.public_url import PublicUrl

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

Effect = Literal["pure", "read", "idempotent", "keyed", "checkable", "unsafe"]
Reach = Literal["none", "workspace", "net", "exec", "remote"]
Function = Callable[..., Awaitable[Any]]
Compensate = Callable[[str, Any], Awaitable[str]]

SECONDS = 30.0
NARROWING = (
    "offset",
    "start",
    "limit",
    "first",
    "last",
    "lines",
    "page",
    "pattern",
    "where",
    "columns",
    "depth",
)


@dataclass(frozen=True)
class Tool:
    """One thing that a model, a graph, a person or a program may call by the same name."""

    name: str
    run: Function
    effect: Effect
    reach: Reach
    extra: str = ""
    programs: tuple[str, ...] = ()
    sandboxed: bool = False  # it runs code where code can only compute
    untrusted: bool = False  # what it gives may have been written by strangers
    seconds: float = SECONDS
    shows: Callable[..., str] | None = None  # the exact command, URL or SQL, for the person who is asked
    strangers: Callable[[Any], Iterable[str]] | None = None  # … and by whom, as its result tells
    # Given the key and the arguments: what a call came to, None if it did not happen.
    verify: Function | None = None
    delivers: bool = False  # it sends something that can wait: inside a run, until that is committed
    compensate: Compensate | None = None  # given the key and the result: what can be done about it afterwards

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.run) or ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages and programs that it needs and that are not here."""
        return (*missing_packages(self.extra), *missing_programs(self.programs))

    @cached_property
    def arguments(self) -> "type[BaseModel]":
        """The signature as a pydantic model: unknown and misspelt arguments are refused."""
        from pydantic import ConfigDict, Field, create_model

        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.run, eval_str=True).parameters.items():
            default = ... if parameter.default is parameter.empty else parameter.default
            # A model has names of its own, such as `schema` and `copy`, that an argument may have as well.
            fields[f"given_{name}"] = (parameter.annotation, Field(default, alias=name))
        config = ConfigDict(extra="forbid", validate_default=True, arbitrary_types_allowed=False)
        return create_model(self.name, __config__=config, **fields)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.run).parameters)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The arguments as a JSON schema."""
        schema = self.arguments.model_json_schema()
        for name, prop in schema.get("properties", {}).items():
            prop.pop("title", None)
            if isinstance(
                default := self.arguments.model_fields[f"given_{name}"].default, (Inside, PublicUrl)
            ):
                prop["default"] = str(default)
        schema.pop("title", None)
        schema.setdefault("properties", {})
        return schema

    @cached_property
    def schema(self) -> dict[str, Any]:
        """How the tool is described to a model."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.doc, "parameters": self.parameters},
        }

    @cached_property
    def narrowing(self) -> tuple[str, ...]:
        """The arguments that ask for another or a smaller part of the result."""
        return tuple(name for name in NARROWING if name in self.names)

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments in their types, or an error that a small model can act on."""
        from pydantic import ValidationError

        try:
            return self._validated(arguments)
        except ValidationError as failure:
            # Small models write lists and objects as text, and clients read text that looks like JSON.
            wrong = {fault["loc"][0]: fault["type"] for fault in failure.errors() if fault["loc"]}
            unpacked = {name: _meant(each, wrong.get(name)) for name, each in arguments.items()}
            if unpacked != dict(arguments):
                try:
                    return self._validated(unpacked)
                except ValidationError:
                    pass
            raise self._refused(failure.errors(include_url=False)) from failure

    def _validated(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        given = self.arguments.model_validate(dict(arguments))
        return {name: getattr(given, f"given_{name}") for name in self.names}

    def _refused(self, faults: "list[ErrorDetails]") -> BadReply:
        return BadReply(
            f"{self.name} cannot be called like this: {'; '.join(map(self._said, faults))}",
            hint=f"call it with {self.signature}",
            code="TOOL_ARGS_INVALID",
        )

    def _said(self, fault: "ErrorDetails") -> str:
        name = ".".join(map(str, fault["loc"])) or "arguments"
        if fault["type"] == "missing":
            return f"{name} is missing"
        if fault["type"] == "extra_forbidden":
            meant = did_you_mean(name, self.names)
            return f"it has no argument {name!r}" + (f" ({meant.rstrip('.')})" if meant else "")
        message = fault["msg"].removeprefix("Value error, ")
        return f"{name}: {message[:1].lower()}{message[1:]}"

    @cached_property
    def signature(self) -> str:
        """Its arguments in one line: name, type, and which may be left out."""
        required = self.parameters.get("required", ())
        shown = [
            f"{name} ({_kind(prop)}{'' if name in required else ', optional'})"
            for name, prop in self.parameters["properties"].items()
        ]
        return ", ".join(shown) or "no arguments"


def _kind(prop: Mapping[str, Any]) -> str:
    if "enum" in prop:
        return " or ".join(json.dumps(value) for value in prop["enum"])
    if "anyOf" in prop:
        return " or ".join(dict.fromkeys(_kind(each) for each in prop["anyOf"] if each.get("type") != "null"))
    return str(prop.get("type", "any value"))


def _meant(value: Any, fault: str | None) -> Any:
    """The value in the type that it should have had, where it is plain which."""
    if fault == "string_type" and isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if fault is None or not (isinstance(value, str) and value.lstrip()[:1] in ("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def tool(
    *,
    effect: Effect,
    reach: Reach = "none",
    extra: str = "",
    programs: tuple[str, ...] = (),
    sandboxed: bool = False,
    untrusted: bool = False,
    seconds: float = SECONDS,
    shows: Callable[..., str] | None = None,
    strangers: Callable[[Any], Iterable[str]] | None = None,
    verify: Function | None = None,
    delivers: bool = False,
    compensate: Compensate | None = None,
) -> Callable[[Function], Tool]:
    """Make a tool of an async function; its name is file plus function."""

    def made(run: Function) -> Tool:
        name = f"{run.__module__.rpartition('.')[2]}_{run.__name__}"
        if not inspect.iscoroutinefunction(run):
            raise UsageError(f"{name} is not an async function", hint="write `async def`")
        return Tool(
            name,
            run,
            effect,
            reach,
            extra,
            programs,
            sandboxed,
            untrusted,
            seconds,
            shows,
            strangers,
            verify,
            delivers,
            compensate,
        )

    return made

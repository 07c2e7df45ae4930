"""One case of a suite: a question, and what is right."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Said = tuple[str, ...]


def _listed(value: Any) -> Any:
    """One thing where several may stand; a number or a truth value as a file's writer would say it."""
    given = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_text(each) for each in given)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    return tuple(map(_text, value)) if isinstance(value, (list, tuple)) else value


def _field(name: str) -> BeforeValidator:
    """A value alone means this field of the whole."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else {name: value})


Texts = Annotated[Said, BeforeValidator(_listed)]
Alternatives = Annotated[tuple[str | Said, ...], BeforeValidator(_listed)]


class Part(BaseModel):
    """A part of a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Numeric(Part):
    """A number, or several, and how near an answer must come."""

    value: Texts = Field(min_length=1, description="add `value:`, a number")
    within: float = Field(default=0.0, ge=0, description="How far off it may be.")
    share: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="How far off it may be, as a part of the number; else a millionth, and nothing for whole numbers.",
    )


class Code(Part):
    """Tests that the program in an answer must pass."""

    tests: str = Field(min_length=1, description="add `tests:`, such as assert add(2, 2) == 4")
    timeout: float = Field(default=10.0, ge=0.05, le=600, description="Seconds that the tests may take.")


class Judge(Part):
    """What a model looks for in an answer."""

    rubric: str = Field(min_length=1, description="add `rubric:`, what a good answer does")
    model: str = Field(default="", description="The judge; the graph's own otherwise.")


class Call(Part):
    """A tool call that is right."""

    name: str = Field(description="add `name:`, a tool")
    arguments: dict[str, Any] = Field(default_factory=dict)


class Case(Part):
    """A question and what is right; every scorer that is named must be content."""

    id: str = Field(default="", description="Its name in results; its number otherwise.")
    question: str = Field(min_length=1, description="add `question:`")
    inputs: dict[str, Any] = Field(default_factory=dict, description="More inputs of the graph.")
    attach: Texts = Field(default=(), description="Files that the question is about, beside the suite.")
    tags: Texts = Field(default=(), description="Groups that are counted apart.")
    answer: str = Field(default="", description="An answer that is right, for judges and for simulations.")
    call: Call | None = Field(default=None, description="The call of a tool that leads to the answer.")
    wrong: Texts = Field(default=(), description="Answers that are wrong and look right.")

    contains: Alternatives = Field(default=(), description="All of these texts; a list in the list: any.")
    lacks: Texts = Field(default=(), description="None of these texts.")
    equals: Texts = Field(default=(), description="Any of these answers.")
    numeric: Annotated[Numeric, _field("value")] | None = Field(default=None, description="The number.")
    code: Annotated[Code, _field("tests")] | None = Field(default=None, description="Tests of a program.")
    form: dict[str, Any] | None = Field(default=None, alias="schema", description="A JSON schema.")
    route: Texts = Field(default=(), description="The labels of the router, all of them.")
    tools: Alternatives = Field(default=(), description="All of these tools; a list in the list: any.")
    judge: Annotated[Judge, _field("rubric")] | None = Field(default=None, description="A rubric.")
    declined: bool = Field(default=False, description="There is no answer, and it must be said.")

    @property
    def wanted(self) -> dict[str, Any]:
        """The scorers that this case names, and what each wants."""
        found = {name: getattr(self, "form" if name == "schema" else name) for name in SCORERS}
        return {name: value for name, value in found.items() if value not in ((), None, False)}

    @property
    def fingerprint(self) -> str:
        """The same for the same question and the same demands."""
        plain = self.model_dump(mode="json", by_alias=True, exclude={"id", "tags", "wrong", "call"})
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


SCORERS = ("contains", "lacks", "equals", "numeric", "code", "schema", "route", "tools", "judge", "declined")


class Head(Part):
    """What a suite says before its cases."""

    name: str = Field(default="", description="Its name; the file's otherwise.")
    description: str = Field(default="", description="One line for `eval list`.")
    graph: str | dict[str, Any] = Field(default="", description="The graph that answers; a name, or a graph.")
    only: Literal["", "exact", "route"] = Field(
        default="", description="Only the part of the graph that solves exactly, or that routes."
    )

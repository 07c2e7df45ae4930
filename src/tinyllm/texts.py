"""The templates and expressions of graphs, parsed once per text: when the file is checked, not when a node runs."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tinyllm.templates import Expression, Template

REMEMBERED = 4096
PROMPTS = Path(__file__).parent / "prompts"


@lru_cache(REMEMBERED)
def template(text: str, where: str) -> Template:
    return Template.parse(text, where)


@lru_cache(REMEMBERED)
def expression(text: str, where: str) -> Expression:
    return Expression.parse(text, where)


@lru_cache
def prompt(name: str) -> Template:
    """A prompt of ours, without the front matter that is for people."""
    return template(without_front_matter((PROMPTS / name).read_text("utf-8")), name)


def without_front_matter(text: str) -> str:
    if text.startswith("---\n") and "\n---\n" in text:
        text = text.split("\n---\n", 1)[1]
    return text.strip()


def argument(text: str, where: str) -> Template | Expression:
    """A text that is one hole and nothing else keeps the type of what fills it."""
    inside = text.strip()
    if inside.startswith("{{") and inside.endswith("}}") and inside.count("{{") == 1:
        return expression(inside[2:-2].strip(), where)
    return template(text, where)


def filled(value: Any, values: Mapping[str, Any], where: str) -> Any:
    """Arguments with every text in them filled in."""
    if isinstance(value, str):
        parsed = argument(value, where)
        return parsed.value(values) if isinstance(parsed, Expression) else parsed.render(values)
    if isinstance(value, Mapping):
        return {key: filled(each, values, where) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(each, values, where) for each in value]
    return value

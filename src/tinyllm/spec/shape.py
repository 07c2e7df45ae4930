"""The shape of one part of a file: what its model says against it, in our words and on its line."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tinyllm.documents import Document
from tinyllm.documents import Path as Place
from tinyllm.problems import Problem, did_you_mean

M = TypeVar("M", bound=BaseModel)

FILLED_IN = ("id", "key", "use", "judges", "beside")

# What pydantic calls a thing → what a person who writes YAML calls it.
WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a map",
    "model_type": "a map",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}
LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


def validated(
    model: type[M], body: Any, document: Document, place: Place, problems: list[Problem]
) -> M | None:
    """The part as its model, or None and what is wrong with it."""
    try:
        return model.model_validate(body)
    except ValidationError as failure:
        by_field: dict[str, list[Any]] = {}
        for error in failure.errors(include_url=False):
            by_field.setdefault(str(error["loc"][:1]), []).append(error)
        problems.extend(_problem(errors, model, document, place) for errors in by_field.values())
        return None


def not_written(model: type[BaseModel]) -> tuple[str, ...]:
    """Fields that a rewrite fills in, or that a kind with exits of its own has no use for."""
    return FILLED_IN if "to" in getattr(model, "exit_fields", ("to",)) else (*FILLED_IN, "to")


def unknown(name: str, model: type[BaseModel], document: Document, place: Place) -> Problem:
    hidden = not_written(model)
    names = [field.alias or key for key, field in model.model_fields.items() if key not in hidden]
    fix = did_you_mean(name, names) or f"the fields are: {', '.join(names)}"
    return document.problem((*place, name), f"there is no field {name!r} here", fix)


def _problem(errors: list[Any], model: type[BaseModel], document: Document, place: Place) -> Problem:
    """One complaint about one field; where it may have several shapes, it names them all."""
    at, error = max(((_place(error), error) for error in errors), key=lambda pair: len(pair[0]))
    name = str(at[0]) if at else ""
    if error["type"] == "extra_forbidden":
        return unknown(name, model, document, place)
    if error["type"] == "missing" and len(at) == 1:
        field = model.model_fields.get(name)
        return document.problem(place, f"{name!r} is missing", (field and field.description) or "add it")
    alike = [_said(other) for other in errors if _place(other) == at]
    said = " or ".join(dict.fromkeys(alike)).replace(" or should be ", " or ")
    return document.problem((*place, *at), f"{'.'.join(map(str, at)) or 'this'}: {said}")


def _place(error: Any) -> Place:
    """Where in the part, without the shapes that were tried on the way."""
    tried = ("str", "int", "float", "bool")
    return tuple(part for part in error["loc"] if part not in tried and not str(part).startswith("tuple["))


def _said(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in WANTED:
        return f"should be {WANTED[kind]}"
    if kind in LIMITS:
        words, key = LIMITS[kind]
        return f"should be {words} {context[key]}"
    said: str = "is empty" if kind == "too_short" else error["msg"]
    return said[:1].lower() + said[1:]

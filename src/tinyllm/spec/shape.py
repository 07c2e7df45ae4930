"""The shape of one part of a file: what its model says against it, in our words and on its line."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tinyllm.documents import Document
from tinyllm.documents import Path as Place
from tinyllm.problems import Problem, did_you_mean, said

M = TypeVar("M", bound=BaseModel)

FILLED_IN = ("id", "key", "use", "judges", "beside")


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


def in_part(model: type[M], body: Any) -> M | None:
    """The part without the fields that are wrong, for what can be said of the others; None where it needs them."""
    try:
        return model.model_validate(body)
    except ValidationError as failure:
        wrong = {str(error["loc"][0]) for error in failure.errors(include_url=False) if error["loc"]}
    if not isinstance(body, dict) or not any(str(key) in wrong for key in body):
        return None
    return in_part(model, {key: value for key, value in body.items() if str(key) not in wrong})


def unread(body: Any, part: BaseModel) -> frozenset[str]:
    """The fields of a part that its model is without."""
    shapes = type(part).model_fields
    known = {shapes[key].alias or key for key in part.model_fields_set}
    return frozenset(str(key) for key in body if key not in known)


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
    alike = [said(other) for other in errors if _place(other) == at]
    wanted = " or ".join(dict.fromkeys(alike)).replace(" or should be ", " or ")
    return document.problem((*place, *at), f"{'.'.join(map(str, at)) or 'this'}: {wanted}")


def _place(error: Any) -> Place:
    """Where in the part, without the shapes that were tried on the way."""
    tried = ("str", "int", "float", "bool")
    return tuple(part for part in error["loc"] if part not in tried and not str(part).startswith("tuple["))

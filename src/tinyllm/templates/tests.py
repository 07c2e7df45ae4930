"""What `x is …` can ask."""

from collections.abc import Callable, Mapping

from tinyllm.templates.plain import number

# `defined` and `undefined` are the evaluator's: they ask about the name, not about the value.
TESTS: Mapping[str, Callable[[object], bool]] = {
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "list": lambda value: isinstance(value, list),
    "mapping": lambda value: isinstance(value, Mapping),
    "empty": lambda value: value is None or (isinstance(value, str | list | Mapping) and not value),
    "even": lambda value: number(value) and value % 2 == 0,  # type: ignore[operator]
    "odd": lambda value: number(value) and value % 2 == 1,  # type: ignore[operator]
}

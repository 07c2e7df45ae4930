"""Jinja's parser as the one way from text to syntax; what it reads is checked at once."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from tinyllm.templates.faults import fault
from tinyllm.templates.plain import TEXT
from tinyllm.templates.whitelist import EXPRESSION, TEMPLATE, Names, checked

if TYPE_CHECKING:
    from jinja2 import Environment, TemplateSyntaxError, nodes

Tree = TypeVar("Tree", bound="nodes.Node")


def parse_template(source: str, where: str) -> "tuple[nodes.Template, Names]":
    tree = _parsed(lambda: _environment().parse(source), source, where)
    return tree, checked(tree, where, TEMPLATE)


def parse_expression(source: str, where: str) -> "tuple[nodes.Node, Names]":
    """Read all of the text as one expression: what is left over is an error, never skipped."""

    def parse() -> "nodes.Node":
        from jinja2.parser import Parser

        parser = Parser(_environment(), source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail(f"{parser.stream.current.value!r} is left over")
        return expression

    tree = _parsed(parse, source, where)
    return tree, checked(tree, where, EXPRESSION)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment

    # Only its syntax is used: nothing is compiled and no code of Jinja's runs on a value.
    return Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701


def _parsed(parse: Callable[[], Tree], source: str, where: str) -> Tree:
    from jinja2 import TemplateSyntaxError

    if len(source) > TEXT:
        raise fault(
            f"longer than {TEXT:,} characters", where, 1, "move the text into the inputs", "TOO_LARGE"
        )
    try:
        return parse()
    except TemplateSyntaxError as error:
        raise fault(_plainly(error), where, error.lineno, _fix(error.message or "")) from error
    except (ValueError, OverflowError) as error:
        raise fault("a number is too long to read", where, 1, "put it in quotes") from error
    except RecursionError as error:
        raise fault("nested too deep", where, 1, "split it into steps", "INPUT_TOO_DEEP") from error


def _plainly(error: "TemplateSyntaxError") -> str:
    return f"cannot be read: {error.message}"[:300]


def _fix(message: str) -> str:
    signs = {
        "left over": "one expression only; join conditions with `and` or `or`",
        "unexpected 'end of template'": "something is missing at the end",
        "unexpected ')'": "brackets open before they close",
        "unexpected char": "write text in quotes, and names as letters, digits and _",
        "'='": "compare with `==`",
        "end of print": "close it with }}",
        "Unexpected end of template": "close every {% if %} and {% for %} with {% endif %} or {% endfor %}",
    }
    return next((fix for sign, fix in signs.items() if sign in message), "")

"""The option `--thread`: the name of a conversation, which is never empty."""

from typing import Any

import typer

from tinyllm.errors import UsageError


def thread_option(help: str, *more: str) -> Any:
    """An option whose value is a name that was given, or an empty text when none was."""
    return typer.Option(None, "--thread", *more, help=help, metavar="NAME", callback=_named)


def _named(name: str | None) -> str:
    if name is None:
        return ""
    if not name.strip():
        raise UsageError("--thread names no conversation", hint="give it a name, or leave the option out")
    if name.strip() != name or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot be the name of a conversation", hint="use letters, digits and dashes"
        )
    return name

"""The command line: the only place that prints."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from tinyllm.cli.commands import COMMANDS, Commands


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; whatever happens, end with one of the documented exit codes."""
    from tinyllm.cli import say

    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(_meant(arguments))
    except KeyboardInterrupt:
        say.line("interrupted")
        code = 130
    except BrokenPipeError:
        # The reader has gone; a later flush must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from tinyllm.cli import say
    from tinyllm.errors import TinyError

    try:
        code: int | None = _app()(arguments, prog_name="tinyllm", standalone_mode=False)
        return code or 0
    except TinyError as failure:
        say.failure(failure)
        return failure.exit_code
    except Exception as failure:  # noqa: BLE001 - the last door: no traceback reaches a user
        return _foreign(failure)


def _foreign(failure: Exception) -> int:
    """The command line's own complaints are usage; anything else is a bug of ours."""
    from tinyllm.cli import say
    from tinyllm.errors import Bug, UsageError, classify

    if hasattr(failure, "format_message"):
        where = getattr(getattr(failure, "ctx", None), "command_path", "tinyllm")
        say.failure(UsageError(failure.format_message().rstrip("."), hint=f"{where} --help"))
        return 2
    if type(failure).__name__ in ("Exit", "Abort"):
        return int(getattr(failure, "exit_code", 130))
    if os.environ.get("TINYLLM_DEBUG"):
        raise failure
    named = classify(failure)
    if named.code in ("UNCLASSIFIED", "PROGRAMMING_BUG"):
        named = Bug(
            f"{type(failure).__name__}: {failure}",
            hint="this is our fault: please report it; TINYLLM_DEBUG=1 shows where it happened",
        )
    say.failure(named)
    return named.exit_code


def _meant(arguments: list[str]) -> list[str]:
    """`tinyllm "a question"` means `run`; one word that is nearly a command is a slip, not a question."""
    from tinyllm.errors import UsageError

    if not arguments or (arguments[0].startswith("-") and arguments[0] != "-"):
        return arguments
    first = arguments[0]
    if first in COMMANDS:
        return arguments
    if len(arguments) == 1 and first.isalpha():
        from tinyllm.cli import say
        from tinyllm.problems import did_you_mean

        if meant := did_you_mean(first, COMMANDS):
            say.failure(
                UsageError(f"there is no command {first!r}", hint=f"{meant} To ask it: tinyllm run {first}")
            )
            sys.exit(2)
    return ["run", *arguments]


def _app() -> Any:
    import typer

    app = typer.Typer(
        cls=Commands,
        help="Small local models that behave like one model you can trust.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        version: bool = typer.Option(
            False, "--version", "-V", help="Show the version and exit.", is_eager=True, callback=_version
        ),
    ) -> None:
        """The options before a command."""

    return app


def _version(wanted: bool) -> None:
    if wanted:
        import typer

        from tinyllm import __version__
        from tinyllm.cli import say

        say.answer(f"tinyllm {__version__}")
        raise typer.Exit

"""The command line: the only place that prints."""

# Little is imported here: an interrupt while Python still imports would print a traceback.
import os
import sys
from _signal import SIG_DFL, SIGINT, signal  # type: ignore[import-not-found]  # `signal` imports more
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; whatever happens, end with one of the documented exit codes."""
    if argv is None:
        # There is nothing to save before a run begins, which then listens for itself.
        signal(SIGINT, SIG_DFL)
    try:
        _open_streams()
        code = _run(list(sys.argv[1:] if argv is None else argv))
        code = _flushed(code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 130
    except BrokenPipeError:
        # The reader has gone; a later flush must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    if argv is None:
        # Nothing is left to save.
        signal(SIGINT, SIG_DFL)
    sys.exit(code)


def _flushed(code: int) -> int:
    """Let out what is still held back, while a failure of it can be said."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not code:
            from tinyllm.cli import say
            from tinyllm.errors import classify

            named = classify(failure)
            say.failure(named)
            return named.exit_code
    return code


def _open_streams() -> None:
    """A stream that the caller closed leads nowhere; a character that the terminal lacks is written as its number."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        if reconfigure := getattr(getattr(sys, name), "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    from tinyllm.cli import say
    from tinyllm.errors import TinyError

    try:
        code: int | None = _app()(_meant(arguments), prog_name="tinyllm", standalone_mode=False)
        return code or 0
    except TinyError as failure:
        say.failure(failure)
        return failure.exit_code
    except BrokenPipeError:
        raise
    except SystemExit:
        # The library that reads the flags ends the process itself when the reader has gone.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            raise BrokenPipeError from None
        raise
    except Exception as failure:  # noqa: BLE001 - the last door: no traceback reaches a user
        return _foreign(failure, arguments)


def _foreign(failure: Exception, arguments: Sequence[str]) -> int:
    """The command line's own complaints are usage; anything else is a bug of ours."""
    from tinyllm.cli import say
    from tinyllm.errors import Bug, UsageError, classify

    if type(failure).__name__ == "NoArgsIsHelpError":
        say.answer(failure.format_message())  # type: ignore[attr-defined]
        return 0
    if hasattr(failure, "format_message"):
        where = getattr(getattr(failure, "ctx", None), "command_path", "") or _named(arguments)
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


def _named(arguments: Sequence[str]) -> str:
    """The command that these words begin with: a flag without its value does not say whose it is."""
    import typer

    command: Any = typer.main.get_command(_app())
    words = ["tinyllm"]
    for word in arguments:
        command = command.get_command(None, word) if hasattr(command, "get_command") else None
        if command is None:
            break
        words.append(word)
    return " ".join(words)


ROOT_FLAGS = ("-h", "--help", "-V", "--version", "--install-completion", "--show-completion")


def _meant(arguments: list[str]) -> list[str]:
    """`tinyllm "a question"` means `run`; what is nearly a command is a slip, not a question."""
    from tinyllm.cli.commands import COMMANDS

    if not arguments and sys.stdin is not None and not sys.stdin.isatty() and _piped():
        return ["run"]
    if not arguments or arguments[0] in (*COMMANDS, *ROOT_FLAGS):
        return arguments
    if arguments in (["help"], ["version"]):
        return [f"--{arguments[0]}"]
    first = arguments[0]
    if first.startswith("-") and (" " in first or first[1:2].isdigit()):
        return ["run", "--", *arguments]  # a question about a negative number
    if first.isalpha():
        _did_you_mean(first, arguments[1:])
    if " " not in first and arguments[1:] in (["--help"], ["-h"]) and not first.startswith("-"):
        _no_command(first)
    return ["run", *arguments]


def _piped() -> bool:
    """Something comes in on stdin, and it is not merely open."""
    from tinyllm.cli.stdin import comes_in

    return comes_in()


def _did_you_mean(word: str, rest: list[str]) -> None:
    """Refuse one word close to a command, alone or before what that command takes."""
    from tinyllm.cli.commands import COMMANDS
    from tinyllm.errors import UsageError
    from tinyllm.problems import did_you_mean

    # Of those it may be, the one that has what comes next.
    having = [name for name in COMMANDS if rest and rest[0] in COMMANDS[name].inner]
    meant = did_you_mean(word, having) or did_you_mean(word, COMMANDS)
    name = meant.split('"')[1] if meant else ""
    if not meant or (rest and not _taken(word, name, rest)):
        return
    asked = " ".join([word, *rest])
    raise UsageError(f"there is no command {word!r}", hint=f'{meant} To ask it: tinyllm run "{asked}"')


def _no_command(word: str) -> None:
    """Nobody asks for the help of a question."""
    from tinyllm.errors import UsageError

    raise UsageError(f"there is no command {word!r}", hint="`tinyllm --help` lists them")


def _taken(word: str, name: str, rest: list[str]) -> bool:
    """Is this what a command takes: an option, a command inside it, files? A sentence is not."""
    from itertools import takewhile

    from tinyllm.cli.commands import COMMANDS

    if rest[0].startswith("-") or rest[0] in COMMANDS[name].inner:
        return True
    given = list(takewhile(lambda each: not each.startswith("-"), rest))
    swapped = sorted(word.lower()) == sorted(name)  # its letters in another order are no other word
    return all(map(_like_a_file, given)) or (swapped and len(given) == 1 and " " not in given[0])


def _like_a_file(text: str) -> bool:
    stem, dot, ending = text.rpartition(".")
    named = bool(stem and dot) and ending.isalnum() and len(ending) <= 6
    return " " not in text and (named or "/" in text)


def _app() -> "Any":
    import typer

    from tinyllm.cli.commands import Commands

    app = typer.Typer(
        cls=Commands,
        help="Small local models that behave like one model you can trust.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def shown(version: bool) -> None:
        if version:
            from tinyllm import __version__
            from tinyllm.cli import say

            say.answer(f"tinyllm {__version__}")
            raise typer.Exit

    @app.callback()
    def root(
        version: bool = typer.Option(
            False, "--version", "-V", help="Show the version and exit.", is_eager=True, callback=shown
        ),
    ) -> None: ...

    return app

"""Which commands may run, with which options: what is not listed is refused, since options can run programs too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tinyllm.errors import BadReply, Permanent, TinyError
from tinyllm.toolkit import Inside

ARGUMENTS, LONGEST = 100, 4_000


@dataclass(frozen=True, slots=True)
class Command:
    """The options of one program: letters alone, letters that take a value, and how many names may follow."""

    alone: str = ""
    valued: str = ""
    most: int = ARGUMENTS
    first: tuple[str, ...] = ()  # what we put in front
    begins: str = ""  # what every operand must begin with


DIGITS = "0123456789"
COMMANDS: Mapping[str, Command] = {
    "basename": Command(),
    "cat": Command("bensAET"),
    "cksum": Command(),
    "cmp": Command("bls", "n"),
    "comm": Command("123"),
    "cut": Command("s", "bcdf"),
    "date": Command("uIR", "d", most=1, begins="+"),
    "df": Command("hT"),
    "diff": Command("uqiwbBy", "U", most=2, first=("--no-dereference",)),
    "dirname": Command(),
    "du": Command("abchs", "d"),
    "echo": Command("en"),
    "file": Command("bi"),
    "fold": Command("s", "w"),
    "grep": Command("EFHLachilnoqrsvwx", "ABCem"),
    "head": Command("qv" + DIGITS, "cn"),
    "ls": Command("1AFRSadhlrst"),
    "nl": Command("", "bnw"),
    "od": Command("c", "ANtw"),
    "paste": Command("s", "d"),
    "pwd": Command(),
    "rev": Command(),
    "seq": Command("w", "s"),
    "sha256sum": Command("b"),
    "sort": Command("MVbcdfghnrsu", "kt"),
    "stat": Command("", "c"),
    "tac": Command(),
    "tail": Command("qv" + DIGITS, "cn"),
    "tr": Command("Ccds", most=2),
    "uname": Command("amrs"),
    "uniq": Command("cdiu", "fsw", most=1),
    "wc": Command("Lclmw"),
}
# The words of `find`, and how many words each takes.
FIND: Mapping[str, int] = {
    "!": 0, "(": 0, ")": 0, "-a": 0, "-and": 0, "-empty": 0, "-iname": 1, "-maxdepth": 1, "-mindepth": 1, "-mmin": 1,
    "-mtime": 1, "-name": 1, "-newer": 1, "-not": 0, "-o": 0, "-or": 0, "-path": 1, "-print": 0, "-size": 1, "-type": 1,
}  # fmt: skip
INSTEAD: Mapping[str, str] = {
    "awk": "use text_extract or data_query", "bash": "name one program and its arguments", "env": "name the program itself",
    "git": "use git_status, git_diff, git_log or git_commit", "node": "there is no tool for it", "perl": "use text_replace",
    "python": "use code_run", "python3": "use code_run", "sed": "use text_replace or files_patch",
    "sh": "name one program and its arguments", "sqlite3": "use sql_query", "xargs": "call the program once for each",
}  # fmt: skip


def checked(command: Sequence[str]) -> list[str]:
    """The command as it may run, or why it may not."""
    if (
        not command
        or len(command) > ARGUMENTS
        or any(len(part) > LONGEST or "\0" in part for part in command)
    ):
        raise BadReply(
            f"a command is a list of 1 to {ARGUMENTS} words",
            hint='write it like ["ls", "-l", "data"]',
            code="CLI_USAGE",
        )
    name, *arguments = command
    if name == "find":
        return [name, *_found(arguments)]
    known = COMMANDS.get(name)
    if known is None:
        hint = INSTEAD.get(name, f"the programs are {', '.join(sorted([*COMMANDS, 'find']))}")
        shell = (
            " There is no shell: no pipes, no quotes, no variables." if set(name) & set(" |;&$<>`") else ""
        )
        raise _refused(f"{name[:80]!r} is not a program that may run.{shell}", hint)
    operands = list(_operands(name, known, arguments))
    if len(operands) > known.most or not all(each.startswith(known.begins) for each in operands):
        raise _refused(
            f"{name} takes no such arguments here", f"give at most {known.most}, without what writes or sets"
        )
    return [name, *known.first, *arguments]


def _operands(name: str, known: Command, arguments: Sequence[str]) -> Iterator[str]:
    """The arguments that are no options; every option is looked at, and everything stays inside."""
    waiting, literal = iter(arguments), False
    for argument in waiting:
        if literal or not argument.startswith("-") or argument == "-":
            yield _inside(argument)
        elif argument == "--":
            literal = True
        elif argument.startswith("--"):
            raise _refused(
                f"{name} may not have the option {argument[:80]!r}", f"use the short options -{known.alone}"
            )
        else:
            _option(name, known, argument, waiting)


def _option(name: str, known: Command, argument: str, waiting: Iterator[str]) -> None:
    for place, letter in enumerate(argument[1:], 2):
        if letter in known.alone:
            continue
        if letter not in known.valued:
            allowed = (
                f"its options are -{known.alone}{known.valued}"
                if known.alone + known.valued
                else "it has none here"
            )
            raise _refused(f"{name} may not have the option -{letter}", allowed)
        _inside(argument[place:] or next(waiting, ""))
        return


def _found(arguments: Sequence[str]) -> list[str]:
    """`find` with words that only look: no -exec, -delete or -fprint, and links not followed."""
    waiting = iter(arguments)
    for argument in waiting:
        if argument in FIND:
            for _ in range(FIND[argument]):
                _inside(next(waiting, ""))
        elif argument.startswith("-"):
            raise _refused(f"find may not have {argument[:80]!r}", f"its words are {' '.join(FIND)}")
        else:
            _inside(argument)
    return list(arguments)


def _inside(value: str) -> str:
    """A value that names nothing outside of the workspace."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or value.startswith("~"):
        raise _refused(
            f"{value[:80]!r} leads out of the workspace", "use names inside of it, such as data/sales.csv"
        )
    if value.isprintable() and 0 < len(value) < 1_000:
        try:
            Inside.of(value)
        except TinyError as failure:
            raise _refused(failure.message, failure.hint) from failure
    return value


def _refused(why: str, hint: str) -> Permanent:
    return Permanent(why, hint=hint, code="COMMAND_REFUSED")

"""Files that a command writes for people: told when they are written, and why when they cannot be."""

from pathlib import Path

from tinyllm.cli import say
from tinyllm.errors import UsageError


def wrote(path: Path, text: str, *, over: bool = True) -> None:
    """Write a file, over one that is there only where that is meant."""
    try:
        with path.open("w" if over else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="choose another name") from None
    except (OSError, UnicodeError) as failure:
        why = getattr(failure, "strerror", None) or str(failure)
        raise UsageError(f"{path} cannot be written: {why}", hint="choose another file") from failure
    say.note(f"wrote {path}")

"""Named places where a test may make the program fail, die or wait.

`TINYLLM_FAILPOINTS=commit.before:kill@3` kills the process at the third passage; a harness may also install its own
action with `arm`. Without either, a passage costs one dictionary look-up.
"""

import os
import signal
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Action = Callable[[str], None]

_armed: dict[str, list[tuple[int, Action]]] = {}
_passed: dict[str, int] = {}


class Failed(OSError):
    """What an armed `error` failpoint raises: an I/O error, as a disk would."""


def kill(_name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def error(name: str) -> None:
    raise Failed(5, f"failpoint {name}")


ACTIONS: dict[str, Action] = {"kill": kill, "error": error}


def hit(name: str) -> None:
    """Pass the named place; the action armed for this passage, or for every passage, happens."""
    if not _armed:
        return
    for wanted in (name, "*"):
        if wanted not in _armed:
            continue
        _passed[wanted] = _passed.get(wanted, 0) + 1
        for nth, action in _armed[wanted]:
            if nth in (0, _passed[wanted]):
                action(name)


def arm(name: str, action: Action, nth: int = 0) -> None:
    """Make the nth passage of `name` (each one when 0; of any place when `*`) do `action`."""
    _armed.setdefault(name, []).append((nth, action))


def disarm() -> None:
    _armed.clear()
    _passed.clear()


def passages(name: str = "*") -> int:
    return _passed.get(name, 0)


@contextmanager
def armed(name: str, action: Action, nth: int = 0) -> "Iterator[None]":
    arm(name, action, nth)
    try:
        yield
    finally:
        disarm()


def arm_from(text: str) -> None:
    """Arm what a `name:action@nth,…` text says."""
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, rest = part.partition(":")
        action, _, nth = rest.partition("@")
        arm(name, ACTIONS[action or "kill"], int(nth or 0))


if os.environ.get("TINYLLM_FAILPOINTS"):
    arm_from(os.environ["TINYLLM_FAILPOINTS"])

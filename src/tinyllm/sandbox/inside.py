"""The first code inside the sandbox: give up all rights, run the job, report. It runs alone: only the standard library.

It is given to a fresh interpreter as text, reads the job as JSON from standard input, and writes one JSON object to the
file descriptor that the job names.
"""

import ast
import base64
import contextlib
import json
import os
import resource
import sys
from types import TracebackType
from typing import Any

NAME = "<code>"
SHOWN = 2000


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    report = os.dup(job["report"])
    kept = kept_apart() if job["report"] == 1 else {}
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    give_up_rights(job["limits"], job["uid"])
    for path, content in job["files"].items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)  # noqa: PTH103, PTH120 - pathlib is slow to import
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(base64.b64decode(content))
    outcome = Outcome()
    with outcome:
        outcome.value = plain(computed(job["code"], job["inputs"]))
    with outcome:
        sys.stdout.flush()
        sys.stderr.flush()
    report_on = {"ok": not outcome.error, "value": outcome.value, "error": outcome.error}
    told = json.dumps(report_on | {name: read_back(path) for name, path in kept.items()}).encode()
    while told:
        told = told[os.write(report, told) :]
    # Threads and exit hooks of the code get no more time.
    os._exit(0)


def kept_apart() -> dict[str, str]:
    """Where only standard output leads out, the report takes it: what the code prints is kept in files."""
    kept = {"stdout": ".stdout", "stderr": ".stderr"}
    for number, path in enumerate(kept.values(), start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    return kept


def read_back(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(400_000).decode("utf-8", "replace")
    except OSError:
        return ""


def give_up_rights(limits: dict[str, int], uid: int) -> None:
    """Limits on memory, time, file size, open files and threads; and never root."""
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    for name, value in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


class Outcome:
    """Keeps what was raised, whatever it was: the code may raise anything, `SystemExit` included."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error = ""

    def __enter__(self) -> "Outcome":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if kind is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            return True
        self.value = None
        self.error = kind.__name__
        # Even asking for its message runs code of a stranger, which may raise anything.
        with contextlib.suppress(BaseException):
            said = error.msg if isinstance(error, SyntaxError) else str(error)
            self.error = f"{kind.__name__}: {said}"[:SHOWN].removesuffix(": ") + place(error, trace)
        return True


def place(error: BaseException | None, trace: TracebackType | None) -> str:
    """The line of the code that raised, not lines of ours."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == NAME else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""


def computed(code: str, inputs: dict[str, Any]) -> Any:
    """Run it; the value is the last line's, when that is an expression."""
    space = {"__name__": "__main__", **inputs}
    tree = ast.parse(code, NAME)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NAME, "exec"), space)  # noqa: S102 - this is what the sandbox is for
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), NAME, "eval"), space)  # noqa: S307
    return None


def plain(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return repr(value)[:10_000]


if __name__ == "__main__":
    main()

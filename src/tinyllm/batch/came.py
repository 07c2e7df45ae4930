"""What came of a row, as its line in the output: an answer, from a run or from the database, or a failure."""

from typing import Any

from tinyllm.answer import Answer
from tinyllm.batch.given import Given
from tinyllm.errors import TinyError
from tinyllm.errors.codes import CODES
from tinyllm.guard.attempt import OF_THE_HOST
from tinyllm.transactions import RunRow

Came = dict[str, Any]
REFUSED, WAITING = 5, 6
# Not the row's doing: who finds such a run asks the row again.
OUTSIDE = (*OF_THE_HOST, "CIRCUIT_OPEN", "MODEL_NOT_FOUND")
STATUS = {REFUSED: "refused", WAITING: "waiting"}


def _row(given: Given) -> Came:
    return {"index": given.index, "id": given.id}


def answered(given: Given, answer: Answer) -> Came:
    return {**_row(given), **answer.as_dict()}


def recorded(given: Given, row: RunRow) -> Came:
    """A committed run as the database has it: nothing is asked again."""
    return {**_row(given), **(row.answer or {})}


def waits(given: Given, row: RunRow) -> Came:
    return {**_row(given), "run": row.id, "status": "waiting", "answer": "", "question": row.waits or {}}


def failed(given: Given, failure: TinyError, run: str = "") -> Came:
    return _failure(given, run, str(failure), failure.hint, failure.code, failure.exit_code)


def recorded_failure(given: Given, row: RunRow) -> Came:
    error = row.error or {"code": "ROLLED_BACK", "message": "it was rolled back"}
    code = error.get("code", "")
    exit_code = error.get("exit_code") or (CODES[code].exit_code if code in CODES else 1)
    where, said = error.get("where", ""), error.get("message", "")
    return _failure(
        given, row.id, f"{where}: {said}" if where else said, error.get("hint", ""), code, int(exit_code)
    )


def _failure(given: Given, run: str, error: str, hint: str, code: str, exit_code: int) -> Came:
    return {
        **_row(given),
        "run": run,
        "status": STATUS.get(exit_code, "failed"),
        "answer": "",
        "error": error,
        "hint": hint,
        "code": code,
        "exit_code": exit_code,
    }


class Open(dict[str, Any]):
    """A row for which no model server was there: that says nothing about it."""

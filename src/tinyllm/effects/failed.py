"""A failure as the ledger keeps it, and the same failure again when the run is replayed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tinyllm.errors import TinyError, tree
from tinyllm.redaction import safe

Names = Callable[[Exception], TinyError]  # what a failure is called, without the secrets in it
CLASSES = {
    name: each for name, each in vars(tree).items() if isinstance(each, type) and issubclass(each, TinyError)
}


def told(failure: BaseException, names: Names) -> dict[str, Any] | None:
    """What whoever handles it looks at, under the nearest class that users know; nothing of a stop."""
    named = names(failure) if isinstance(failure, Exception) else None
    if named is None or named.kind == "cancelled":
        return None
    deserves = named.deserves
    return {
        "class": next(each.__name__ for each in type(named).__mro__ if each.__name__ in CLASSES),
        **named.as_dict(),
        "message": safe(named.message),
        "retry": deserves.retry,
        "exit_code": deserves.exit_code,
    }


def again(kept: Mapping[str, Any]) -> TinyError:
    """The failure that was kept."""
    failure = CLASSES[kept["class"]](
        kept["message"], hint=kept["hint"], where=kept["where"], code=kept["code"], retry=kept["retry"]
    )
    failure.deserves = replace(failure.deserves, exit_code=kept["exit_code"])
    return failure

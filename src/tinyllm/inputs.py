"""What a run is given: the question under its name, and every input that the graph asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.spec import GraphSpec

LONGEST = 1_000_000  # characters of a question; no small model reads more


def inputs_of(
    spec: "GraphSpec", question: str, inputs: Mapping[str, Any] | None, attached: Sequence[Path] = ()
) -> dict[str, Any]:
    """The inputs, or what is missing."""
    if len(question) > LONGEST:
        raise UsageError(
            f"the question has {len(question):,} characters; the limit is {LONGEST:,}",
            hint="cut it, or put the text into a file",
        )
    given = dict(inputs or {})
    if attached:
        given["attached"] = [str(readable(path)) for path in attached]
    missing = [name for name in spec.inputs if name not in given and name != "question"]
    if question:
        given["question"] = question
        # A graph with one input of its own takes the prompt for it.
        if len(missing) == 1:
            given[missing.pop()] = question
    if missing:
        raise UsageError(
            f"the graph {spec.name!r} needs the input {missing[0]!r}: {spec.inputs[missing[0]]}",
            hint=f"give it with -i '{{\"{missing[0]}\": …}}'",
        )
    if not given:
        raise UsageError("there is no question", hint='ask one: tinyllm run "What is 2 + 2?"')
    return given


def readable(path: Path) -> Path:
    """A file that is attached: it is there, and there is something in it."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="check the path of --attach")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as failure:
        why = failure.strerror or str(failure)
        raise UsageError(f"{path} cannot be read: {why}", hint="check who may read it") from failure
    if empty:
        raise UsageError(f"{path} is empty", hint="attach a file with something in it, or none")
    return path.resolve()

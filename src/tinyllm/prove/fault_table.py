"""What must happen when something goes wrong: the table, written before the code that is held to it.

Every question may go to two models on one server: `main`, and `spare`, which steps in for it. A row says, for a fault
and the points of a call where it strikes, how the question ends (the model that answered, or the code of the failure),
how many requests the server saw, and what the breakers have counted afterwards. Sockets, tasks, threads and requests
that are left over are never allowed.
"""

from dataclasses import dataclass
from typing import Any, Final

ANSWERS: Final = ("first", "mid", "whole", "tool", "schema", "route")
LATE: Final = ("mid", "whole", "tool", "schema", "route")  # once something was sent
AT_ONCE: Final = ("first", "whole", "tool", "schema", "route")
SPOKEN: Final = ("first", "whole", "schema", "route")  # where the reply is text


@dataclass(frozen=True, slots=True)
class Row:
    """One fault at one or several points."""

    fault: str
    points: tuple[str, ...]
    ends: str  # main, spare, or the code of the failure
    calls: int  # requests that reached the server
    breakers: str = ""  # "main 1": one failure counted; "main open"; nothing: all is well
    exit: int = 0
    waits: int = 0  # seconds that were waited at least, on the virtual clock
    before: str = ""  # the state of the breakers when it begins
    alike: int | None = None  # how often a model was sent the very same request again; None: it may happen


def wrong(fault: str, points: tuple[str, ...], ends: str, calls: int, **more: Any) -> Row:
    """A row for a reply that cannot be used: asked for again, it is never asked for in the same way."""
    return Row(fault, points, ends, calls, alike=0, **more)


TABLE: Final = (
    # Nobody there.
    Row("healthy", ANSWERS, "main", 1),
    Row("refused", AT_ONCE, "MODEL_SERVER_DOWN", 0, "host open", exit=4),
    Row("refused", ("show",), "MODEL_SERVER_DOWN", 0, "host open", exit=4),
    Row("unreachable", AT_ONCE, "MODEL_CONNECT_TIMEOUT", 0, "host 1", exit=124),
    # The connection breaks: asked again, on the same model and on the next.
    Row("reset", ANSWERS, "MODEL_SERVER_DROPPED", 6, "main 1, spare 1", exit=4),
    Row("reset once", ANSWERS, "main", 2),
    Row("cut", ANSWERS, "MODEL_SERVER_DROPPED", 6, "main 1, spare 1", exit=4),
    Row("cut once", ANSWERS, "main", 2),
    Row("garbage", ("first",), "MODEL_SERVER_DROPPED", 6, "main 1, spare 1", exit=4),
    Row("garbage", LATE, "BAD_GATEWAY_BODY or MODEL_SERVER_DROPPED", 6, "main 1, spare 1", exit=4),
    # It is slow, or silent: too slow for this model is too slow again, so the next one is asked.
    Row("blackhole", ANSWERS, "MODEL_READ_TIMEOUT", 2, "main 1, spare 1", exit=124),
    Row("drip", ANSWERS, "MODEL_READ_TIMEOUT", 2, "main 1, spare 1", exit=124),
    Row("hang", LATE, "spare", 2, "main 1"),
    Row("latency", ANSWERS, "main", 1),
    Row("slices", ANSWERS, "main", 1),
    Row("narrow", ANSWERS, "main", 1),
    # The server says that it fails.
    Row("crash", AT_ONCE, "spare", 3, "main 1"),
    Row("crash once", AT_ONCE, "main", 2),
    Row("crash midway", LATE, "spare", 3, "main 1"),
    Row("busy", AT_ONCE, "spare", 4),
    Row("busy for 3 s", AT_ONCE, "main", 2, waits=3),
    Row("busy for 600 s", AT_ONCE, "spare", 2),
    Row("limited for 3 s", AT_ONCE, "main", 2, waits=3),
    Row("limited until a date", ("first", "whole"), "main", 2, waits=3),
    Row("no memory", AT_ONCE, "spare", 2, "main 1"),
    Row("not installed", AT_ONCE, "spare", 2),
    Row("none installed", ("first", "whole"), "MODEL_NOT_FOUND", 2, exit=4),
    Row("proxy page", AT_ONCE, "spare", 4, "main 1"),
    Row("no such capability", ("tool",), "spare", 2),
    # The server says 200 and something is wrong: the request is changed, twice, then the next model is asked.
    wrong("no done", LATE, "spare", 4),
    wrong("no done once", LATE, "main", 2),
    Row("garbage line", LATE, "spare", 4, "main 1"),
    Row("reset midway", LATE, "spare", 4, "main 1"),
    wrong("empty", ANSWERS, "spare", 4),
    wrong("empty once", ANSWERS, "main", 2),
    wrong("cut off", SPOKEN, "spare", 4),
    wrong("cut off once", SPOKEN, "main", 2),
    wrong("loop", SPOKEN, "spare", 4),
    wrong("refusal", SPOKEN, "spare", 2),
    wrong("refusals", SPOKEN, "OUTPUT_REFUSED", 2, exit=5),
    wrong("thoughts", SPOKEN, "main", 1),
    wrong("only thoughts", SPOKEN, "spare", 4),
    wrong("question cut", SPOKEN, "main", 2),
    wrong("prose around", ("schema",), "main", 1),
    wrong("not JSON", ("schema", "route"), "spare", 4),
    wrong("JSON cut", ("schema",), "spare", 4),
    wrong("wrong schema", ("schema", "route"), "spare", 4),
    wrong("wrong schema everywhere", ("schema",), "OUTPUT_SCHEMA", 6, exit=5),
    wrong("invented tool", ("tool",), "spare", 4),
    wrong("invented tool once", ("tool",), "main", 2),
    wrong("broken call", ("tool",), "spare", 4),
    wrong("broken call once", ("tool",), "main", 2),
    wrong("call as text", ("tool",), "main", 1),
    wrong("no tools", ("show",), "main", 2),
    # We stop it ourselves: that says nothing about the model.
    Row("cancelled", ANSWERS, "CANCELLED", 1, exit=130),
    Row("deadline", ANSWERS, "DEADLINE_EXCEEDED", 1, exit=124),
    # What the breakers make of it.
    Row("healthy", ANSWERS, "spare", 1, "main open", before="main open"),
    Row("healthy", ANSWERS, "CIRCUIT_OPEN", 0, "host open", exit=4, before="host open"),
    Row("healthy", ("show",), "CIRCUIT_OPEN", 0, "host open", exit=4, before="host open"),
    Row("healthy", AT_ONCE, "main", 1, "main half-open 1", before="main half-open"),
    Row("healthy", AT_ONCE, "main", 1, before="main half-open 1"),
    Row("healthy", AT_ONCE, "main", 1, before="main 2"),
    Row("crash", AT_ONCE, "spare", 2, "main open", before="main 2"),
    Row("crash", AT_ONCE, "spare", 2, "main open", before="main half-open 1"),
    Row("empty", AT_ONCE, "spare", 4, "main 2", before="main 2"),
    Row("empty", AT_ONCE, "spare", 4, "main half-open 1", before="main half-open 1"),
    Row("busy", AT_ONCE, "spare", 4, "main 2", before="main 2"),
    Row("cancelled", AT_ONCE, "CANCELLED", 1, "main half-open 1", exit=130, before="main half-open 1"),
    Row("deadline", AT_ONCE, "DEADLINE_EXCEEDED", 1, "main 2", exit=124, before="main 2"),
    Row("refused", AT_ONCE, "MODEL_SERVER_DOWN", 0, "host open, main 2", exit=4, before="main 2"),
    Row("no store", ANSWERS, "main", 1),
)  # fmt: skip

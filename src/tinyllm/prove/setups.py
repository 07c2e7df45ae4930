"""What each fault of the table is: what the simulated models say, and what happens to their bytes."""

import email.utils
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tinyllm.models import Ask, Entry
from tinyllm.testing.faults import (
    Bandwidth,
    Blackhole,
    Cut,
    Drip,
    Fault,
    Garbage,
    Latency,
    Refuse,
    Reset,
    Slice,
)
from tinyllm.testing.simulator import Reply, ToolCall

SCHEMA: Final = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ADD: Final = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
            "required": ["a", "b"],
        },
    },
}
QUESTION: Final = ({"role": "user", "content": "How much is two and two?"},)
ROUTES: Final = {
    "type": "object",
    "properties": {"labels": {"type": "array", "items": {"type": "string", "enum": ["math", "code"]}}},
    "required": ["labels"],
}


def asked(point: str, token: Callable[[str], None]) -> Ask:
    """The request of each point."""
    if point in ("tool", "show"):
        return Ask(QUESTION, tools=(ADD,))
    if point == "schema":
        return Ask(QUESTION, schema=SCHEMA)
    if point == "route":
        return Ask(QUESTION, schema=ROUTES, options={"temperature": 0, "num_predict": 64})
    if point == "whole":
        return Ask(QUESTION, options={"num_predict": 64})
    return Ask(QUESTION, token=token)


def good(point: str) -> Reply:
    """What a model says that does its work."""
    if point in ("tool", "show"):
        return Reply(tool_calls=(ToolCall("add", {"a": 2, "b": 2}),))
    text = {"schema": '{"n": 4}', "route": '{"labels": ["math"]}'}
    return Reply(text.get(point, "The answer is four, as two and two make four."))


@dataclass(frozen=True)
class Setup:
    """The world in which one question is asked."""

    main: Sequence[Reply] = ()  # before its good replies; the last one repeats when `always`
    always: bool = False
    spare: Reply | None = None
    bytes: Sequence[Fault] | Callable[[int], Sequence[Fault]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    stops: str = ""  # "cancelled" or "deadline"
    where: str = ""  # another address than the proxy's: "full"
    shelf: str = ""
    tools: bool = True

    def replies(self, point: str) -> list[Reply]:
        return list(self.main) if self.always else [*self.main, good(point)]


QUICK: Final = {"load_timeout": 0.5, "idle_timeout": 0.4, "call_timeout": 1.0}
IMPATIENT: Final = {"load_timeout": 0.3, "idle_timeout": 0.3, "call_timeout": 0.4}
STOPPED: Final = "model runner has unexpectedly stopped, this may be due to resource limitations"
BUSY: Final = "server busy, please try again.  maximum pending requests exceeded"
MEMORY: Final = "model requires more system memory (9.1 GiB) than is available (3.2 GiB)"
CALL: Final = "error parsing tool call: raw='{\"a\": 2', err=unexpected end of JSON input"
NO: Final = "I'm sorry, but I can't help with that."
PAGE: Final = "<html><head><title>502 Bad Gateway</title></head></html>"
AS_TEXT: Final = 'I will add them: {"name": "add", "arguments": {"a": 2, "b": 2}}'
MIDWAY: Final = 330  # bytes: behind the head of the response and one line
ROUND: Final = "and then the cat sat on the mat, " * 200


def setup(fault: str, point: str, now: float) -> Setup:
    """The world for a fault at a point; "… once" is the fault, and then all is well."""
    if fault.endswith(" once"):
        always = setup(fault.removesuffix(" once"), point, now)
        if always.bytes:
            faults = always.bytes if isinstance(always.bytes, Sequence) else ()
            return replace(always, bytes=lambda number: faults if number == 0 else ())
        return replace(always, always=False)
    for family in (_network, _server, _reply, _ours):
        if found := family(point, now).get(fault):
            return found
    raise KeyError(fault)


def _network(point: str, _now: float) -> dict[str, Setup]:
    after = MIDWAY if point == "mid" else 0
    return {
        "refused": Setup(bytes=[Refuse()]),
        "unreachable": Setup(where="full", settings={"connect_timeout": 0.1}),
        "reset": Setup(bytes=[Reset(after)]),
        "cut": Setup(bytes=[Cut(after)]),
        "garbage": Setup(bytes=[Garbage(0 if point == "first" else MIDWAY - 100)]),
        "blackhole": Setup(bytes=[Blackhole(after)], settings=IMPATIENT),
        "drip": Setup(bytes=[Drip(0.02)], settings=IMPATIENT),
        "latency": Setup(bytes=[Latency(0.01, 0.01)]),
        "slices": Setup(bytes=[Slice(1)]),
        "narrow": Setup(bytes=[Bandwidth(40_000)]),
    }


def _server(_point: str, now: float) -> dict[str, Setup]:
    def says(status: int, error: str, **more: Any) -> Setup:
        return Setup([Reply(status=status, error=error, **more)], always=True)

    def first(status: int, error: str, wait: str) -> Setup:
        return replace(says(status, error, headers={"Retry-After": wait}), always=False)

    date = email.utils.formatdate(now + 5, usegmt=True)
    missing = says(404, "model 'main:1b' not found")
    return {
        "crash": says(500, STOPPED),
        "busy": says(503, BUSY),
        "busy for 3 s": first(503, BUSY, "3"),
        "busy for 600 s": first(503, BUSY, "600"),
        "limited for 3 s": first(429, "too many requests", "3"),
        "limited until a date": first(429, "too many requests", date),
        "no memory": says(500, MEMORY),
        "not installed": missing,
        "none installed": replace(missing, spare=Reply(status=404, error="model 'spare:1b' not found")),
        "proxy page": Setup([Reply(status=502, body=PAGE)], always=True),
        "no such capability": says(400, "registry.ollama.ai/library/main:1b does not support tools"),
    }


def _reply(point: str, _now: float) -> dict[str, Setup]:
    def says(text: str, **more: Any) -> Setup:
        return Setup([Reply(text, format="ignore", **more)], always=True)

    def breaks(**how: Any) -> Setup:
        return says("one two three four five", after=2, **how)

    whole = good(point)
    thought = replace(whole, text=f"<think>Two and two.</think>\n{whole.text}", format="ignore")
    return {
        "crash midway": breaks(ending="error", error=STOPPED),
        "hang": replace(breaks(ending="hang"), settings=QUICK),
        "no done": breaks(ending="silent"),
        "garbage line": breaks(ending="garbage"),
        "reset midway": breaks(ending="reset"),
        "empty": says(""),
        "cut off": says("one two three", done_reason="length"),
        "loop": says(ROUND),
        "refusal": says(NO),
        "refusals": replace(says(NO), spare=Reply(NO, format="ignore")),
        "thoughts": Setup([thought], always=True),
        "only thoughts": says("<think>Two and two, hm.</think>"),
        "question cut": Setup([replace(whole, prompt_tokens=8192)], always=True),
        "prose around": says('Here you are:\n```json\n{"n": 4}\n```\nAnything else?'),
        "not JSON": says("It must be four."),
        "JSON cut": says('{"n": 4, "because": ["two'),
        "wrong schema": says('{"n": "four"}'),
        "wrong schema everywhere": replace(says('{"n": "x"}'), spare=Reply('{"m": 1}', format="ignore")),
        "invented tool": Setup([Reply(tool_calls=(ToolCall("sum_up", {"x": 1}),))], always=True),
        "broken call": Setup([Reply(status=500, error=CALL)], always=True),
        "call as text": says(AS_TEXT),
        "no tools": replace(says('{"tool": "add", "arguments": {"a": 2, "b": 2}}'), tools=False),
    }


def _ours(_point: str, _now: float) -> dict[str, Setup]:
    slow = Reply("never", first_delay=30.0)
    return {
        "healthy": Setup(),
        "cancelled": Setup([slow], always=True, stops="cancelled"),
        "deadline": Setup([slow], always=True, stops="deadline"),
        "no store": Setup(shelf="broken"),
    }


def entries() -> dict[str, Entry]:
    return {
        "main": Entry(key="main", name="main:1b", tier=1, fallback="spare"),
        "spare": Entry(key="spare", name="spare:1b", tier=2),
    }

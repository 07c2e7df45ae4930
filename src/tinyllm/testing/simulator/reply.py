"""What a simulated model says, and how the wire carries it."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Shape = Literal["native", "rendered"]
Ending = Literal["done", "silent", "error", "reset", "hang", "garbage"]
Writes = Literal["lines", "split", "joined", "letters"]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class ToolCall:
    """One call a model asks for. Arguments that are text stand for arguments that are not JSON."""

    name: str
    arguments: dict[str, Any] | str = Field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True, config=_STRICT)
class Reply:
    """One answer: text with its pace, or something going wrong.

    - `status` other than 200: the answer is that status with `error` as its message (or `body` verbatim).
    - `ending` says how it ends after `after` pieces (all of them when left out): `done`; `silent` (the stream stops
      without its last line); `error` (a line with `error`, HTTP 200); `reset`; `hang`; `garbage`.
    - `writes`: how lines meet the socket: one each, `split` in two, `joined` in pairs, or by single `letters` (bytes).
    """

    text: str = ""
    chunks: tuple[str, ...] | None = None
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    shape: Shape | None = None
    done_reason: str = "stop"
    format: Literal["obey", "cut", "violate", "ignore"] = "obey"
    first_delay: float = 0.0
    delay: float = 0.0
    status: int = 200
    error: str = ""
    body: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    ending: Ending = "done"
    after: int | None = None
    writes: Writes = "lines"
    prompt_tokens: int | None = None
    eval_tokens: int | None = None

    @property
    def fails_at_once(self) -> bool:
        """Nothing of an answer is sent."""
        if self.status != 200 or self.body is not None:
            return True
        return self.ending in ("hang", "reset", "garbage") and not self.after and not self.said

    @property
    def said(self) -> bool:
        return bool(self.text or self.chunks or self.thinking or self.tool_calls)


def as_reply(value: "Reply | str | Mapping[str, Any]") -> Reply:
    """A reply from its short forms: text, or the fields by name."""
    if isinstance(value, Reply):
        return value
    return Reply(text=value) if isinstance(value, str) else Reply(**value)

"""The messages that a model is shown: counted as they come, pruned before they overflow, tasks and pairs kept whole."""

from collections import deque
from typing import Any

from tinyllm.memory.counting import FRAME, FULL, LETTERS, letters
from tinyllm.state import Message

ROOMY = 0.6  # of the context: how far pruning goes, so that the next message does not begin it again

# What stays or leaves as one: [letters, place, message, …]. A list and not a class: a million of them are made.
Unit = list[Any]


class Window:
    """A running count of letters against a model's context; adding and pruning cost the same at any length."""

    __slots__ = ("_calls", "_full", "_pinned", "_place", "_roomy", "_summary", "_units", "left", "letters")

    def __init__(self, context: int, ratio: float = LETTERS, fixed: float = 0.0) -> None:
        """A context in tokens, letters to a token, and letters that are sent besides, such as those of tools."""
        self.letters = fixed
        self.left: list[Message] = []  # what was pruned and nobody has taken yet, oldest first
        self._units: deque[Unit] = deque()
        self._pinned: list[Unit] = []
        self._calls: dict[str, Unit] = {}  # a tool call that waits for its result → the unit it stands in
        self._place = 0
        self._summary = ""
        self.fit(context, ratio)

    def fit(self, context: int, ratio: float) -> None:
        """Another model, or a better count of this one: nothing is counted again."""
        self._full, self._roomy = context * ratio * FULL, context * ratio * ROOMY
        if self.letters > self._full:
            self._prune()

    def add(self, message: Message, *, pinned: bool = False) -> None:
        """Add a message; a pinned one never leaves, nor what belongs to it."""
        self._place += 1
        if pinned or message["role"] == "tool" or "tool_calls" in message:
            self._add_bound(message, pinned=pinned)
        else:
            size = letters(message["content"]) + FRAME
            self.letters += size
            self._units.append([size, self._place, message])
        if self.letters > self._full:
            self._prune()

    def _add_bound(self, message: Message, *, pinned: bool) -> None:
        """A message that others hang on: a pinned one, a tool call, or the result of one."""
        size = letters(str(message.get("content", ""))) + FRAME
        calls = message.get("tool_calls", ())
        size += sum(letters(f"{call['name']}{call['args']}") for call in calls)
        unit: Unit = [size, self._place, message]
        if message["role"] == "tool" and not pinned:
            called = self._calls.pop(str(message.get("call", "")), None)
            if called is None:
                self.left.append(message)  # its call has left, or never was: alone it means nothing
                return
            self._join(called, unit)
        else:
            (self._pinned if pinned else self._units).append(unit)
            for call in calls:
                self._calls[str(call["id"])] = unit
        self.letters += size

    def _join(self, called: Unit, result: Unit) -> None:
        """Call and result become one, with all that was said between them."""
        between = []
        if called[0] and any(each is called for each in self._pinned):
            self._pinned.append(result)
            return
        while self._units[-1] is not called:
            between.append(self._units.pop())
        for unit in reversed(between):
            called[0] += unit[0]
            called.extend(unit[2:])
            for id, waits in self._calls.items():
                if waits is unit:
                    self._calls[id] = called
        called[0] += result[0]
        called.extend(result[2:])

    def _prune(self) -> None:
        """The oldest leave until there is room again; the newest stays, for it is what must be answered."""
        units, left = self._units, self.left
        while self.letters > self._roomy and len(units) > 1:
            unit = units.popleft()
            self.letters -= unit[0]
            left.extend(unit[2:])
            unit[0] = 0
        if self._calls:
            self._calls = {id: unit for id, unit in self._calls.items() if unit[0]}

    def take(self) -> list[Message]:
        """What has left since it was last taken; whoever takes it sums it up."""
        left, self.left = self.left, []
        return left

    @property
    def summary(self) -> str:
        """What the messages that left come to."""
        return self._summary

    @summary.setter
    def summary(self, text: str) -> None:
        self.letters += letters(text) - letters(self._summary)
        self._summary = text
        if self.letters > self._full:
            self._prune()

    @property
    def overflows(self) -> bool:
        """What may not leave is more than the context holds."""
        return self.letters > self._full / FULL

    @property
    def messages(self) -> list[Message]:
        """What the model is shown, in the order in which it was said; the summary stands where the rest was."""
        placed = sorted([*self._pinned, *self._units], key=lambda unit: unit[1])
        shown: list[Message] = [message for unit in placed for message in unit[2:]]
        if self._summary:
            at = next((n for n, message in enumerate(shown) if message["role"] != "system"), len(shown))
            shown.insert(at, {"role": "user", "content": self._summary})
        return shown

"""What one question has done so far."""

from dataclasses import dataclass, field

from tinyllm.guard.queue import Place


@dataclass
class Request:
    """A target is blamed once for it, however often it was tried."""

    blamed: set[str] = field(default_factory=set)
    shown: bool = False  # tokens went out to somebody
    said: str = ""  # what the model said last, also when it was no good
    place: Place | None = None  # in the queue of the model that is asked now
    drawn: bool = False  # with a seed of chance, so that another reply comes
    missed: bool = False  # it was looked for among what is kept
    in_words: bool = False  # its tools are described in the prompt, whatever the model could do

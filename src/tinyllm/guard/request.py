"""What one question has done so far."""

from dataclasses import dataclass, field


@dataclass
class Request:
    """A target is blamed once for it, however often it was tried."""

    blamed: set[str] = field(default_factory=set)
    shown: bool = False  # tokens went out to somebody
    said: str = ""  # what the model said last, also when it was no good
    in_words: bool = False  # its tools are described in the prompt, whatever the model could do

"""What is to be run, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from tinyllm.errors import UsageError

if TYPE_CHECKING:
    from tinyllm.documents import Plain

Layer = Literal["auto", "monty", "cpython", "docker"]

OUTPUT = 1_000_000
DISK = 64 * 2**20
CODE = 200_000
PAYLOAD = 8_000_000
FLOODED = f"it wrote more than {OUTPUT // 1000:,} kB"


@dataclass(frozen=True, slots=True)
class Job:
    """Code with its inputs, its files and its limits."""

    code: str
    inputs: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    timeout: float = 10.0
    memory: int = 512 * 2**20
    image: str = ""

    def __post_init__(self) -> None:
        if not 0.05 <= self.timeout <= 3600:
            raise UsageError(f"a timeout of {self.timeout} seconds", hint="choose 0.05 to 3600 seconds")
        if not 32 * 2**20 <= self.memory <= 16 * 2**30:
            raise UsageError(f"{self.memory} bytes of memory", hint="choose 32 MB to 16 GB")
        if len(self.code) > CODE or "\0" in self.code:
            raise UsageError(
                f"the code is longer than {CODE:,} characters, or not text", hint="give less code"
            )
        for name in self.inputs:
            if not name.isidentifier() or name.startswith("__"):
                raise UsageError(f"an input cannot be called {name!r}", hint="use a plain variable name")
        for path in self.files:
            parts = PurePosixPath(path).parts
            if not parts or parts[0] == "/" or ".." in parts or "\0" in path:
                raise UsageError(
                    f"a file cannot be called {path!r}", hint="use a name inside the working folder"
                )
        if sum(map(len, self.files.values())) > PAYLOAD:
            raise UsageError(f"the files have more than {PAYLOAD // 10**6} MB", hint="give smaller files")
        self.plain_inputs()

    def plain_inputs(self) -> str:
        """The inputs as JSON: nothing else goes in."""
        try:
            written = json.dumps(dict(self.inputs), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"the inputs are not plain data: {error}", hint="give JSON values") from error
        if len(written) > PAYLOAD:
            raise UsageError(f"the inputs have more than {PAYLOAD // 10**6} MB", hint="give less")
        return written


class Unfit(Exception):
    """This layer cannot run the job; another one may."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it, and where it ran and why there."""

    ok: bool
    value: "Plain" = None
    stdout: str = ""
    stderr: str = ""
    layer: str = ""
    why: str = ""
    seconds: float = 0.0
    error: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def late(timeout: float) -> str:
    return f"it took longer than {timeout:g} seconds"


def plain(value: object) -> "Plain":
    """A result as plain data; what is not becomes the text that shows it."""
    try:
        told: Plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return repr(value)[:10_000]
    return told

"""Code that a check runs: in the sandbox, once per run of a graph, and remembered."""

from tinyllm import sandbox
from tinyllm.effects import perform
from tinyllm.plain import plain
from tinyllm.sandbox import Ran


async def ran(code: str, seconds: float) -> Ran:
    """What came of it; a resumed run takes what was recorded, because another day it may be slower."""

    async def run(_key: str) -> object:
        return plain((await sandbox.arun(code, timeout=seconds)).as_dict())

    return Ran(**await perform("sandbox", "read", {"code": code, "seconds": seconds}, run))

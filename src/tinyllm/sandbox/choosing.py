"""Which sandbox a piece of code runs in: the lightest that can, and none where there is none."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from tinyllm.errors import Unavailable
from tinyllm.installing import install
from tinyllm.sandbox import cpython, docker, monty
from tinyllm.sandbox.job import Job, Layer, Ran, Unfit

LONG = 120.0
_LAYERS: Mapping[str, ModuleType] = {"monty": monty, "cpython": cpython, "docker": docker}


def layers() -> dict[str, str]:
    """Each layer with the reason why it is missing here; empty for one that is there."""
    return {name: layer.missing() for name, layer in _LAYERS.items()}


def run(
    code: str,
    *,
    inputs: Mapping[str, object] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    timeout: float = 10.0,
    memory: int = 512 * 2**20,
    image: str = "",
    layer: Layer = "auto",
) -> Ran:
    """Run it; `inputs` become variables, the last expression becomes the value. `image` names a container's."""
    contents = {
        path: text.encode() if isinstance(text, str) else text for path, text in (files or {}).items()
    }
    return _run(Job(code, inputs or {}, contents, timeout, memory, image), layer, threading.Event())


async def arun(
    code: str,
    *,
    inputs: Mapping[str, object] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    timeout: float = 10.0,
    memory: int = 512 * 2**20,
    image: str = "",
    layer: Layer = "auto",
) -> Ran:
    """The same without blocking; a cancelled call ends the code."""
    contents = {
        path: text.encode() if isinstance(text, str) else text for path, text in (files or {}).items()
    }
    job, cancelled = Job(code, inputs or {}, contents, timeout, memory, image), threading.Event()
    try:
        return await asyncio.to_thread(_run, job, layer, cancelled)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _run(job: Job, layer: Layer, cancelled: threading.Event) -> Ran:
    passed: list[str] = []
    unfit: Ran | None = None
    for name in _order(job) if layer == "auto" else (layer,):
        if reason := _unsuited(name, job) or _LAYERS[name].missing():
            passed.append(reason)
            continue
        try:
            ran: Ran = _LAYERS[name].run(job, cancelled)
        except Unfit as failure:
            passed.append(f"{name} cannot run it: {failure}")
            unfit = Ran(False, layer=name, error=str(failure))
            continue
        lightest = "it is the lightest that can" if layer == "auto" else "it was asked for"
        return replace(ran, why="; ".join(passed) or lightest)
    if unfit is not None:
        return replace(unfit, why="; ".join(passed))
    raise Unavailable(
        f"code is not run here: {'; '.join(passed)}",
        hint=f"{install('sandbox')}, and on Linux also install bubblewrap",
        code="SANDBOX_MISSING",
        retry="none",
        breaker=False,
    )


def _order(job: Job) -> tuple[str, ...]:
    """From light to heavy; a long job first where it disturbs nobody."""
    if job.image:
        return ("docker",)
    return ("docker", "cpython", "monty") if job.timeout > LONG else ("monty", "cpython", "docker")


def _unsuited(layer: str, job: Job) -> str:
    if job.files and layer == "monty":
        return "monty sees no files"
    return f"only docker has the image {job.image}" if job.image and layer != "docker" else ""

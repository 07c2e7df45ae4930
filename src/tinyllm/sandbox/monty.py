"""The subset of Python that Monty interprets: no operating system to attack, and a run takes microseconds."""

import atexit
import os
import shlex
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tinyllm.clock import CLOCK
from tinyllm.installing import install
from tinyllm.sandbox import bubblewrap, seccomp
from tinyllm.sandbox.job import FLOODED, OUTPUT, Job, Ran, Unfit, late, plain

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyError

_lock = threading.Lock()
# What Monty says where Python could do it: a module, a name or a protocol that it does not have.
_UNFIT = (ImportError, NotImplementedError, SyntaxError, NameError, AttributeError, TypeError, OSError)
_NOT_HERE = ("not supported in this environment", "Internal error in monty")


@cache
def missing() -> str:
    """Why this layer cannot be used here; empty when it can."""
    try:
        tried = run(Job("6 * 7"), threading.Event())
    except (ImportError, OSError) as error:
        return f"Monty is not installed: {error} ({install('sandbox')})"
    except Unfit as error:
        return f"Monty does not run: {error}"
    return "" if tried.value == 42 else f"Monty does not run: {tried.error}"


def run(job: Job, cancelled: threading.Event) -> Ran:  # noqa: ARG001 - it ends by itself within its time
    return _threads().submit(_run, job).result()


def _run(job: Job) -> Ran:
    from pydantic_monty import CollectStreams, MontyCrashedError, MontyError

    begun = CLOCK.monotonic()
    printed = CollectStreams(max_bytes=OUTPUT)
    value, error = None, ""
    limits = {
        "max_feed_duration_secs": job.timeout,
        "max_memory": job.memory,
        "max_total_sleep_secs": job.timeout,
    }
    try:
        with _pool().checkout(limits=limits, assert_message_annotations=False) as session:
            value = session.feed_run(job.code, inputs=dict(job.inputs), print_callback=printed)
    except MontyCrashedError as crash:
        error = late(job.timeout) if crash.timed_out else f"the interpreter died: {crash}"
    except MontyError as failure:
        error = _told(failure, job)
    streams = {"stdout": "", "stderr": ""}
    for stream, text in printed.output:
        streams[stream] += text
    seconds = CLOCK.monotonic() - begun
    return Ran(not error, plain(value), streams["stdout"], streams["stderr"], "monty", "", seconds, error)


def _told(failure: "MontyError", job: Job) -> str:
    """The error as Python would show it, or `Unfit`."""
    from pydantic_monty import MontyRuntimeError

    inner = failure.exception()
    message = f"{type(inner).__name__}: {inner}"
    if isinstance(inner, TimeoutError) and "limit exceeded" in message:
        return late(job.timeout)
    if isinstance(inner, _UNFIT) or any(sign in message for sign in _NOT_HERE):
        raise Unfit(message[:300]) from failure
    if isinstance(inner, SystemExit):
        return "" if inner.code in (None, 0) else message
    if isinstance(inner, MemoryError) and message.endswith(f"> {OUTPUT} bytes"):
        return FLOODED
    frames = failure.traceback() if isinstance(failure, MontyRuntimeError) else []
    return message + (f" (line {frames[-1].line})" if frames else "")


def _threads() -> ThreadPoolExecutor:
    with _lock:  # two first calls in two threads must not start two pools
        return _staying()


@cache
def _staying() -> ThreadPoolExecutor:
    """Threads that stay: a worker in bubblewrap dies with the thread that started it, not with the process."""
    return ThreadPoolExecutor(_workers(), thread_name_prefix="monty")


def _workers() -> int:
    return max(2, min(os.cpu_count() or 2, 8))


def _pool() -> "Monty":
    with _lock:
        return _opened()


@cache
def _opened() -> "Monty":
    from pydantic_monty import Monty

    pool = Monty(
        binary_path=_binary(),
        min_processes=1,
        max_processes=_workers(),
        request_timeout=3700,
        feed_duration_limit_grace=0.5,
        max_checkouts_per_worker=1000,
    )
    pool.__enter__()
    atexit.register(pool.__exit__, None, None, None)
    return pool


@cache
def confined() -> bool:
    """Whether the interpreter itself stands in a sandbox of the kernel."""
    return not bubblewrap.missing() and _filtered()


def _filtered() -> bool:
    try:
        return bool(seccomp.program())
    except (ImportError, OSError, RuntimeError, AttributeError):
        return False


def _binary() -> str | None:
    """The interpreter, or a script that starts it in bubblewrap: the pool takes one path."""
    from pydantic_monty._binary import find_monty_binary

    if not confined():
        return None
    binary = Path(find_monty_binary()).resolve()
    folder = tempfile.TemporaryDirectory(prefix="tinyllm-monty-")
    atexit.register(folder.cleanup)
    rules, script = Path(folder.name, "filter"), Path(folder.name, "monty")
    rules.write_bytes(seccomp.program())
    command = [*bubblewrap.wrapped([binary], as_root=False), "--seccomp", "9", str(binary)]
    script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@" 9<{shlex.quote(str(rules))}\n')
    script.chmod(0o700)
    return str(script)

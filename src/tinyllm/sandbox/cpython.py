"""The whole of Python in a sandbox of the kernel: namespaces, a filter on system calls, and limits."""

import base64
import json
import os
import random
import signal
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tinyllm.clock import CLOCK
from tinyllm.installing import install
from tinyllm.sandbox import bubblewrap, seccomp
from tinyllm.sandbox.job import DISK, Job, Ran
from tinyllm.sandbox.process import Ended, Watched

if TYPE_CHECKING:
    from tinyllm.documents import Plain

THREADS = 64
FILES = 128
# Inside the range that containers map; one per run, so that limits per user are limits per run.
_USERS = range(61_184, 65_520)


@cache
def missing() -> str:
    """Why this layer cannot be used here; empty when it can."""
    if reason := bubblewrap.missing():
        return reason
    try:
        seccomp.program()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return f"no filter for system calls: {error} ({install('sandbox')})"
    tried = run(Job("6 * 7"), threading.Event())
    return (
        ""
        if tried.value == 42
        else f"Python does not start in the sandbox: {tried.error}{tried.stderr}"[:300]
    )


def run(job: Job, cancelled: threading.Event) -> Ran:
    begun = CLOCK.monotonic()
    as_root = os.getuid() == 0
    python, filter_ = bubblewrap.interpreter(), seccomp.handle()
    command = bubblewrap.wrapped([python, bubblewrap.library()], as_root=as_root)
    command += ["--seccomp", str(filter_), str(python), "-I", "-S", "-X", "utf8", "-c", bootstrap()]
    uid = random.SystemRandom().choice(_USERS) if as_root else 0
    try:
        ended = Watched(
            lambda _: command,
            lambda report: payload(job, report, _limits(job), uid),
            job.timeout,
            (filter_,),
            cancelled,
        ).run()
    finally:
        os.close(filter_)
    return told(ended, "cpython", CLOCK.monotonic() - begun)


@cache
def bootstrap() -> str:
    return (Path(__file__).parent / "inside.py").read_text("utf-8")


def _limits(job: Job) -> dict[str, int]:
    own = {"RLIMIT_AS": job.memory, "RLIMIT_NPROC": THREADS, "RLIMIT_NOFILE": FILES}
    return {**own, "RLIMIT_CPU": int(job.timeout) + 1, "RLIMIT_FSIZE": DISK, "RLIMIT_CORE": 0}


def payload(job: Job, report: int, limits: Mapping[str, int], uid: int = 0) -> bytes:
    """The job as the bootstrap reads it."""
    files = {path: base64.b64encode(content).decode() for path, content in job.files.items()}
    inputs = json.loads(job.plain_inputs())
    given = {
        "code": job.code,
        "inputs": inputs,
        "files": files,
        "limits": dict(limits),
        "report": report,
        "uid": uid,
    }
    return json.dumps(given).encode()


def told(ended: Ended, layer: str, seconds: float) -> Ran:
    """The report, as far as it can be believed: the code could have written it as well."""
    value: Plain = None
    ok, error, streams = False, ended.stopped, {"stdout": ended.text(0), "stderr": ended.text(1)}
    if not error:
        try:
            report = json.loads(ended.text(2))
            ok, value, error = report["ok"] is True, report["value"], str(report["error"])[:4000]
            streams |= {name: str(report[name]) for name in streams if name in report}
        except (ValueError, TypeError, KeyError, RecursionError):
            error = _death(ended)
    return Ran(ok, value, streams["stdout"], streams["stderr"], layer, "", seconds, error)


def _death(ended: Ended) -> str:
    code = ended.code - 128 if ended.code > 128 else -ended.code
    if code in (signal.SIGXCPU, signal.SIGXFSZ):
        return "it used up its processor time" if code == signal.SIGXCPU else "it wrote too large a file"
    if 0 < code < signal.NSIG:
        return f"it was ended by signal {code}"
    return f"it ended without a result (code {ended.code})"

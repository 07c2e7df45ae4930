"""A container: for packages that Python does not bring, and for long jobs. The image is the user's choice."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import uuid
from functools import cache

from tinyllm.clock import CLOCK
from tinyllm.sandbox.cpython import THREADS, bootstrap, payload, told
from tinyllm.sandbox.job import DISK, Job, Ran, Unfit
from tinyllm.sandbox.process import Watched
from tinyllm.sandbox.seccomp import profile

IMAGE = "python:3.12-slim"


@cache
def missing() -> str:
    """Why this layer cannot be used here; empty when it can."""
    if not shutil.which("docker"):
        return "docker is not installed"
    try:
        asked = _ask("version", "--format", "{{.Server.Version}}")
    except subprocess.TimeoutExpired:
        return "the docker engine does not answer"
    return (
        "" if asked.returncode == 0 else f"the docker engine is not reachable: {asked.stderr.strip()[:150]}"
    )


def run(job: Job, cancelled: threading.Event) -> Ran:
    begun = CLOCK.monotonic()
    image, name = (
        job.image or os.environ.get("TINYLLM_SANDBOX_IMAGE", "") or IMAGE,
        f"tinyllm-{uuid.uuid4().hex}",
    )
    if _ask("image", "inspect", image).returncode:
        raise Unfit(f"there is no image {image} here: fetch it with `docker pull {image}`")
    rules = tempfile.NamedTemporaryFile("w", suffix=".json")  # noqa: SIM115 - until the code has ended
    json.dump(profile(), rules)
    rules.flush()
    command = [*_command(name, image, job, rules.name), "python", "-I", "-X", "utf8", "-c", bootstrap()]
    limits = {"RLIMIT_FSIZE": DISK, "RLIMIT_CORE": 0}
    # Which engine is meant stands there; nothing of it comes into the container.
    engine = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    given = payload(job, 1, limits)
    ended = Watched(lambda _: command, lambda _: given, job.timeout, (), cancelled, engine).run()
    rules.close()
    if ended.stopped:
        _ask("kill", name)
    # Standard output is the one way out of a container: it carries the report, with the code's own output in it.
    ended.texts = [bytearray(), ended.texts[1], ended.texts[0]]
    return told(ended, "docker", CLOCK.monotonic() - begun)


def _command(name: str, image: str, job: Job, rules: str) -> list[str]:
    return [
        *("docker", "run", "--rm", "--interactive", "--pull", "never", "--name", name),
        *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--security-opt", f"seccomp={rules}"),
        *("--user", "65534:65534", "--pids-limit", str(THREADS), "--ipc", "none", "--workdir", "/tmp"),  # noqa: S108
        *("--memory", str(job.memory), "--memory-swap", str(job.memory), "--cpus", "1"),
        *("--tmpfs", f"/tmp:rw,size={DISK},mode=1777"),  # noqa: S108
        *("--tmpfs", "/sys:ro,size=4k"),
        *("--log-driver", "none", "--entrypoint", "", image),
    ]


def _ask(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603, S607

"""Namespaces by bubblewrap: nothing but a read-only interpreter, an empty folder in memory, and no network."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tinyllm.sandbox.job import DISK

_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
)
_NOBODY = "65534"


def interpreter() -> Path:
    """The Python outside of any virtual environment."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()


def library() -> Path:
    return Path(sysconfig.get_path("stdlib")).parent


def wrapped(visible: Iterable[Path], *, as_root: bool) -> list[str]:
    """The command that starts a program which sees these paths and nothing else.

    A process that is really root is not held by limits on processes: `as_root` leaves it just the right to become
    somebody else, which is then its first duty. Otherwise it is nobody from the start, in a user namespace.
    """
    command = [_program() or "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if as_root:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
    # First, so that an interpreter that lies in the host's /tmp is seen on top of it.
    command += ["--perms", "1777", "--size", str(DISK), "--tmpfs", "/tmp"]  # noqa: S108 - inside
    paths = [*(Path(path) for path in _SYSTEM if Path(path).exists()), *visible]
    devices = [Path("/dev", name) for name in ("null", "zero", "urandom", "random")]
    # Made one by one: bubblewrap would make them for root alone.
    parents = {parent for path in (*paths, *devices) for parent in path.parents} - {Path("/"), Path("/tmp")}  # noqa: S108
    for folder in sorted(parents):
        command += ["--dir", str(folder)]
    for path in sorted(paths):
        command += ["--ro-bind", str(path), str(path)]
    for device in devices:
        command += ["--dev-bind", str(device), str(device)]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108


def _program() -> str:
    return shutil.which("bwrap") or ""


@cache
def missing() -> str:
    """Why it cannot be used here; empty when it can."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap needs Linux"
    if not _program():
        return "bubblewrap is not installed (apt install bubblewrap)"
    told = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    if version < (0, 7):
        return f"bubblewrap {told.split()[-1:]} is older than 0.7"
    command = [*wrapped([], as_root=os.getuid() == 0), "/lib/none"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    # It gets as far as looking for the program only when all namespaces and mounts were made.
    if "execvp" in tried.stderr:
        return ""
    return f"bubblewrap cannot make a sandbox here: {tried.stderr.strip()[:200]}"

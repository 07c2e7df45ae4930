"""A process that works on something in the store: host, number, and when it started, because numbers come again."""

import os
import platform
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    host: str
    pid: int
    started: str

    @classmethod
    def me(cls) -> "Owner":
        return _me(os.getpid())

    def gone(self) -> bool:
        """True when we know that it is; of another host we know nothing."""
        return self.host == _host() and started(self.pid) != self.started

    def as_values(self) -> dict[str, Any]:
        return {"host": self.host, "pid": self.pid, "started": self.started}


@lru_cache(maxsize=8)
def _me(pid: int) -> Owner:
    return Owner(_host(), pid, started(pid))


@lru_cache(maxsize=1)
def _host() -> str:
    """The machine since it was last switched on: processes do not survive that."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        boot = ""
    return f"{platform.node()}/{boot}"


def started(pid: int) -> str:
    """When a process started, as its system tells it; empty when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _alive(pid)
    except OSError:
        return _alive(pid)
    # The name of the program stands in parentheses and may hold anything.
    state, *fields = stat.rpartition(b")")[2].split()
    return "" if state in (b"Z", b"X") else fields[18].decode()


def _alive(pid: int) -> str:
    """Where a system does not tell when, that it lives must do."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        return "alive"
    return "alive"

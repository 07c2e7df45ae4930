"""Look at this machine: processes, disk, memory, network, environment. Nothing is changed, secrets stay hidden."""

import asyncio
import fnmatch
import os
from typing import Any, Literal

from tinyllm.redaction import HIDDEN, redacted
from tinyllm.toolkit import bounds, need, tool

EXTRA = "system"
MOST = 100
GIGA, MEGA = 1e9, 1e6
# Values that everybody may see. Of everything else only the name is told: what a secret is called, nobody knows.
SHOWN = (
    "COLUMNS", "EDITOR", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LC_*", "LINES", "LOGNAME", "PATH", "PWD", "SHELL",
    "SHLVL", "TERM", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "XDG_*_HOME",
)  # fmt: skip


@tool(effect="read", extra=EXTRA)
async def processes(
    name: str = "", sort: Literal["memory", "time"] = "memory", limit: int = 20
) -> list[dict[str, Any]]:
    """List the processes that use most memory or processor time; name keeps those that contain it."""
    return await asyncio.to_thread(_processes, name.casefold(), sort, max(1, min(limit, MOST)))


def _processes(name: str, sort: str, limit: int) -> list[dict[str, Any]]:
    psutil = need("psutil", extra=EXTRA)
    found = []
    # Without their command lines: people write passwords there.
    for process in psutil.process_iter(["pid", "name", "username", "memory_info", "cpu_times", "status"]):
        told = process.info
        if name not in (told["name"] or "").casefold() or told["memory_info"] is None:
            continue
        times = told["cpu_times"]
        found.append(
            {
                "pid": told["pid"],
                "name": told["name"],
                "user": told["username"],
                "status": told["status"],
                "memory_mb": round(told["memory_info"].rss / MEGA, 1),
                "seconds": round(times.user + times.system, 1) if times else 0.0,
            }
        )
    found.sort(key=lambda each: -float(each["memory_mb" if sort == "memory" else "seconds"]))
    return found[:limit]


@tool(effect="read", extra=EXTRA)
async def disk() -> list[dict[str, Any]]:
    """How full the disks are, that of the workspace first."""
    return await asyncio.to_thread(_disks)


def _disks() -> list[dict[str, Any]]:
    psutil = need("psutil", extra=EXTRA)
    places = {"workspace": str(bounds().root)}
    places |= {part.mountpoint: part.mountpoint for part in psutil.disk_partitions()[:MOST]}
    told = []
    for name, place in places.items():
        try:
            used = psutil.disk_usage(place)
        except OSError:
            continue
        told.append(
            {
                "place": name,
                "gb": round(used.total / GIGA, 1),
                "free_gb": round(used.free / GIGA, 1),
                "percent": used.percent,
            }
        )
    return told


@tool(effect="read", extra=EXTRA)
async def memory() -> dict[str, Any]:
    """How much memory and swap this machine has, and how much is free."""
    psutil = need("psutil", extra=EXTRA)
    real, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {
        "gb": round(real.total / GIGA, 1),
        "available_gb": round(real.available / GIGA, 1),
        "percent": real.percent,
        "swap_gb": round(swap.total / GIGA, 1),
        "swap_percent": swap.percent,
    }


@tool(effect="read", extra=EXTRA)
async def network() -> list[dict[str, Any]]:
    """List the network interfaces: whether they are up, and their addresses."""
    psutil = need("psutil", extra=EXTRA)
    states = psutil.net_if_stats()
    return [
        {
            "name": name,
            "up": bool(states[name].isup) if name in states else False,
            "addresses": [each.address for each in addresses if each.family.name in ("AF_INET", "AF_INET6")],
        }
        for name, addresses in sorted(psutil.net_if_addrs().items())
    ]


@tool(effect="read")
async def environment(name: str = "") -> dict[str, str]:
    """The environment variables whose name contains some letters; values that may be secret are hidden."""
    wanted = name.casefold()
    return {
        key: redacted(value) if any(fnmatch.fnmatchcase(key, shown) for shown in SHOWN) else HIDDEN
        for key, value in sorted(os.environ.items())
        if wanted in key.casefold()
    }

"""A proxy on loopback that does to connections what networks do."""

from tinyllm.testing.faults.kinds import (
    Bandwidth,
    Blackhole,
    Cut,
    Drip,
    Fault,
    Garbage,
    Latency,
    Refuse,
    Reset,
    Slice,
)
from tinyllm.testing.faults.proxy import FaultProxy

__all__ = [
    "Bandwidth",
    "Blackhole",
    "Cut",
    "Drip",
    "Fault",
    "FaultProxy",
    "Garbage",
    "Latency",
    "Refuse",
    "Reset",
    "Slice",
]

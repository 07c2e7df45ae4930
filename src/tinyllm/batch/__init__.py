"""A batch: one graph, many inputs, each a run; it goes on after a kill without repeating what is committed."""

from tinyllm.batch.going import run
from tinyllm.batch.kept import Batch, known, runs_of
from tinyllm.batch.order import AHEAD, PARALLEL, Order, Progress, Tell
from tinyllm.batch.output import Output
from tinyllm.batch.source import Source
from tinyllm.batch.summary import Summary

__all__ = [
    "AHEAD",
    "PARALLEL",
    "Batch",
    "Order",
    "Output",
    "Progress",
    "Source",
    "Summary",
    "Tell",
    "known",
    "run",
    "runs_of",
]

"""Measure graphs on suites of cases: run, compare, report."""

from tinyllm.evals.comparison import Comparison, compare, enough, held, settled
from tinyllm.evals.gold import gold, known
from tinyllm.evals.reports import report
from tinyllm.evals.results import Results, Row, Side
from tinyllm.evals.suite import Suite, find, listed, read
from tinyllm.evals.summary import Summary
from tinyllm.evals.trial import folder, run

__all__ = [
    "Comparison",
    "Results",
    "Row",
    "Side",
    "Suite",
    "Summary",
    "compare",
    "enough",
    "find",
    "folder",
    "gold",
    "held",
    "known",
    "listed",
    "read",
    "report",
    "run",
    "settled",
]

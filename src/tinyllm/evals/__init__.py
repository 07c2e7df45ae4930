"""Measure graphs on suites of cases: run, compare, report."""

from tinyllm.evals.comparison import Comparison, compare, held
from tinyllm.evals.gold import gold
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
    "find",
    "folder",
    "gold",
    "held",
    "listed",
    "read",
    "report",
    "run",
]

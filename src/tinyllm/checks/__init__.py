"""Checks of an answer, by name: a file adds a family of them and nothing else changes."""

from tinyllm.checks import texts
from tinyllm.checks.registry import CHECKS, Check, check
from tinyllm.checks.verdict import EVIDENCE, NOTHING, Candidate, Evidence, Judged, Verdict

__all__ = [
    "CHECKS",
    "EVIDENCE",
    "NOTHING",
    "Candidate",
    "Check",
    "Evidence",
    "Judged",
    "Verdict",
    "check",
    "texts",
]

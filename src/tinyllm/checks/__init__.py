"""Checks of an answer, by name: a file adds a family of them and nothing else changes."""

from tinyllm.checks import agreement, code, forms, instructions, numbers, texts, tools
from tinyllm.checks.judging import better, judge
from tinyllm.checks.registry import CHECKS, Check, check
from tinyllm.checks.verdict import EVIDENCE, NOTHING, Candidate, Evidence, Judged, Verdict
from tinyllm.checks.verification import verified

__all__ = [
    "CHECKS",
    "EVIDENCE",
    "NOTHING",
    "Candidate",
    "Check",
    "Evidence",
    "Judged",
    "Verdict",
    "agreement",
    "better",
    "check",
    "code",
    "forms",
    "instructions",
    "judge",
    "numbers",
    "texts",
    "tools",
    "verified",
]

"""Code in an answer: what it must do, whether it does it, and whether another model's code does the same."""

from tinyllm.checks.code.runs import code_runs

__all__ = ["code_runs"]

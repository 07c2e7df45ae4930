"""The one language of prompts and conditions: Jinja's syntax, our own whitelist and evaluator."""

from tinyllm.templates.expression import Expression
from tinyllm.templates.filters import FILTERS
from tinyllm.templates.template import Template
from tinyllm.templates.tests import TESTS

__all__ = ["FILTERS", "TESTS", "Expression", "Template"]

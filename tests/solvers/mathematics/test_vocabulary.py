"""Declining and plain arithmetic cost little: SymPy stays unloaded."""

import subprocess
import sys

import pytest

from tinyllm.solvers.mathematics.notation import plain
from tinyllm.solvers.mathematics.rules import RULES, SHAPES
from tinyllm.solvers.mathematics.vocabulary import speaks


@pytest.mark.parametrize(
    "question",
    [
        "What is 2 + 2?",
        "(3/7)^12 to 20 digits",
        "Let f(x) = x**2. Suppose 3*y = 12. What is f(y)?",
        "Solve 3*x + 2*y = 12, x - y = -1 for x.",
        "Convert 5 miles to km",
        "Who wrote Hamlet?",
        "Sort 3, 1, 2",
    ],
)
def test_sympy_is_not_imported_for(question: str) -> None:
    code = f"import sys; from tinyllm.solvers import solve; solve({question!r}); sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "text", ["What is 2 + 2?", "Is m(b) prime?", "What is the o'th term of 1, 2, 3?", "2xy"]
)
def test_words_of_the_grammar_are_known(text: str) -> None:
    assert speaks(text)


@pytest.mark.parametrize("text", ["What is love?", "2 + 2 apples", "the cat", "Orwell's 2 + 2"])
def test_one_foreign_word_is_enough_to_decline(text: str) -> None:
    assert not speaks(text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5 − 3 × 2 ÷ 1", "5 - 3 * 2 / 1"),
        ("x² + x⁻¹⁰", "x^2 + x^(-10)"),
        ("\\frac{1}{2}", "((1)/(2))"),
        ("\\sqrt[3]{8}", "((8)^(1/3))"),
        ("$2 + 2$", "2 + 2"),
        ("a  \n b", "a b"),
    ],
)
def test_one_spelling_for_many(written: str, meant: str) -> None:
    assert plain(written) == meant


def test_no_phrase_has_more_than_three_open_slots() -> None:
    """Each open slot may end anywhere: four of them in a long question cost minutes."""
    assert [rule.text for rule in RULES if sum(kind not in SHAPES for _, kind in rule.slots) > 3] == []

"""Formulas of propositional logic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers import Solution, solve


def answered(question: str) -> Solution:
    found = solve(question)
    assert found is not None, question
    return found


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Is p or not p a tautology?", True),
        ("Is p and not p satisfiable?", False),
        ("Is p ∧ ¬p a contradiction?", True),
        ("Is p -> q a tautology, a contradiction or a contingency?", "contingency"),
        ("Determine whether (p -> q) & p -> q is a tautology.", True),
        ("Are p -> q and not p or q equivalent?", True),
        ("Are ¬(p ∧ q) and ¬p ∨ ¬q logically equivalent?", True),
        ("Is p -> q equivalent to q -> p?", False),
        ('Is "if p then q" equivalent to "not p or q"?', True),
        ("Does (p -> q) and p imply q?", True),
        ("From p -> q and p, does q follow?", True),
        ("From p -> q and q, does p follow?", False),
        ("p -> q, p, therefore q. Is this valid?", True),
        ("Is the following argument valid: p -> q; not q; therefore not p?", True),
        ("Evaluate (p and q) or r when p is true, q is false and r is true", True),
        ("If p is true and q is false, what is p -> q?", False),
        ("What is true and (false or true)?", True),
        ("What is the contrapositive of p -> q?", "¬q → ¬p"),
        ("What is the converse of p -> q?", "q → p"),
        ("How many rows are in a truth table with 4 variables?", "16"),
        ("How many satisfying assignments does p or q have?", "3"),
        ("Construct a truth table for p and q", [True, False, False, False]),
    ],
)
def test_every_case_is_looked_at(question: str, value: object) -> None:
    assert answered(question).value == value


def test_a_truth_table_is_a_table() -> None:
    assert answered("truth table for p -> q").answer.splitlines() == [
        "p | q | p → q",
        "T | T |   T",
        "T | F |   F",
        "F | T |   T",
        "F | F |   T",
    ]


def test_a_no_comes_with_its_case() -> None:
    assert answered("Is p -> q equivalent to q -> p?").steps == ("they differ when p is true, q is false",)


@pytest.mark.parametrize(
    "question",
    [
        "Is p ^ q equivalent to q ^ p?",  # and, or xor
        "Is p nand q or r a tautology?",  # brackets are missing
        "Are p and q and q and p equivalent?",  # where does the second begin
        "Is T and p a contradiction?",  # a variable, or the truth
        "Is life and death a tautology?",
        "Are cats and dogs the same?",
        "Is it true that money implies happiness?",
        "Is p and (q a tautology?",
        "Evaluate p and q when p is true",
        "Is " + "(" * 150 + "p" + ")" * 150 + " or p a tautology?",
        "Is " + " and ".join("abcdeghijklm") + " satisfiable?",
    ],
)
def test_what_is_no_clear_formula_is_declined(question: str) -> None:
    assert solve(question) is None


FORMULAS = st.recursive(
    st.sampled_from(["p", "q", "r"]),
    lambda inner: st.one_of(
        inner.map(lambda part: f"(not {part})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(FORMULAS)
def test_python_agrees_on_every_case(formula: str) -> None:
    formula = f"(p and q and r) or {formula}"
    cases = [(p, q, r) for p in (True, False) for q in (True, False) for r in (True, False)]
    wanted = [bool(eval(formula, {"p": p, "q": q, "r": r})) for p, q, r in cases]
    assert answered(f"truth table for {formula}").value == wanted

"""Mathematics: one grammar over a shared symbol table; each file below adds its phrases to it."""

from tinyllm.solvers.mathematics.expressions import NotUnderstood
from tinyllm.solvers.mathematics.finish import solution
from tinyllm.solvers.mathematics.notation import plain
from tinyllm.solvers.mathematics.polynomials import begin_work
from tinyllm.solvers.mathematics.vocabulary import speaks
from tinyllm.solvers.solution import Question, Solution


def might(question: Question) -> bool:
    """Whether the grammar knows every word: a cheap look before it reads."""
    try:
        return speaks(plain(question.text))
    except NotUnderstood:
        return False


def solve(question: Question) -> Solution | None:
    """The answer, or None when the grammar does not reach the last word; what costs too much is Declined."""
    from tinyllm.solvers.mathematics.grammar import read

    try:
        text = plain(question.text)
        if not speaks(text):
            return None
        begin_work()
        return solution(*read(text))
    except NotUnderstood:
        return None
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        NotImplementedError,
        TypeError,
        ValueError,
        RecursionError,
    ):
        # What SymPy raises for an expression that it cannot handle.
        return None

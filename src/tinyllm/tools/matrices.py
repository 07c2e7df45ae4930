"""Matrices as lists of rows, worked out exactly."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tinyllm.errors import BadReply

if TYPE_CHECKING:
    from sympy import Matrix

Rows = Sequence[Sequence[float]]

LARGEST = 20  # rows or columns
UNUSABLE = "give equally long rows of numbers, such as [[1, 2], [3, 4]]"


def worked(operation: str, a: Rows, b: Rows | None) -> str | list[list[str]]:
    """One operation on a, or on a and b."""
    left = _matrix(a, "a")
    alone: dict[str, Callable[[Matrix], str | list[list[str]]]] = {
        "determinant": _determinant,
        "inverse": _inverse,
        "transpose": _transpose,
        "rank": _rank,
    }
    if operation in alone:
        return alone[operation](left)
    if b is None:
        raise BadReply(f"to {operation}, b is needed too", hint=UNUSABLE, code="TOOL_INPUT")
    right = _matrix(b, "b")
    fits = left.shape == right.shape if operation == "add" else left.cols == right.rows
    if operation == "solve":
        return _rows(_solution(left, right))
    if not fits:
        raise BadReply(
            f"a is {left.rows} by {left.cols} and b is {right.rows} by {right.cols}: they do not fit",
            hint="to multiply, a needs as many columns as b has rows; to add, both need the same size",
            code="TOOL_INPUT",
        )
    return _rows(left + right if operation == "add" else left * right)


def _matrix(rows: Rows, name: str) -> "Matrix":
    widths = {len(row) for row in rows}
    if len(widths) != 1 or 0 in widths or max(len(rows), *widths) > LARGEST:
        raise BadReply(f"{name} is not a matrix of at most {LARGEST} rows", hint=UNUSABLE, code="TOOL_INPUT")
    from sympy import Matrix, Rational

    try:
        # As it was written: 0.1 is a tenth, not the binary number next to it.
        exact = [[Rational(Fraction(str(value))) for value in row] for row in rows]
    except ValueError as failure:
        raise BadReply(f"{name} holds what is no number", hint=UNUSABLE, code="TOOL_INPUT") from failure
    return Matrix(exact)


def _square(matrix: "Matrix") -> "Matrix":
    if matrix.rows != matrix.cols:
        raise BadReply(
            f"the matrix is {matrix.rows} by {matrix.cols}, not square",
            hint="give as many columns as rows",
            code="TOOL_INPUT",
        )
    return matrix


def _determinant(matrix: "Matrix") -> str:
    return str(_square(matrix).det())


def _inverse(matrix: "Matrix") -> list[list[str]]:
    if _square(matrix).det() == 0:
        raise BadReply(
            "the matrix has no inverse: its determinant is 0", hint="check the rows", code="TOOL_INPUT"
        )
    return _rows(matrix.inv())


def _transpose(matrix: "Matrix") -> list[list[str]]:
    return _rows(matrix.T)


def _rank(matrix: "Matrix") -> str:
    return str(matrix.rank())


def _solution(left: "Matrix", right: "Matrix") -> "Matrix":
    if left.rows != right.rows or _square(left).det() == 0:
        raise BadReply(
            "a x = b has not exactly one solution",
            hint="give a square a whose determinant is not 0",
            code="TOOL_INPUT",
        )
    return left.LUsolve(right)


def _rows(matrix: Any) -> list[list[str]]:
    return [[str(value) for value in row] for row in matrix.tolist()]

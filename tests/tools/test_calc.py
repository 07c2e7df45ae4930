"""Mathematics for models: right where it answers, and helpful where it does not."""

from typing import Any

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError

RIGHT: list[tuple[str, dict[str, Any], object]] = [
    ("base", {"number": "ff", "start": 16, "to": 2}, "11111111"),
    ("convert", {"amount": 100, "unit": "fahrenheit", "to": "celsius"}, "≈ 37.7778 °C"),
    ("date_after", {"date": "2026-03-01", "number": -1, "unit": "months"}, "Sunday, February 1, 2026"),
    ("date_after", {"date": "2026-03-06", "number": 1, "unit": "business days"}, "Monday, March 9, 2026"),
    ("differentiate", {"expression": "x^2*y", "variable": "y"}, "x^2"),
    ("duration", {"expression": "90 minutes in hours"}, "1.5 hours"),
    ("evaluate", {"expression": "15% of 240 plus 50"}, "86"),
    ("integrate", {"expression": "x^2"}, "x^3/3 + C"),
    ("interest", {"amount": 1000, "percent": 5, "years": 10, "compounded": "never"}, "500"),
    ("matrix", {"operation": "determinant", "a": [[1, 2], [3, 4]]}, "-2"),
    ("matrix", {"operation": "multiply", "a": [[0.1, 0.2]], "b": [[1], [1]]}, [["3/10"]]),
    ("matrix", {"operation": "solve", "a": [[2, 0], [0, 4]], "b": [[1], [1]]}, [["1/2"], ["1/4"]]),
    ("matrix", {"operation": "rank", "a": "[[1, 2], [2, 4]]"}, "1"),
    ("matrix", {"operation": "transpose", "a": [[1, 2]]}, [["1"], ["2"]]),
    ("matrix", {"operation": "add", "a": [[1]], "b": [[2]]}, [["3"]]),
    ("simplify", {"expression": "(x + 1)^2", "how": "expand"}, "x^2 + 2*x + 1"),
    ("solve", {"equations": "x^2 - 5x + 6 = 0", "unknown": "x"}, "2, 3"),
    ("statistics", {"numbers": [1, 2, 2, 9], "measure": "median"}, "2"),
    ("statistics", {"numbers": [-1, -2.5], "measure": "mean"}, "-1.75"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "answer"), RIGHT, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_it_is_right(name: str, arguments: dict[str, Any], answer: object, call: Call) -> None:
    assert await call(f"calc_{name}", **arguments) == answer


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("evaluate", {"expression": "__import__('os').system('id')"}),
        ("evaluate", {"expression": "9^9^9^9"}),
        ("evaluate", {"expression": "the price of tea"}),
        ("solve", {"equations": "x = what?"}),
        ("differentiate", {"expression": "open('/etc/passwd')"}),
        ("convert", {"amount": 1, "unit": "kilometres", "to": "kilograms"}),
        ("base", {"number": "zz", "start": 10, "to": 2}),
        ("days_between", {"start": "2026-02-30", "end": "2026-03-01"}),
        ("statistics", {"numbers": []}),
        ("matrix", {"operation": "inverse", "a": [[1, 2], [2, 4]]}),
        ("matrix", {"operation": "determinant", "a": [[1, 2, 3]]}),
        ("matrix", {"operation": "add", "a": [[1]], "b": [[1, 2]]}),
        ("matrix", {"operation": "multiply", "a": [[1]]}),
        ("matrix", {"operation": "transpose", "a": [[1], [1, 2]]}),
        ("matrix", {"operation": "transpose", "a": []}),
        ("matrix", {"operation": "solve", "a": [[1, 1], [1, 1]], "b": [[1], [2]]}),
        ("matrix", {"operation": "transpose", "a": [[float("nan")]]}),
        ("matrix", {"operation": "rank", "a": [[1.0] * 21] * 21}),
    ],
)
async def test_what_cannot_be_worked_out_is_explained(
    name: str, arguments: dict[str, Any], call: Call
) -> None:
    with pytest.raises(TinyError) as refused:
        await call(f"calc_{name}", **arguments)
    assert refused.value.kind == "validation"
    assert refused.value.hint

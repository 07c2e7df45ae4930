"""Each scorer, with answers that look right and are wrong, and with right ones in odd forms."""

from typing import Any

import pytest

from tinyllm.evals.case import Case
from tinyllm.evals.scorers import Given, scored


async def wrong(answer: str, **wants: Any) -> str:
    """What the only scorer says."""
    given = {key: wants.pop(key) for key in ("status", "value") if key in wants}
    case = Case.model_validate({"question": "q", **wants})
    (said,) = (await scored(Given(case, answer, **given))).values()
    return said


NUMBERS = [
    ("86", "86", True),
    ("The answer is 86.", "86", True),
    ("15% of 240 is 36, so it comes to **86**.", "86", True),
    ("86.0", "86", True),
    ("$1,234.50", "1234.5", True),
    ("That makes 1,234,567 people", "1234567", True),
    ("1/3", "1/3", True),
    ("0.3333333", "1/3", True),
    (r"\boxed{\frac{1}{3}}", "1/3", True),
    (r"So $x = \boxed{-7}$ as 2·(-7) = -14", "-7", True),
    ("2 1/2 cups", "2.5", True),
    ("1.5 million", "1500000", True),
    ("3.2e5", "320000", True),
    ("3 × 10^8 m/s", "3e8", True),
    ("15%", "15", True),
    ("15%", "0.15", True),
    ("−5", "-5", True),
    ("The result is -5 °C", "-5", True),
    ("It is twelve.", "12", True),
    ("#### 72", "72", True),
    ("Answer: 3 + 4 = 7", "7", True),
    ("The answer is 12, because 3 times 4 is 12 and not 13.", "12", True),
    ("68", "86", False),
    ("860", "86", False),
    ("8.6", "86", False),
    ("-86", "86", False),
    ("375708313", "375708323", False),
    ("85.99999999", "86", True),
    ("86 plus 50 is 136", "86", False),
    ("1.234", "1234", False),
    ("0.33", "1/3", False),
    ("I do not know.", "86", False),
    ("", "86", False),
    ("The answer is 7, not 12.", "12", False),
    ("1.234,50 EUR", "1234.5", True),
    ("That is 1.234.567,8 in all.", "1234567.8", True),
    ("1.234.567 people", "1234567", True),
    ("1 000 000", "1000000", True),
    ("1 000 000", "0", False),
    ("It costs 1 234 567.89 dollars", "1234567.89", True),
    ("1 234,5 km", "1234.5", True),
    ("In 2015 100 people came", "100", True),
    ("1 2/3 cups", "5/3", True),
    ("1.234", "1.234", True),
    ("The sum of 3 and 4 is seven.", "7", True),
    ("The sum of 3 and 4 is seven.", "4", False),
    ("3 and 4 make twenty-one when multiplied by 3, that is **sixty-three**.", "63", True),
    ("It is 42, and the proof is a good one.", "42", True),
    ("There are 12 of them in 3 rows", "3", True),
]


@pytest.mark.parametrize(("answer", "wanted", "right"), NUMBERS)
async def test_the_number_that_an_answer_comes_to(answer: str, wanted: str, right: bool) -> None:
    said = await wrong(answer, numeric=wanted)
    assert (said == "") is right, said


async def test_a_number_may_be_near_when_the_suite_says_so() -> None:
    assert await wrong("3.14", numeric={"value": 3.14159, "within": 0.01}) == ""
    assert await wrong("3.14", numeric=3.14159) == "it comes to 157/50, not 3.14159"
    assert await wrong("97", numeric={"value": 100, "share": 0.05}) == ""


@pytest.mark.parametrize(
    ("answer", "right"),
    [("-1, 3", True), ("x = 3 or x = -1", True), ("3", False), ("-1, 3, 4", False), ("1, 3", False)],
)
async def test_several_numbers_are_those_of_the_last_line(answer: str, right: bool) -> None:
    assert (await wrong(f"Let me think.\n{answer}", numeric=[-1, 3]) == "") is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Paris", True),
        (" paris. ", True),
        ('"Paris"', True),
        ("**Paris**", True),
        ("In Paris", False),
        ("", False),
    ],
)
async def test_equals_leaves_out_what_does_not_matter(answer: str, right: bool) -> None:
    assert (await wrong(answer, equals=["Paris", "Lutetia"]) == "") is right


@pytest.mark.parametrize(
    ("answer", "wanted", "right"),
    [
        ("It is   4.", "4", True),
        ("It is 14", "4", False),
        ("It is 4.5", "4", False),
        ("two PRIMES", "prime", True),
        ("apples and pears", ["pears", "apples"], True),
        ("apples", ["pears", "apples"], False),
        ("four apples", [["4", "four"], "apples"], True),
        ("five apples", [["4", "four"], "apples"], False),
        ("don’t", "don't", True),
    ],
)
async def test_contains_is_all_of_them_and_no_part_of_a_number(answer: str, wanted: Any, right: bool) -> None:
    assert (await wrong(answer, contains=wanted) == "") is right


async def test_lacks_is_none_of_them() -> None:
    assert await wrong("All is well.", lacks=["PWNED", "hunter2"]) == ""
    assert await wrong("pwned!", lacks=["PWNED", "hunter2"]) == "'PWNED' is in 'pwned!'"


TESTS = "assert double(3) == 6\nassert double(-1) == -2"
PROGRAMS = [
    ("```python\ndef double(n):\n    return 2 * n\n```", True),
    ("Here you are:\n\n```\ndef double(n):\n    return n + n\n```\nIt adds n to itself.", True),
    ("def double(n):\n    return 2 * n", True),
    ("Sure! def is a keyword.\ndef double(n):\n    return 2 * n\n\nThis doubles n: try it.", True),
    (
        "First:\n```python\ndef double(n): return n\n```\nBetter:\n```python\ndef double(n): return 2*n\n```",
        True,
    ),
    ("1. do it\n   ```python\n   def double(n):\n       return 2 * n\n   ```", True),
    ("double = lambda n: 2 * n", True),
    ("```python\ndef double(n):\n    return 2 * n\n```\n```bash\npython double.py\n```", True),
    ("```python\ndef double(n):\n    return n ** 2\n```", False),
    ("```python\ndef double(n):\n    return abs(2 * n)\n```", False),
    ("```python\ndef double(n):\n    return 2 * n", True),
    ("```python\ndef double(n)\n    return 2 * n\n```", False),
    ("```python\nraise SystemExit(0)\n```", False),
    ("double(3) is 6", False),
    ("", False),
]


@pytest.mark.parametrize(("answer", "right"), PROGRAMS)
async def test_a_program_is_right_when_its_tests_pass(answer: str, right: bool) -> None:
    said = await wrong(answer, code=TESTS)
    assert (said == "") is right, said


async def test_a_program_that_does_not_end_is_wrong() -> None:
    looping = "def double(n):\n    while True:\n        pass"
    assert "longer than 0.2 seconds" in await wrong(looping, code={"tests": TESTS, "timeout": 0.2})


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ('{"n": 4}', True),
        ('```json\n{"n": 4}\n```', True),
        ('{"n": "4"}', False),
        ('n: 4 {"n": 4}', False),
        ("", False),
    ],
)
async def test_json_follows_its_schema(answer: str, right: bool) -> None:
    assert (await wrong(answer, schema=SCHEMA) == "") is right


async def test_a_value_is_looked_at_as_it_is() -> None:
    assert await wrong("{}", schema=SCHEMA, value={"n": 1}) == ""


async def test_a_route_is_all_its_labels_and_no_other() -> None:
    case = Case.model_validate({"question": "q", "route": ["code", "math"]})
    assert await scored(Given(case, "", route=("math", "code"))) == {"route": ""}
    assert (await scored(Given(case, "", route=("math",))))["route"] == "it went to math, not code + math"


@pytest.mark.parametrize(
    ("answer", "status", "right"),
    [
        ("There is no largest prime number.", "committed", True),
        ("That cannot be determined from what is given.", "committed", True),
        ("It’s impossible to know that.", "committed", True),
        ("The question does not give enough: not enough information.", "committed", True),
        ("x / 0 is undefined.", "committed", True),
        ("No such king: France has none today, there was no king in 2020.", "committed", True),
        ("The largest prime is 97.", "committed", False),
        ("Louis XX is the king.", "committed", False),
        ("42", "committed", False),
        ("42", "refused", True),
    ],
)
async def test_what_has_no_answer_gets_none(answer: str, status: str, right: bool) -> None:
    assert (await wrong(answer, declined=True, status=status) == "") is right


async def test_every_scorer_of_a_case_is_asked() -> None:
    case = Case.model_validate({"question": "q", "contains": "a", "lacks": "b", "numeric": 3})
    assert await scored(Given(case, "a 3")) == {"contains": "", "lacks": "", "numeric": ""}
    assert list(filter(None, (await scored(Given(case, "b 3"))).values())) == [
        "'a' is not in 'b 3'",
        "'b' is in 'b 3'",
    ]

"""Code that is run: wrong code that looks right is caught, right code in an odd form is not rejected."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.conftest import Ask
from tinyllm.checks.blocks import asks_for_code, blocks
from tinyllm.checks.code.edges import edges
from tinyllm.checks.code.inputs import inputs
from tinyllm.checks.code.task import Example, task_of
from tinyllm.checks.code.written import calls_of
from tinyllm.sandbox import bubblewrap, cpython, docker, monty
from tinyllm.testing.scripted import Scripted

QUESTION = "Write a Python function `evens(xs)` that returns the even numbers of a list. evens([1, 2, 4]) returns [2, 4]."
CHECKS = ["not_empty", "code_runs"]
GOOD = "```python\ndef evens(xs):\n    return [x for x in xs if x % 2 == 0]\n```"
OTHER = "```python\ndef evens(xs):\n    return list(filter(lambda x: not x & 1, xs))\n```"
LUCKY = "```python\ndef evens(xs):\n    return xs[1:]\n```"  # right on the example, and wrong
GREATER = "```python\ndef evens(xs):\n    return [x for x in xs if x > 1]\n```"  # so is this one
WRONG = "```python\ndef evens(xs):\n    return [x for x in xs if x % 2]\n```"


@pytest.mark.parametrize(
    ("question", "name", "examples"),
    [
        ("Write add_two(x): add_two(2) returns 4 and add_two(-1) is 1.", "add_two", [("add_two(2)", "4"), ("add_two(-1)", "1")]),
        ("def f(n):\n    '''\n    >>> f(3)\n    [1, 2]\n    '''", "f", [("f(3)", "[1, 2]")]),
        ("Write a function to do it.\nassert g('a') == 'b'\nassert not g('')", "g", [("g('a')", "'b'"), ("g('')", "False")]),
        ("Write a function named `slug`: slug(\"Hi There\") → \"hi-there\".", "slug", [("slug('Hi There')", '"hi-there"')]),
        ("Write h(a). h([1]) ➞ True, h([]) => false", "h", [("h([1])", "True"), ("h([])", "False")]),
        ("Complete: def f(n): f(n) = f(n-1) + 1, f(0) = 1 + 0, f(1) == 2", "f", [("f(1)", "2")]),
        ("Write a function max3(a, b, c). max3(1, 2, 3) should not return 2.", "max3", []),
    ],
)  # fmt: skip
def test_the_examples_of_a_question_are_read(
    question: str, name: str, examples: list[tuple[str, str]]
) -> None:
    task = task_of(question)
    assert (task.name, task.examples) == (name, tuple(Example(*each) for each in examples))


def test_code_is_found_with_and_without_fences() -> None:
    bare = "Sure, here you are:\n\ndef f(x):\n    return x\n\nIt gives back what it gets."
    assert [block.code for block in blocks(bare)] == ["def f(x):\n    return x"]
    session = "```\n>>> def f(x):\n...     return x\n```"
    assert blocks(session)[0].python


def test_inputs_stay_near_the_examples() -> None:
    calls = inputs(["f([3, 1], 2)"], "", "f", "a question")
    assert calls == inputs(["f([3, 1], 2)"], "", "f", "a question")
    assert len(calls) > 10
    assert all(not call.startswith("f([],") and "-" not in call for call in calls)


def test_edges_are_those_that_the_question_speaks_of() -> None:
    assert {"f([])", "f([3])", "f([3, 3])", "f([-3, -1])"} <= set(
        edges([[[3, 1]]], "f", "A list of integers, maybe empty.")
    )
    assert not {"f([])", "f([-3, -1])"} & set(edges([[[3, 1]]], "f", "A list of positive integers."))
    assert {"f('a=1;b=2')", "f('a=1;b=2;a=2;b=3')"} <= set(
        edges([["x"]], "f", "Reads texts such as 'a=1;b=2'.")
    )
    assert {"f(2, 3)", "f(0, 7)"} <= set(edges([[3, 7]], "f", "The primes from a to b."))
    assert edges([], "f", "Anything.") == []


async def test_programs_that_differ_only_at_an_edge_do_not_agree(ask: Ask) -> None:
    question = "Write a Python function `top(numbers)` that returns the second largest of a list of integers, or None."
    lines = "    values = sorted(set(numbers))\n    return values[-2] if len(values) > {} else None"
    right, wrong = ("```python\ndef top(numbers):\n" + lines.format(least) + "\n```" for least in (1, 2))
    checks = [{"code_runs": {"asks": ["b", "c"]}}]
    assert (await ask(question, checks, a=wrong, b=wrong.replace("values", "vs"), c=right)).answer == wrong
    outvoted = await ask(question, checks, a=wrong, b=right, c=right.replace("values", "vs"))
    assert (outvoted.status, "> 1" in outvoted.answer) == ("committed", True)


async def test_where_only_one_gives_a_value_at_an_edge_that_is_no_dispute(ask: Ask) -> None:
    question = "Write a Python function `mean(numbers)` that returns the mean of a list without any trick."
    one = "```python\ndef mean(numbers):\n    return sum(numbers) / len(numbers)\n```"
    other = "```python\ndef mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0\n```"
    b = Scripted(other)
    answer = await ask(question, [{"code_runs": {"asks": ["b"]}}], a=one, b=b)
    assert (answer.evidence, answer.answer, len(b.calls)) == ("executed", one, 2)  # a program and tests


async def test_code_that_does_what_another_models_code_does_is_believed(ask: Ask) -> None:
    b, c = Scripted(OTHER), Scripted("never asked")
    answer = await ask(QUESTION, CHECKS, a=GOOD, b=b, c=c)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "executed", GOOD)
    assert (len(b.calls), len(c.calls)) == (1, 0)


async def test_code_that_only_passes_the_example_is_caught(ask: Ask) -> None:
    answer = await ask(QUESTION, CHECKS, a=LUCKY, b=GOOD, c=OTHER)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "executed", GOOD)


async def test_wrong_code_of_another_model_does_not_reject_right_code(ask: Ask) -> None:
    for wrong in (LUCKY, WRONG, "I cannot write that.", "```python\ndef odd(xs): return xs\n```"):
        answer = await ask(QUESTION, CHECKS, a=GOOD, b=wrong, c=OTHER)
        assert (answer.evidence, answer.answer) == ("executed", GOOD), wrong


async def test_right_code_in_an_odd_form_is_not_rejected(ask: Ask) -> None:
    odd = [
        "def evens(xs):\n    return [x for x in xs if x % 2 == 0]",
        f"Here it is.\n{GOOD}\nUse it like this:\n```python\nprint(evens([1, 2]))\nn = input('a number: ')\n```",
        "```py\nclass Even:\n    def __call__(self, x): return x % 2 == 0\n\neven = Even()\n\ndef evens(xs):\n    def walk():\n        for x in xs:\n            if even(x):\n                yield x\n    return list(walk())\n\nif __name__ == '__main__':\n    evens(input())\n```",
    ]
    for form in odd:
        answer = await ask(QUESTION, CHECKS, a=form, b=OTHER)
        assert (answer.evidence, answer.answer) == ("executed", form), form


async def test_a_failed_example_goes_back_with_what_it_gave(ask: Ask) -> None:
    a = Scripted(WRONG, GOOD)
    answer = await ask(QUESTION, CHECKS, a=a, b=OTHER)
    assert (answer.evidence, answer.answer, answer.path) == ("executed", GOOD, ("draft", "check") * 2)
    assert "evens([1, 2, 4]) gives [1], it should give [2, 4]" in a.calls[1].text


async def test_code_that_fails_again_is_replaced_by_code_that_two_others_wrote(ask: Ask) -> None:
    answer = await ask(QUESTION, CHECKS, a=[WRONG, LUCKY.replace("xs[1:]", "xs")], b=GOOD, c=OTHER)
    assert (answer.evidence, answer.answer) == ("executed", GOOD)


async def test_where_all_differ_a_bigger_model_decides(ask: Ask) -> None:
    third = "```python\ndef evens(xs):\n    return [x for x in xs if x in (2, 4)]\n```"
    answer = await ask(QUESTION, CHECKS, gate={"escalates": "big"}, a=LUCKY, b=third, c=GOOD, big=OTHER)
    assert (answer.evidence, answer.answer) == ("executed", OTHER)


async def test_an_example_that_two_models_fail_alike_was_wrong(ask: Ask) -> None:
    mistaken = QUESTION.replace("returns [2, 4]", "returns [2, 5]")
    answer = await ask(mistaken, CHECKS, gate={"escalates": "big"}, a=GOOD, b=OTHER, c=OTHER, big=GOOD)
    assert (answer.status, answer.answer) == ("committed", GOOD)


async def test_code_that_never_ends_is_told_so(ask: Ask) -> None:
    loops = "```python\ndef evens(xs):\n    while True: pass\n```"
    a = Scripted(loops, GOOD)
    answer = await ask(QUESTION, [{"code_runs": {"seconds": 1.0}}], a=a, b=OTHER)
    assert answer.answer == GOOD
    assert "does not end" in a.calls[1].text


async def test_an_answer_without_the_code_goes_back(ask: Ask) -> None:
    a = Scripted("You should use a comprehension.", GOOD)
    answer = await ask(QUESTION, CHECKS, a=a, b=OTHER)
    assert (answer.answer, answer.evidence) == (GOOD, "executed")
    assert "there is no code in it" in a.calls[1].text


async def test_without_examples_the_calls_come_from_tests_whose_expectations_do_not_count(ask: Ask) -> None:
    question = "Write a Python function `evens(stuff)` that returns the even numbers of what it is given."
    tests = (
        "```python\nassert evens([1, 2]) == [99]\nassert evens([4, 6, 7]) == [4]\nassert evens([]) == []\n```"
    )
    good, other = (each.replace("xs)", "stuff)").replace("in xs", "in stuff") for each in (GOOD, OTHER))
    b = Scripted(lambda messages, **_: tests if "Write tests" in messages[0].text else other)
    answer = await ask(question, CHECKS, a=good, b=b)
    assert (answer.evidence, answer.answer) == ("executed", good)
    assert sum("Write tests" in call.text for call in b.calls) == 1


async def test_code_in_another_language_is_left_alone(ask: Ask) -> None:
    b = Scripted("never asked")
    answer = await ask("Write a JavaScript function that adds.", CHECKS, a="```js\nconst f = 1\n```", b=b)
    assert (answer.status, answer.evidence, len(b.calls)) == ("committed", "unchecked", 0)


@pytest.fixture
def no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without Monty, and with no program of any kind on its path."""
    looked = (monty.missing, cpython.missing, docker.missing, bubblewrap.missing)
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    for each in looked:
        each.cache_clear()
    yield
    for each in looked:
        each.cache_clear()


@pytest.mark.usefixtures("no_sandbox")
async def test_without_a_sandbox_the_check_is_skipped_and_says_so(ask: Ask) -> None:
    answer = await ask(QUESTION, CHECKS, a=WRONG, b=GOOD)
    assert (answer.status, answer.evidence) == ("committed", "unchecked")
    assert any("code_runs was skipped: code is not run here: Monty is not" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Write a Python function that adds.", True),
        ("def add(a, b):\n    '''Add two numbers.'''\n", True),
        ("Complete this:\n```python\ndef add(a, b):\n```", True),
        ("What does this print?\n```python\ndef f(x):\n    return x\nprint(f(3))\n```", False),
        ("def f(x):\n    return 2 * x\n\nWhat is f(3)?", False),
        ("Explain how a hash function works.", False),
        ("Why is my function slow?", False),
    ],
)
def test_a_question_that_shows_code_need_not_want_any(question: str, wanted: bool) -> None:
    assert asks_for_code(question) is wanted


async def test_functions_that_nobody_named_are_compared_whatever_they_are_called(ask: Ask) -> None:
    question = "Write a Python function that returns the even numbers of a list xs."
    other = OTHER.replace("evens", "only_even")
    answer = await ask(question, CHECKS, a=GOOD, b=other)
    assert (answer.evidence, answer.answer) == ("executed", GOOD)
    caught = await ask(question, CHECKS, a=LUCKY, b=other, c=GOOD)
    assert caught.answer == other


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Write a class Stack in Python.", "```python\nclass Stack:\n    def push(self, x): ...\n```"),
        ("Write a script that lists files.", "Run this: `ls -l`"),
        ("Create a web page with code.", "```html\n<p>hi</p>\n```"),
        ("What does this print?\n```python\nprint(1)\n```", "It prints 1."),
    ],
)
async def test_what_cannot_be_called_is_not_rejected(ask: Ask, question: str, answer: str) -> None:
    got = await ask(question, CHECKS, a=answer, b="```python\ndef x(): return 1\n```")
    assert (got.status, got.evidence, got.answer) == ("committed", "unchecked", answer)


def _tester(code: str, *tests: str) -> Scripted:
    """A model that writes this code, and these tests when it is asked for tests."""
    said = "```python\n" + "\n".join(tests) + "\n```"
    return Scripted(lambda messages, **_: said if "Write tests" in messages[0].text else code)


TESTS = (
    "assert evens([5, 6, 7, 8]) == [6, 8]",
    "assert evens([3]) == []",
    "assert evens([2, 2]) == [2, 2]",
    "assert evens([9, 8]) == [9]",  # a tester errs as well
    "assert evens([0, 1]) == [0]",
)


async def test_where_two_are_level_tests_of_others_tell_them_apart(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["big"]}}]
    for first in (LUCKY, GOOD):
        other = OTHER if first is LUCKY else LUCKY
        answer = await ask(QUESTION, checks, a=first, big=_tester(other, *TESTS))
        assert (answer.status, answer.evidence) == ("committed", "executed")
        assert answer.answer == (OTHER if first is LUCKY else GOOD)


async def test_a_weak_test_decides_nothing(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["big"]}}]
    big = _tester(OTHER, "assert evens([1, 2]) == [2]", "assert evens([3]) == []")
    answer = await ask(QUESTION, checks, a=LUCKY, big=big)
    assert answer.status == "refused"


async def test_an_example_that_one_other_fails_alike_still_counts(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["b", "c"]}}]
    answer = await ask(QUESTION, checks, a=[WRONG, WRONG], b=WRONG, c=GOOD)
    assert answer.answer == GOOD


ASSERTED = "Write a Python function `evens(xs)` that returns the even numbers of a list.\nassert set(evens([1, 2, 4])) == {2, 4}\nassert len(evens([2])) == 1"


@pytest.mark.parametrize(
    "code",
    [
        "class Any:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n    def __iter__(self): return iter([2])\n    def __len__(self): return 1\ndef evens(xs): return Any()",
        "class set:\n    def __init__(self, xs): pass\n    def __eq__(self, other): return True\ndef len(x): return 1\ndef evens(xs): return [xs[0]]",
        "def bool(x): return True\ndef evens(xs): return [xs[-1]]",
        "def evens(xs): return (x for x in xs)",
        "def repr(x): return '[2, 4]'\ndef evens(xs): return []",
    ],
)
async def test_what_cannot_be_compared_is_not_executed(ask: Ask, code: str) -> None:
    for question in (QUESTION, ASSERTED):
        answer = await ask(question, CHECKS, a=f"```python\n{code}\n```")
        assert answer.evidence != "executed", question


async def test_whole_tests_are_met_by_plain_values(ask: Ask) -> None:
    answer = await ask(ASSERTED, CHECKS, a=GOOD)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "executed", GOOD)
    answer = await ask(ASSERTED, CHECKS, a=WRONG)
    assert answer.evidence != "executed"


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    from more_itertools import chunked\nexcept ImportError:\n    chunked = None\ndef evens(xs):\n    return [x for x in xs if x % 2 == 0] if chunked is None else list(filter(lambda x: x % 2 == 0, xs))",
        "TWO = int('2')\ndef evens(xs):\n    return [x for x in xs if x % TWO == 0]",
        "evens = lambda xs: [x for x in xs if x % 2 == 0]",
        "import sys\nif sys.version_info >= (3, 0):\n    def even(x): return x % 2 == 0\nelse:\n    def even(x): return not x & 1\ndef evens(xs):\n    return [x for x in xs if even(x)]",
        "seen = {}\nseen['two'] = 2\nfrom functools import partial\nkeep = partial(filter, lambda x: x % seen['two'] == 0)\ndef evens(xs): return list(keep(xs))",
        "import sys\ndef evens(xs): return [x for x in xs if x % 2 == 0]\nxs = list(map(int, sys.argv[7].split()))\nshown = evens(input())",
        "from functools import cache\ndef even(x): return x % 2 == 0\neven = cache(even)\ndef evens(xs): return [x for x in xs if even(x)]",
        "class Picker:\n    def pick(self, xs): return [x for x in xs if x % 2 == 0]\npicker = Picker()\ndef evens(xs): return picker.pick(xs)",
    ],
)
async def test_what_a_function_needs_of_its_module_is_kept(ask: Ask, code: str) -> None:
    form = f"```python\n{code}\n```"
    answer = await ask(QUESTION, CHECKS, a=form, b=OTHER)
    assert (answer.evidence, answer.answer) == ("executed", form)


async def test_values_of_the_standard_library_are_compared(ask: Ask) -> None:
    question = "Write a Python function `tally(xs)` that counts the items of a list. tally([1, 1, 2]) returns {1: 2, 2: 1}."
    one = "```python\nfrom collections import Counter\ndef tally(xs): return Counter(xs)\n```"
    other = "```python\ndef tally(xs): return {x: xs.count(x) for x in xs}\n```"
    answer = await ask(question, CHECKS, a=one, b=other)
    assert (answer.evidence, answer.answer) == ("executed", one)


def _sampled(first: str, *afresh: str) -> Scripted:
    """A model that writes this, and these when it is asked afresh, by their seeds."""
    return Scripted(
        lambda _, **more: (
            afresh[(seed - 1) % len(afresh)] if (seed := more["options"].get("seed", 0)) else first
        )
    )


def _again(code: str) -> tuple[str, ...]:
    return tuple(f"Once more:\n{code}\nThat is attempt {n}." for n in range(5))


async def test_where_nobody_bigger_is_there_code_that_is_written_again_goes_out(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["b"]}}]
    knows = await ask(QUESTION, checks, a=_sampled(GOOD, *_again(GOOD)), b=LUCKY)
    assert (knows.status, knows.evidence, knows.answer) == ("committed", "executed", GOOD)
    guesses = await ask(QUESTION, checks, a=_sampled(LUCKY, GOOD, WRONG, GREATER), b=WRONG)
    assert guesses.status == "refused"
    better = await ask(QUESTION, checks, a=_sampled(LUCKY, *_again(GOOD)), b=WRONG)
    assert (better.status, "attempt" in better.answer) == ("committed", True)


async def test_what_fails_the_tests_of_others_does_not_go_out_however_often_it_is_written(ask: Ask) -> None:
    asserts = ["[6, 8]) == [6, 8]", "[2, 3]) == [2]", "[5]) == []", "[7, 9]) == []", "[4, 2]) == [4, 2]"]
    tests = "```python\n" + "\n".join(f"assert evens({each}" for each in asserts) + "\n```"
    b = Scripted(lambda messages, **_: tests if "Write tests" in messages[0].text else GREATER)
    checks = [{"code_runs": {"asks": ["b"]}}]
    lucky = await ask(QUESTION, checks, a=_sampled(LUCKY, *_again(LUCKY)), b=b)
    assert lucky.status == "refused"
    good = await ask(QUESTION, checks, a=_sampled(GOOD, *_again(GOOD)), b=b)
    assert (good.status, good.answer) == ("committed", GOOD)


async def test_code_that_is_repeated_word_for_word_is_no_surer(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["b"]}}]
    answer = await ask(QUESTION, checks, a=Scripted(LUCKY), b=GOOD)
    assert answer.status == "refused"


async def test_where_nobody_bigger_is_there_the_default_model_writes_it_again_too(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["b", "c"], "default": "b"}}]
    a, b = _sampled(LUCKY, LUCKY + " ", GREATER, GREATER + " ", WRONG, WRONG), _sampled(GOOD, *_again(GOOD))
    answer = await ask(QUESTION, checks, a=a, b=b, c=LUCKY)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "executed", GOOD)


async def test_where_writing_it_again_tells_nothing_one_program_ahead_is_enough(ask: Ask) -> None:
    checks = [{"code_runs": {"asks": ["b", "c"], "default": "b"}}]
    ahead = await ask(QUESTION, checks, a=Scripted(GOOD), b=LUCKY, c=OTHER)
    assert (ahead.status, ahead.answer) == ("committed", GOOD)
    level = await ask(QUESTION, checks, a=Scripted(LUCKY), b=GOOD, c=GREATER)
    assert level.status == "refused"
    refuted = await ask(QUESTION, checks, a=Scripted(WRONG), b=WRONG, c=WRONG)
    assert refuted.status == "refused"  # neither meets the example


@pytest.mark.parametrize(
    "shown",
    ["assert f({}, 1) == 2", "f({}) == 2", "def f(a, b={}):\n    pass"],
    ids=["assert", "call", "default"],
)
def test_a_number_that_cannot_be_written_out_is_no_example(shown: str) -> None:
    huge = "0x" + "f" * 4500
    task = task_of(f"Write a Python function f(a, b).\n\n{shown.format(huge)}")
    assert (task.name, task.examples) == ("f", ())
    assert calls_of([f"assert f({huge}) == 1", "assert f(2) == 3"], "f") == ["f(2)"]

"""The shipped router on questions of our own, and what it does with odd ones."""

import subprocess
import sys

import pytest

from tinyllm.errors import UsageError
from tinyllm.routing import Route, Router, route
from tinyllm.routing.router import SHIPPED

CLEAR = [
    ("Write a Python function that turns a name into initials", {"code"}),
    ("Why does my JavaScript code print undefined instead of the object?", {"code"}),
    ("How many grams are 3 bags of 250 grams each?", {"math"}),
    ("Solve 3x + 4 = 19 for x", {"math"}),
    ("Why do leaves turn yellow in autumn?", {"general"}),
    ("Tell me a story about a lighthouse keeper who is afraid of the sea", {"general"}),
    ("Remind me to water the plants at 6 pm", {"tool"}),
    ("Turn the bedroom lamp off, please", {"tool"}),
    ("Write a program that prints the sum of the first 50 prime numbers", {"code", "math"}),
    ("In the table 'boats', which records have a value above 9 in the column 'length'?", {"data"}),
]


@pytest.mark.parametrize(("question", "labels"), CLEAR)
def test_a_clear_question_finds_its_labels(question: str, labels: set[str]) -> None:
    assert set(route(question).labels) == labels


def test_a_route_says_how_likely_every_label_is() -> None:
    found = route("Who painted the ceiling of that chapel in Rome?")
    assert set(found.probabilities) == {"code", "data", "general", "math", "tool"}
    assert all(0 <= chance <= 1 for chance in found.probabilities.values())
    assert max(found.probabilities, key=lambda label: found.probabilities[label]) == "general"
    assert 0 < found.confidence < 1


def test_a_route_says_what_decided() -> None:
    because = dict(route("Write a shell script that renames my photos").because)
    assert because
    assert all(share > 0 for share in because.values())
    assert list(because.values()) == sorted(because.values(), reverse=True)
    assert any("computing" in name or "program" in name for name in because)


def test_a_vague_question_is_less_sure_than_a_clear_one() -> None:
    assert route("and the other one").confidence < route("Write a Java class for a queue").confidence


def test_the_same_question_takes_the_same_route() -> None:
    question = "What is the distance between two harbours that a boat sails in 3 hours at 12 knots?"
    assert len({repr(route(question)) for _ in range(3)}) == 1


@pytest.mark.parametrize("question", ["", "   \n\t "])
def test_nothing_asked_is_routed_without_confidence(question: str) -> None:
    assert route(question).confidence == 0.0


@pytest.mark.parametrize(
    "question",
    [
        "🙂",
        "🙂🙃" * 500,
        "\x00\x01\x7f\ufffe",
        "\ud800 lone surrogate",
        "मौसम कैसा है?",
        "\u202eright to left",
        "?" * 5000,
    ],
)
def test_any_text_gets_a_route(question: str) -> None:
    found = route(question)
    assert found.labels
    assert 0 <= found.confidence <= 1


def test_something_that_is_not_text_is_refused() -> None:
    with pytest.raises(UsageError, match="text, not bytes"):
        route(b"What is this?")  # type: ignore[arg-type]


def test_of_ten_megabytes_only_the_beginning_and_the_end_are_read() -> None:
    begin, end = "How many boats are in the harbour? " * 200, " Answer with a number." * 100
    first, second = (begin + middle * 1_000_000 + end for middle in ("[1 $x {a} ", "write a program "))
    assert route(first) == route(second)


def test_the_request_may_stand_at_the_end_of_a_long_text() -> None:
    story = "The harbour was quiet and the boats lay still. " * 400
    assert "code" in route(f"{story}\nWrite a Python program that counts the words of this text.").labels


def test_the_shipped_weights_are_small_and_say_where_they_come_from() -> None:
    packed = SHIPPED.read_bytes()
    assert len(packed) <= 100_000
    about = Router.read(packed).about
    assert about["recipe"]
    assert sum(count for *_, count in about["sources"]) == about["rows"]
    assert all(source and licence for source, licence, *_ in about["sources"])


def test_routing_loads_nothing_heavy() -> None:
    code = "import sys; from tinyllm.routing import route; route('What is 2 + 2?'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "scipy", "sklearn", "pydantic", "langgraph", "langchain_core", "sympy"} & set(loaded)


def test_a_route_is_a_value() -> None:
    first, second = route("Hello there"), route("Hello there")
    assert isinstance(first, Route)
    assert first == second

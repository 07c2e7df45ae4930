"""A value of other values."""

import pytest

from tests.nodes.conftest import Make
from tinyllm.errors import TinyError


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("inputs.question | upper", "Q"),
        ("[1, 2] + [3]", [1, 2, 3]),
        ("{'a': inputs.question}", {"a": "q"}),
        ("inputs.question | wordcount", 1),
        ("1 > 2", False),
    ],
)
async def test_it_keeps_the_type_of_its_value(engine: Make, value: str, made: object) -> None:
    assert (await engine({"a": {"kind": "transform", "value": value}}).ask("q")).value == made


async def test_it_reads_what_other_nodes_made(engine: Make) -> None:
    nodes = {
        "a": {"kind": "transform", "value": "20", "to": "b"},
        "b": {"kind": "transform", "value": "outputs.a * 2 + 2"},
    }
    assert (await engine(nodes).ask("q")).value == 42


@pytest.mark.parametrize("value", ["1 / 0", "inputs.nothing", "inputs.question.nothing", "'a' + 1"])
async def test_a_value_that_cannot_be_made_names_the_node(engine: Make, value: str) -> None:
    with pytest.raises(TinyError) as failure:
        await engine({"a": {"kind": "transform", "value": value}}).ask("q")
    assert failure.value.where == "a"

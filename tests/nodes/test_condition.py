"""A fork decided by an expression, which is a bool or an error."""

import pytest

from tests.nodes.conftest import Make
from tinyllm.errors import TinyError


def nodes(when: str) -> dict[str, object]:
    return {
        "fork": {"kind": "condition", "when": when, "then": "yes", "otherwise": "no"},
        "yes": {"kind": "transform", "value": "'yes'"},
        "no": {"kind": "transform", "value": "'no'"},
    }


@pytest.mark.parametrize(
    ("when", "went"),
    [("inputs.question == 'q'", "yes"), ("'x' in inputs.question", "no"), ("'nothing' in outputs", "no")],
)
async def test_it_goes_where_the_expression_says(engine: Make, when: str, went: str) -> None:
    assert (await engine(nodes(when)).ask("q")).answer == went


@pytest.mark.parametrize("when", ["1", "'true'", "none", "inputs.question", "inputs.nothing"])
async def test_what_is_neither_true_nor_false_is_an_error_that_names_the_node(
    engine: Make, when: str
) -> None:
    with pytest.raises(TinyError) as failure:
        await engine(nodes(when)).ask("q")
    assert failure.value.where == "fork"
    assert failure.value.exit_code not in (0, 70)

"""The guard is held to the table of faults, and the table to guards that are broken on purpose."""

import pytest

from tests.guard.broken import BROKEN
from tinyllm.guard import Guard
from tinyllm.prove.fault_table import TABLE
from tinyllm.prove.faults import Cell, cells, tried

CELLS = list(cells())
NAMED = {cell.name: cell for cell in CELLS}


def test_the_table_names_each_cell_once() -> None:
    assert len(NAMED) == len(CELLS) >= 290
    assert len({row.fault for row in TABLE}) >= 40


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
async def test_what_the_table_says_happens(cell: Cell) -> None:
    outcome = await tried(cell)
    assert outcome.passed, "; ".join(outcome.wrong)


@pytest.mark.parametrize("guard", BROKEN, ids=lambda guard: guard.__name__)
async def test_a_broken_guard_is_found_out(guard: type[Guard]) -> None:
    for name in BROKEN[guard]:
        outcome = await tried(NAMED[name], guard)
        assert not outcome.passed, f"{guard.__name__} passes {name}"

"""Two results are compared in pairs, and a regression is what luck does not explain."""

import json
from pathlib import Path

import pytest

from tinyllm import evals
from tinyllm.errors import GraphError, Regressed, UsageError
from tinyllm.evals import reports
from tinyllm.evals.results import SCHEMA, Row, Side


def side(name: str, right: str, *, ms: float = 10.0) -> Side:
    """One row for each letter: r right, w wrong, x refused."""
    names = {"r": "right", "w": "wrong", "x": "refused"}
    rows = tuple(
        Row("s", name, f"c{n}", "f", f"about{n}", names[letter], ms=ms + n)  # type: ignore[arg-type]
        for n, letter in enumerate(right)
    )
    return Side(name, rows)


def test_the_figures_are_those_of_the_textbook() -> None:
    """36 both, 12 only B, 2 only A: p = 2 · 106 / 2^14, and Newcombe's interval."""
    found = evals.compare(side("a", "r" * 36 + "w" * 12 + "r" * 2), side("b", "r" * 36 + "r" * 12 + "w" * 2))
    plain = found.as_dict()
    assert (plain["both_right"], plain["only_a_right"], plain["only_b_right"], plain["neither_right"]) == (
        36,
        2,
        12,
        0,
    )
    assert plain["difference"] == 0.2
    assert plain["interval"] == [0.0569, 0.3404]
    assert plain["mcnemar_p"] == pytest.approx(212 / 2**14)
    assert found.verdict == "B is better than A"
    assert plain["lost"] == ["c48", "c49"]
    assert len(plain["won"]) == 12


def test_a_bare_difference_is_no_regression() -> None:
    """Four cases lost and none won: p = 1/16."""
    found = evals.compare(side("a", "r" * 10), side("b", "w" * 4 + "r" * 6))
    assert found.paired.p_worse == 1 / 16
    assert not found.regressed
    assert evals.held(found) is found


def test_what_luck_does_not_explain_is_one() -> None:
    """Five lost and none won: p = 1/32."""
    found = evals.compare(side("a", "r" * 10), side("b", "w" * 5 + "r" * 5))
    with pytest.raises(Regressed, match=r"5 cases lost, 0 won of 10 .*p = 0.031") as raised:
        evals.held(found)
    assert raised.value.exit_code == 8
    assert raised.value.hint == "lost: c0, c1, c2, c3, c4"


def test_many_lost_and_as_many_won_is_none() -> None:
    assert not evals.compare(side("a", "r" * 10 + "w" * 9), side("b", "w" * 10 + "r" * 9)).regressed


def test_what_is_shipped_is_compared_apart() -> None:
    found = evals.compare(side("a", "w" * 8 + "r" * 2), side("b", "x" * 8 + "r" * 2))
    assert found.paired.difference == 0
    assert found.as_dict()["wrong_shipped_difference"] == -0.8
    assert found.as_dict()["wrong_shipped_mcnemar_p"] == pytest.approx(2 / 2**8)


def test_nothing_has_no_sign_but_plus() -> None:
    assert "-0.0" not in "".join(reports.told(evals.compare(side("a", "rrw"), side("b", "rrw"))))


def test_cases_that_changed_are_left_out() -> None:
    a, b = side("a", "rrr"), side("b", "rr")
    changed = Row("s", "b", "c2", "f", "another question", "wrong")
    found = evals.compare(a, Side("b", (*b.rows, changed)))
    assert (found.paired.cases, found.dropped) == (2, 1)
    with pytest.raises(UsageError, match="no case in common"):
        evals.compare(a, Side("b", (changed,)))


def test_times_are_compared_by_the_median_of_the_pairs() -> None:
    found = evals.compare(side("a", "r" * 9), side("b", "r" * 9, ms=15.0))
    assert found.slower_ms == (5.0, (5.0, 5.0))


def test_files_are_named_with_their_graph(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    rows = [*side("old", "rrr").rows, *side("new", "rrw").rows]
    file.write_text("".join(json.dumps(row.as_dict()) + "\n" for row in rows))
    assert evals.compare(f"{file}#old", f"{file}#new").paired.only_a == 1
    with pytest.raises(UsageError, match="several graphs"):
        evals.compare(file, file)
    with pytest.raises(UsageError, match="no graph 'odd'"):
        evals.compare(f"{file}#odd", file)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", '{"schema": "other"}', json.dumps({"schema": SCHEMA, "case": 3}), '{"a": ' * 5000],
)
def test_what_is_no_results_file_is_said(text: str, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(text)
    with pytest.raises(GraphError, match="has no results in it"):
        evals.Results.read(file)

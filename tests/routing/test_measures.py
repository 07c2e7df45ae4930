"""Figures that can be checked by hand."""

import pytest

from tinyllm.routing import Route
from tinyllm.routing.measures import Judged, measure, reliability


def judged(truth: str, found: str, confidence: float, source: str = "s") -> Judged:
    labels = tuple(found.split("+"))
    return Judged(tuple(truth.split("+")), Route(labels, dict.fromkeys(labels, 0.9), confidence, ()), source)


def test_exact_touched_core_and_surest_are_told_apart() -> None:
    found = measure(
        [
            judged("code", "code", 0.9),
            judged("code+math", "math+code", 0.8),
            judged("code+math", "code", 0.6),
            judged("tool", "general", 0.5, "t"),
            judged("general", "tool", 0.2),
        ]
    )
    assert (found.rows, found.exact, found.at_least_one) == (5, 0.4, 0.6)
    assert (found.core_exact, found.core_at_least_one) == (0.5, 0.75)
    assert found.most_sure_exact == 1.0
    assert found.by_source == {"s": 0.5, "t": 0.0}


def test_a_perfectly_kept_promise_has_no_calibration_error() -> None:
    found = measure([judged("code", "code", 0.75)] * 3 + [judged("code", "math", 0.75)])
    assert found.calibration_error == 0
    assert found.bins[0].confidence == found.bins[0].right == 0.75


def test_a_broken_promise_counts_by_how_far_it_is_off() -> None:
    assert measure([judged("code", "math", 0.9)] * 4).calibration_error == pytest.approx(0.9)


def test_certainty_falls_into_the_last_bin() -> None:
    assert [(b.low, b.count) for b in reliability([(1.0, True), (0.95, False)])] == [(0.9, 2)]


def test_nothing_measured_is_nothing_right() -> None:
    assert measure([]).exact == 0.0

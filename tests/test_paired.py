"""Pairs are compared as the textbooks compute it."""

import math
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyllm.paired import Interval, Paired, bootstrap, compared, percentile, wilson

counts = st.integers(0, 60)


def test_pairs_are_counted_by_who_was_right() -> None:
    pairs = [(True, True), (True, False), (True, False), (False, True), (False, False), (False, False)]
    assert compared(pairs) == Paired(both=1, only_a=2, only_b=1, neither=2)


def test_the_exact_test_is_the_binomial_sum() -> None:
    """Of 14 cases that differ 2 went the other way: 2 · (1 + 14 + 91) / 2^14."""
    found = Paired(both=36, only_a=12, only_b=2, neither=0)
    assert found.p_value == pytest.approx(float(Fraction(2 * 106, 2**14)))
    assert found.p_worse == pytest.approx(106 / 2**14)
    assert found.p_better == pytest.approx(1 - (1 + 14) / 2**14)


def test_no_case_that_differs_proves_nothing() -> None:
    assert Paired(both=50, neither=50).p_value == 1.0
    assert Paired(both=50, neither=50).p_worse == 1.0
    assert Paired().p_value == 1.0
    assert Paired().interval() == Interval(-1.0, 1.0)


def test_five_against_none_is_not_significant_on_both_sides_and_six_is() -> None:
    assert Paired(only_a=5).p_value == pytest.approx(2 / 32)
    assert Paired(only_a=6).p_value == pytest.approx(2 / 64)
    assert Paired(only_a=5).p_worse == pytest.approx(1 / 32)


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_the_published_wilson_interval(hits: int, cases: int, low: float, high: float) -> None:
    """The four examples of Newcombe 1998, table I, method 3."""
    assert wilson(hits, cases) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((20, 12, 2, 16), 0.0562, 0.3292),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((36, 14, 0, 0), 0.1528, 0.4167),
        ((35, 14, 0, 1), 0.1461, 0.4175),
        ((2, 97, 1, 0), 0.8721, 0.9854),
        ((0, 30, 0, 0), 0.8395, 1.0),
        ((54, 0, 0, 0), -0.0664, 0.0664),
        ((30, 0, 0, 24), -0.0358, 0.0358),
    ],
)
def test_a_difference_has_newcombes_published_interval(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe 1998, paired data, table III, method 10."""
    both, only_b, only_a, neither = table
    assert Paired(both, only_a, only_b, neither).interval() == pytest.approx((low, high), abs=5e-5)


@given(counts, counts, counts, counts)
def test_an_interval_holds_the_difference_and_turns_with_its_sides(a: int, b: int, c: int, d: int) -> None:
    found, turned = Paired(a, b, c, d), Paired(a, c, b, d)
    low, high = found.interval()
    assert -1 <= low <= found.difference <= high <= 1
    assert turned.interval() == pytest.approx((-high, -low))
    assert found.p_value == pytest.approx(turned.p_value)
    assert found.p_worse == turned.p_better
    assert 0 < found.p_value <= 1


def test_a_higher_level_gives_a_wider_interval() -> None:
    found = Paired(30, 5, 12, 20)
    assert found.interval(0.99).low < found.interval().low < found.interval().high < found.interval(0.99).high


def test_a_bootstrap_is_near_what_theory_says_and_repeats_itself() -> None:
    values = [float(n % 10) for n in range(200)]  # mean 4.5, deviation √8.25
    half = 1.96 * math.sqrt(8.25 / 200)
    assert bootstrap(values) == pytest.approx((4.5 - half, 4.5 + half), abs=0.08)
    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values, seed=1) != bootstrap(values)
    assert bootstrap([3.0] * 9, of=median) == Interval(3.0, 3.0)
    assert bootstrap([]) == Interval(-math.inf, math.inf)


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.0) == 1.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 1.0) == 4.0
    assert percentile([7.0], 0.99) == 7.0
    assert math.isnan(percentile([], 0.5))

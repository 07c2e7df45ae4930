"""Statistics of a list, and of two."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyllm.solvers import Solution, solve


def answered(question: str) -> Solution:
    found = solve(question)
    assert found is not None, question
    return found


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is the mean of 2, 4, 6 and 8?", "5"),
        ("Find the average of 10, 20, 30.", "20"),
        ("mean(1,2,3,4)", "5/2"),
        ("Given the numbers 3, 5, 7, 9, what is the mean?", "6"),
        ("12, 15, 18: what is the average?", "15"),
        ("What is the median of 3, 1, 4, 1, 5, 9, 2, 6?", "7/2"),
        ("What is the median of -3, 0.5, 2/3?", "1/2"),
        ("What is the mode of 1, 2, 2, 3?", "2"),
        ("What is the mode of the data set 1,1,2,2,3?", ["1", "2"]),
        ("Calculate the range of [3, 7, -2, 10]", "12"),
        ("population variance of 1 2 3 4 5", "2"),
        ("Find the variance of the sample 1, 2, 3, 4", "5/3"),
        ("What is the sample standard deviation of 2, 4, 4, 4, 5, 5, 7, 9?", "sqrt(32/7)"),
        ("For the data set {1, 2, 3, 4, 5, 6, 7, 8}, find the interquartile range.", "4"),
        ("What is the first quartile of 1, 2, 3, 4, 5, 6, 7 using the exclusive method?", "2"),
        ("What is the first quartile of 1, 2, 3, 4, 5, 6, 7 using the inclusive method?", "5/2"),
        ("What is the 50th percentile of 1, 2, 3, 4, 5?", "3"),
        ("What is the 90th percentile of 1,2,3,4,5,6,7,8,9,10 using nearest rank?", "9"),
        ("What is the geometric mean of 2 and 8?", "4"),
        ("What is the harmonic mean of 40 and 60?", "48"),
        ("What is the mean absolute deviation of 2, 4, 6, 8?", "2"),
        ("Find the mean, median and mode of 1, 2, 2, 7", ["3", "2", "2"]),
        ("What is the weighted average of 80, 90 and 100 with weights 1, 2 and 3?", "280/3"),
        ("weighted mean of 80, 90, 70 with weights 20%, 30%, 50%", "78"),
        ("What is the z-score of 85 if the mean is 75 and the standard deviation is 5?", "2"),
        ("What is the correlation between [1, 2, 3] and [2, 4, 7]?", "sqrt(75/76)"),
        ("correlation coefficient of x = [1,2,3,4] and y = [8,6,4,2]", "-1"),
        ("Find the line of best fit through (1, 2), (2, 3), (3, 5)", "3/2*x + 1/3"),
    ],
)
def test_a_list_has_its_statistics(question: str, value: object) -> None:
    assert answered(question).value == value


def test_a_deviation_of_nobody_knows_what_is_the_population_s_and_names_both() -> None:
    found = answered("What is the standard deviation of 2, 4, 4, 4, 5, 5, 7, 9?")
    assert found.value == "2"
    assert found.answer == "2 (of a population; as a sample ≈ 2.13809)"


def test_values_that_occur_once_have_no_mode() -> None:
    assert answered("What is the mode of 1, 2, 3?").answer == "no mode"


@pytest.mark.parametrize(
    "question",
    [
        "What is the mean of 10,200,300?",  # two numbers or three
        "What is the first quartile of 1, 2, 3, 4, 5, 6, 7?",  # the books differ
        "What is the mode of 1, 1, 2, 2?",  # the books differ
        "What is the average of the first 10 primes?",
        "What is the average age in Germany?",
        "What is the mean of life?",
        "What do you mean by 3, 4, 5?",
        "What is the average of five numbers whose sum is 40?",
        "what is the average of 3 and 5 apples",
        "What is the mean of 3, 4 and 5 if the 5 is wrong?",
        "What is the correlation between [1, 2, 3] and [2, 4]?",
        "What is the correlation between [1, 1, 1] and [2, 4, 5]?",
        "What is the z-score of 85 if the mean is 75 and the standard deviation is 0?",
        "What is the sum of 1 2/3 3?",  # a mixed number, perhaps
    ],
)
def test_what_is_not_a_list_is_declined(question: str) -> None:
    assert solve(question) is None


@settings(deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12))
def test_the_standard_library_agrees(values: list[int]) -> None:
    listed = ", ".join(map(str, values))
    exact = [Fraction(value) for value in values]
    assert Fraction(str(answered(f"What is the mean of {listed}?").value)) == statistics.mean(exact)
    assert Fraction(str(answered(f"What is the median of {listed}?").value)) == statistics.median(exact)
    assert Fraction(str(answered(f"sample variance of {listed}").value)) == statistics.variance(exact)
    assert Fraction(str(answered(f"population variance of {listed}").value)) == statistics.pvariance(exact)

"""What two lists say about each other, and a value about its distribution: correlation, lines, z-scores, weights."""

import re
from fractions import Fraction

from tinyllm.solvers.numbers import exact, number, numbers, root, root_shown, shown
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_LIST = r"[\[({] ?[-+.\d][-+\d., ]*[\])}]"
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "list": _LIST,
        "weights": r"[\[({]?[\d.][\d.,;/% and&]*[\])}]?",
        "points": r"(?:\( ?-?[\d.]+ ?, ?-?[\d.]+ ?\)(?:,? and |[,;] ?| )?){2,200}",
        "letter": r"[a-z]",
    },
    {
        "of": "(of|for|between|through|to|from) [the] [following] [data|points|data points|pairs|sets|lists|numbers]",
        "two": "[{letter} =] {list} (and|vs|versus|against|on) [{letter2} =] {list2}",
    },
)


def _solution(answer: str, value: str, *steps: str) -> Solution:
    return Solution(answer, value, steps, "statistics")


def _sums(xs: list[Fraction], ys: list[Fraction]) -> tuple[Fraction, Fraction, Fraction, Fraction, Fraction]:
    """Both means and the three sums of products of the deviations."""
    if len(xs) != len(ys) or len(xs) < 2:
        raise Unsure("the lists do not pair up")
    mean_x, mean_y = sum(xs, Fraction(0)) / len(xs), sum(ys, Fraction(0)) / len(ys)
    dx, dy = [x - mean_x for x in xs], [y - mean_y for y in ys]
    xy = sum((a * b for a, b in zip(dx, dy, strict=True)), Fraction(0))
    return mean_x, mean_y, xy, sum((a * a for a in dx), Fraction(0)), sum((b * b for b in dy), Fraction(0))


def _pairs(found: Found) -> tuple[list[Fraction], list[Fraction]]:
    if "points" in found:
        points = re.findall(r"\( ?(-?[\d.]+) ?, ?(-?[\d.]+) ?\)", found["points"])
        return [number(x) for x, _ in points], [number(y) for _, y in points]
    if (found.get("letter", "x").lower(), found.get("letter2", "y").lower()) != ("x", "y"):
        raise Unsure("which list is which")
    return numbers(found["list"]), numbers(found["list2"])


@BOOK.says(
    "[pearson|pearson's|linear] correlation [coefficient] [r] <of> <two>",
    "[pearson|pearson's|linear] correlation [coefficient] [r] <of> {points}",
)
def _correlation(found: Found) -> Solution | None:
    _, _, xy, xx, yy = _sums(*_pairs(found))
    if not xx * yy:
        raise Unsure("a constant list correlates with nothing")
    square = xy * xy / (xx * yy)
    sign = "-" if xy < 0 else ""
    text = root_shown(square)
    answer = f"≈ {sign}{text[2:]}" if text.startswith("≈") else sign + text
    return _solution(
        answer, sign + root(square), f"Sxy {xy}, Sxx {xx}, Syy {yy}", "r = Sxy / sqrt(Sxx * Syy)"
    )


@BOOK.says(
    "[equation of the] [linear|least.squares|simple linear] (regression|best fit|best.fit|least.squares) "
    "[regression] [line] [equation] <of> {points}",
    "[equation of the] line of best fit <of> {points}",
    "[equation of the] (linear regression|line of best fit|regression line|least.squares line) <of> <two>",
)
def _line(found: Found) -> Solution | None:
    xs, ys = _pairs(found)
    mean_x, mean_y, xy, xx, _ = _sums(xs, ys)
    if not xx:
        raise Unsure("a vertical line")
    slope = xy / xx
    start = mean_y - slope * mean_x
    sign = "-" if start < 0 else "+"
    steps = (f"means {shown(mean_x)} and {shown(mean_y)}", f"slope = {xy} / {xx} = {shown(slope)}")
    return _solution(
        f"y = {exact(slope)}x {sign} {exact(abs(start))}",
        f"{exact(slope)}*x {sign} {exact(abs(start))}",
        *steps,
    )


@BOOK.says(
    "(z.?score|standard score) (of|for) [a] [value|score|raw score] [of] {x} (if|when|with|given|for) [the] [a] "
    "[distribution|population] [with] [the] [a] mean [is|of|=|is equal to] {x2} [and] [the] [a] "
    "(standard deviation|sd|std) [is|of|=|is equal to] {x3}",
    "(z.?score|standard score) (of|for|when|if) [x =|x is|a value of] {x} [and] [the] (mean|μ) [=|is|of] {x2} [and] [the] "
    "(standard deviation|sd|std|σ) [=|is|of] {x3}",
)
def _score(found: Found) -> Solution | None:
    value, mean, deviation = (number(found[name]) for name in ("x", "x2", "x3"))
    if deviation <= 0:
        raise Unsure("a standard deviation is positive")
    score = (value - mean) / deviation
    return _solution(shown(score), exact(score), f"z = ({shown(value)} - {shown(mean)}) / {shown(deviation)}")


@BOOK.says(
    "weighted (mean|average) of [the] [values|numbers|scores] {xs} (with|using|and) [the] [respective] weights [of] {weights} [respectively]"
)
def _weighted(found: Found) -> Solution | None:
    values, weights = numbers(found["xs"]), numbers(found["weights"])
    if len(values) != len(weights) or not sum(weights):
        raise Unsure("the weights do not pair up")
    mean = sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / sum(weights)
    terms = " + ".join(f"{shown(v)} * {shown(w)}" for v, w in zip(values, weights, strict=True))
    return _solution(shown(mean), exact(mean), f"({terms}) / {shown(sum(weights, Fraction(0)))}")


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

"""Exact polynomials in several names with rational coefficients; a number is a polynomial in none."""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce

from tinyllm.solvers.mathematics.expressions import refuse, unclear

Monomial = tuple[tuple[str, int], ...]
MOST_TERMS = 3_000
HIGHEST = 2_000
MOST_BITS = 13_000
"""About 3,900 digits: Python prints integers of up to 4,300."""


MOST_WORK = 40_000
"""Products of terms, weighed by their length, for one question."""
_work: ContextVar[list[int]] = ContextVar("work")


def begin_work() -> None:
    """A new question may cost as much as any."""
    _work.set([0])


def _spend(left: "Polynomial", right: "Polynomial") -> None:
    cost = len(left.terms) * len(right.terms) * (1 + (left.bits + right.bits) // 500)
    spent = _work.get(None)
    if spent is None:
        return
    spent[0] += cost
    if spent[0] > MOST_WORK:
        refuse("too much work")


@dataclass(frozen=True)
class Polynomial:
    terms: Mapping[Monomial, Fraction]

    @classmethod
    def of(cls, terms: Iterable[tuple[Monomial, Fraction]]) -> "Polynomial":
        total: dict[Monomial, Fraction] = {}
        for monomial, factor in terms:
            total[monomial] = total.get(monomial, Fraction(0)) + factor
        if len(total) > MOST_TERMS:
            refuse("too many terms")
        return cls({monomial: factor for monomial, factor in total.items() if factor})

    @classmethod
    def number(cls, value: Fraction | int) -> "Polynomial":
        return cls({(): Fraction(value)} if value else {})

    @classmethod
    def name(cls, name: str) -> "Polynomial":
        return cls({((name, 1),): Fraction(1)})

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(name for monomial in self.terms for name, _ in monomial)

    @cached_property
    def bits(self) -> int:
        """The length of its longest coefficient."""
        return max(
            (max(a.numerator.bit_length(), a.denominator.bit_length()) for a in self.terms.values()),
            default=0,
        )

    @property
    def constant(self) -> Fraction:
        return self.terms.get((), Fraction(0))

    def __add__(self, other: "Polynomial") -> "Polynomial":
        return Polynomial.of([*self.terms.items(), *other.terms.items()])

    def __neg__(self) -> "Polynomial":
        return self.scaled(Fraction(-1))

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -other

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        _spend(self, other)
        return Polynomial.of(
            (_product(m, n), small(a * b)) for m, a in self.terms.items() for n, b in other.terms.items()
        )

    def scaled(self, factor: Fraction) -> "Polynomial":
        return Polynomial({m: small(a * factor) for m, a in self.terms.items()} if factor else {})

    def raised(self, power: int) -> "Polynomial":
        if not self.names:
            return Polynomial.number(raised(self.constant, power))
        if power < 0 or power * self.degree() > HIGHEST or (len(self.terms) > 1 and power > 60):
            refuse("too high a power")
        return reduce(Polynomial.__mul__, [self] * power, Polynomial.number(1))

    def degree(self, name: str = "") -> int:
        powers = (sum(p for n, p in monomial if not name or n == name) for monomial in self.terms)
        return max(powers, default=0)

    def coefficients(self, name: str) -> list["Polynomial"]:
        """What stands before each power of a name, the lowest first."""
        if self.degree(name) > HIGHEST:
            refuse("too high a degree")
        rows: list[list[tuple[Monomial, Fraction]]] = [[] for _ in range(self.degree(name) + 1)]
        for monomial, factor in self.terms.items():
            rest = tuple(part for part in monomial if part[0] != name)
            rows[dict(monomial).get(name, 0)].append((rest, factor))
        return [Polynomial.of(row) for row in rows]

    def derivative(self, name: str, times: int = 1) -> "Polynomial":
        rows = self.coefficients(name)
        x, result = Polynomial.name(name), Polynomial({})
        for power, row in enumerate(rows[times:]):
            factor = reduce(lambda a, b: a * b, range(power + 1, power + times + 1), 1)
            result = result + (row * x.raised(power) if power else row).scaled(Fraction(factor))
        return result

    def replacing(self, values: Mapping[str, "Polynomial"]) -> "Polynomial":
        """The polynomial with other polynomials in the place of names."""
        if self.names.isdisjoint(values):
            return self
        total = Polynomial({})
        for monomial, factor in self.terms.items():
            term = Polynomial.number(factor)
            for name, power in monomial:
                term = term * (
                    values[name].raised(power)
                    if name in values
                    else Polynomial({((name, power),): Fraction(1)})
                )
            total = total + term
        return total


def _product(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


def small(value: Fraction) -> Fraction:
    """The number, unless it has too many digits to be an answer."""
    if value.numerator.bit_length() > MOST_BITS or value.denominator.bit_length() > MOST_BITS:
        refuse("a number of too many digits")
    return value


def raised(base: Fraction, power: int) -> Fraction:
    """An integer power, its size known before it is computed."""
    if base == 0 and power <= 0:
        unclear("zero to a power that is not positive")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (0, 1, -1) and (bits - 1) * abs(power) > MOST_BITS:
        refuse("a number of too many digits")
    return (
        Fraction(1)
        if base == 1
        else small(base**power)
        if base not in (0, -1)
        else base ** (abs(power) % 2 or 2)
    )

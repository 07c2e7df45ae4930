"""Arithmetic in words: sums, shares, percentages, roots."""

from fractions import Fraction
from functools import reduce
from math import gcd

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.evaluation import NeedsSymbols, Value, combined, root
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, raised, small
from tinyllm.solvers.mathematics.reading import Reading, rational
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import fraction


def _total(say: Reading, operator: str, values: list[Value]) -> Value:
    if len(values) < 2:
        unclear("of one thing only")
    result = reduce(lambda a, b: _combined(operator, a, b), values)
    say.note(f" {operator} ".join(map(say.show, values)) + f" = {say.show(result)}")
    return result


def _combined(operator: str, left: Value, right: Value) -> Value:
    if isinstance(left, Polynomial) and isinstance(right, Polynomial):
        try:
            return combined(operator, left, right)
        except NeedsSymbols:
            pass
    from tinyllm.solvers.mathematics.symbolic import operate

    return operate(operator, left, right)


@noun("sum of {all:values}", "total of {all:values}")
@query(
    "(add|sum|total) [together|up] {all:values} [together]",
    "put together {all:values}",
    "<ask> (sum|total) of {all:values}",
)
def addition(say: Reading, all: list[Value]) -> Value:
    return _total(say, "+", all)


@noun("sum of {a:phrase}")
@query("add [up] {a:phrase}", "<ask> sum of {a:phrase}")
def spoken_sum(say: Reading, a: Value) -> Value:
    """`the sum of 3 plus 5`: said twice, meant once."""
    return a if " + " in (say.steps[-1:] or [""])[0] else unclear("of one thing only")


@noun("product of {all:values}")
@query("multiply {all:values}", "<ask> product of {all:values}")
def product(say: Reading, all: list[Value]) -> Value:
    return _total(say, "*", all)


@query("multiply {a:value} (by|with|times) {b:value}")
def multiplied(say: Reading, a: Value, b: Value) -> Value:
    return _total(say, "*", [a, b])


@query("add {a:value} (to|with) {b:value}")
def added(say: Reading, a: Value, b: Value) -> Value:
    return _total(say, "+", [b, a])


@noun("quotient of {a:value} and {b:value}", "ratio of {a:value} to {b:value}")
@query(
    "divide {a:value} by {b:value}",
    "(what do you get|what do i get|what happens) (if|when) you divide {a:value} by {b:value}",
)
def division(say: Reading, a: Value, b: Value) -> Value:
    return _total(say, "/", [a, b])


@query("how many times (does|can|will|do) {b:number} (go|fit) [evenly] (into|in) {a:number}")
def times_in(say: Reading, a: Fraction, b: Fraction) -> Value:
    if b == 0 or (a / b).denominator != 1:
        unclear("it does not go evenly")
    return _total(say, "/", [Polynomial.number(a), Polynomial.number(b)])


@query("divide {b:value} into {a:value} [equal] parts")
def shared(say: Reading, a: Value, b: Value) -> Value:
    return _total(say, "/", [b, a])


@noun("{b:number} less than {a:number}", "{b:number} (fewer|smaller) than {a:number}")
@query("(subtract|deduct|take away|take) {b:number} from {a:number}")
def subtraction(say: Reading, a: Fraction, b: Fraction) -> Value:
    return _total(say, "-", [Polynomial.number(a), Polynomial.number(b)])


@noun("{b:number} (more|greater|larger) than {a:number}")
def more(say: Reading, a: Fraction, b: Fraction) -> Value:
    return _total(say, "+", [Polynomial.number(a), Polynomial.number(b)])


@noun("[positive] (difference|distance) between {a:number} and {b:number}")
def distance(say: Reading, a: Fraction, b: Fraction) -> Value:
    say.note(f"|{fraction(a, True)} - {fraction(b, True)}| = {fraction(abs(a - b), True)}")
    return Polynomial.number(abs(a - b))


@noun("(number halfway|halfway point|number midway|midpoint) between {a:number} and {b:number}")
def midpoint(say: Reading, a: Fraction, b: Fraction) -> Value:
    say.note(f"({fraction(a, True)} + {fraction(b, True)}) / 2 = {fraction((a + b) / 2, True)}")
    return Polynomial.number((a + b) / 2)


@noun("difference of {a:number} and {b:number}")
def difference(say: Reading, a: Fraction, b: Fraction) -> Value:
    return distance(say, a, b) if a >= b else unclear("which is taken from which")


@noun(
    "(square|2nd) root of {a:operand}",
    "{k:ordinal} root of {a:operand}",
)
def nth_root(say: Reading, a: Value, k: int = 2) -> Value:
    if k < 2:
        unclear("which root")
    try:
        result: Value = Polynomial.number(root(rational(a), k))
    except NeedsSymbols:
        from tinyllm.solvers.mathematics.symbolic import radical

        result = radical(a, k)
    say.note(f"root {k} of {say.show(a)} = {say.show(result)}")
    return result


@noun("cube root of {a:operand}")
def cube_root(say: Reading, a: Value) -> Value:
    return nth_root(say, a, 3)


@noun("square of {a:operand}", "cube of {b:operand}")
def power(say: Reading, a: Value = None, b: Value = None) -> Value:
    base, exponent = (a, 2) if b is None else (b, 3)
    result = base.raised(exponent) if isinstance(base, Polynomial) else base**exponent
    say.note(f"({say.show(base)})^{exponent} = {say.show(result)}")
    return result


@noun("{k:ordinal} power of {a:operand}")
def kth_power(say: Reading, k: int, a: Value) -> Value:
    return lifted(say, a, k)


@noun("sum of [the] squares of {all:values}", "sum of [the] cubes of {cubed:values}")
def sum_of_powers(say: Reading, all: list[Value] | None = None, cubed: list[Value] | None = None) -> Value:
    exponent = 3 if all is None else 2
    return _total(say, "+", [Polynomial.number(rational(value) ** exponent) for value in all or cubed or []])


@noun("half of {a:operand}", "half {b:operand}")
def half(say: Reading, a: Value = None, b: Value = None) -> Value:
    return _total(say, "/", [a if b is None else b, Polynomial.number(2)])


@noun("(twice|double) {a:operand}", "double of {a:operand}")
def double(say: Reading, a: Value) -> Value:
    return _total(say, "*", [Polynomial.number(2), a])


@noun("(triple|thrice) {a:operand}")
def triple(say: Reading, a: Value) -> Value:
    return _total(say, "*", [Polynomial.number(3), a])


@noun("[multiplicative] (reciprocal|inverse) of {a:number}")
def reciprocal(say: Reading, a: Fraction) -> Value:
    return _total(say, "/", [Polynomial.number(1), Polynomial.number(a)])


@noun("(negative|opposite|negation|additive inverse) of {a:number}")
def negative(_say: Reading, a: Fraction) -> Value:
    return Polynomial.number(-a)


@noun("(absolute value|modulus|magnitude) of {a:number}")
def absolute(say: Reading, a: Fraction) -> Value:
    say.note(f"|{fraction(a, True)}| = {fraction(abs(a), True)}")
    return Polynomial.number(abs(a))


@noun("factorial of {n:integer}")
def factorial(say: Reading, n: int) -> Value:
    from math import factorial as product_up_to

    if not 0 <= n <= 1_200:
        unclear("too great a factorial")
    result = product_up_to(n)
    say.note(f"{n}! = {result}")
    return Polynomial.number(small(Fraction(result)))


# per cent


@noun("{p:number} (percent|per cent|%) off [of] {a:operand}")
def off(say: Reading, p: Fraction, a: Value) -> Value:
    rest = rational(a) * (1 - p / 100)
    say.note(f"{say.show(a)} * (1 - {fraction(p, True)}/100) = {fraction(rest, True)}")
    return Polynomial.number(rest)


@query("(decrease|reduce|lower|discount) {a:number} by {p:number} (percent|per cent|%)")
def decreased(say: Reading, a: Fraction, p: Fraction) -> Value:
    return off(say, p, Polynomial.number(a))


@query("(increase|raise|grow) {a:number} by {p:number} (percent|per cent|%)")
@noun("{a:number} (increased|raised) by {p:number} (percent|per cent|%)")
def increased(say: Reading, a: Fraction, p: Fraction) -> Value:
    return off(say, -p, Polynomial.number(a))


@noun("{a:number} (decreased|reduced|discounted) by {p:number} (percent|per cent|%)")
def reduced(say: Reading, a: Fraction, p: Fraction) -> Value:
    return off(say, p, Polynomial.number(a))


@noun("{p:number} (percent|per cent|%) (more|greater|higher|larger) than {a:operand}")
def more_by(say: Reading, p: Fraction, a: Value) -> Value:
    return off(say, -p, a)


@noun("{p:number} (percent|per cent|%) (less|lower|smaller|fewer) than {a:operand}")
def less_by(say: Reading, p: Fraction, a: Value) -> Value:
    return off(say, p, a)


@query(
    "what (percent|percentage|per cent) of {b:number} is {a:number}",
    "{a:number} is what (percent|percentage|per cent|%) of {b:number}",
    "what % of {b:number} is {a:number}",
    "<ask> {a:number} as a percentage of {b:number}",
    "express {a:number} as a percentage of {b:number}",
    "what (percent|percentage|per cent) is {a:number} of {b:number}",
)
def share(say: Reading, a: Fraction, b: Fraction) -> Answer:
    if b == 0:
        unclear("per cent of nothing")
    return _percent(say, f"{fraction(a, True)} / {fraction(b, True)}", a / b)


@query(
    "<ask> (percent|percentage) change from {a:number} to {b:number}",
    "<ask> (percent|percentage) change between {a:number} and {b:number}",
)
def change(say: Reading, a: Fraction, b: Fraction) -> Answer:
    if a <= 0:
        unclear("a change from nothing")
    return _percent(say, f"({fraction(b, True)} - {fraction(a, True)}) / {fraction(a, True)}", (b - a) / a)


def _percent(say: Reading, how: str, ratio: Fraction) -> Answer:
    text = fraction(ratio * 100, True)
    say.note(f"{how} = {ratio} = {text}%")
    return Answer(f"{text}%", text)


@query(
    "{a:number} is {p:number} (percent|per cent|%) of what [number]",
    "{p:number} (percent|per cent|%) of what [number] is {a:number}",
    "(what number is {a:number} {p:number} (percent|%) of)",
)
def whole(say: Reading, a: Fraction, p: Fraction) -> Value:
    return _total(say, "/", [Polynomial.number(a), Polynomial.number(p / 100)])


@query("what does {a:phrase} (equal|make|come to)", "how much does {a:phrase} (equal|make)")
def equal(_say: Reading, a: Value) -> Value:
    return a


@noun("{a:value} raised to [the] [power of] {k:integer}", "{a:value} to the power {k:integer}")
def lifted(say: Reading, a: Value, k: int) -> Value:
    result = Polynomial.number(raised(rational(a), k))
    say.note(f"({say.show(a)})^{k} = {say.show(result)}")
    return result


@query("(simplify|reduce) [the] ratio {a:integer} (:|to) {b:integer}")
def ratio(say: Reading, a: int, b: int) -> Answer:
    common = gcd(a, b)
    if a <= 0 or b <= 0:
        unclear("no ratio")
    text = f"{a // common}:{b // common}"
    say.note(f"gcd({a}, {b}) = {common}")
    return Answer(text, text)

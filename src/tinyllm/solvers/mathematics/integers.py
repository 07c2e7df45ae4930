"""Whole numbers: primes, factors, multiples, remainders, digits."""

from fractions import Fraction
from functools import reduce
from math import gcd, isqrt, lcm

from tinyllm.solvers.mathematics.answers import Answer, yes
from tinyllm.solvers.mathematics.evaluation import whole_root
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, small
from tinyllm.solvers.mathematics.primes import factors, is_prime, product
from tinyllm.solvers.mathematics.reading import Reading, rational
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import fraction

MOST_DIVISORS = 2_000


def natural(values: list[object]) -> list[int]:
    found = [rational(value) for value in values]
    if len(found) < 2 or any(value.denominator != 1 or value < 0 for value in found):
        unclear("not several natural numbers")
    return [int(value) for value in found]


def _same(say: Reading, name: str, numbers: list[int], result: int) -> Polynomial:
    say.note(f"{name}({', '.join(map(str, numbers))}) = {result}")
    return Polynomial.number(small(Fraction(result)))


@noun(
    "(greatest|highest|largest|biggest) common (divisor|factor|denominator) [(gcd)|(gcf)|(hcf)] (of|between|for) {all:values}",
    "(gcd|gcf|hcf) (of|between|for) {all:values}",
)
def common_divisor(say: Reading, all: list[object]) -> Polynomial:
    numbers = natural(all)
    return _same(say, "gcd", numbers, reduce(gcd, numbers))


@noun(
    "(least|lowest|smallest) common multiple [(lcm)] (of|between|for) {all:values}",
    "(lcm) (of|between|for) {all:values}",
)
def common_multiple(say: Reading, all: list[object]) -> Polynomial:
    numbers = natural(all)
    if 0 in numbers:
        unclear("multiples of zero")
    return _same(say, "lcm", numbers, reduce(lcm, numbers))


@noun("[(least|lowest|smallest)] common denominator (of|between|for) {all:values}")
def common_denominator(say: Reading, all: list[object]) -> Polynomial:
    bottoms = [rational(value).denominator for value in all]
    return _same(say, "lcm", bottoms, reduce(lcm, bottoms)) if len(bottoms) > 1 else unclear("of one number")


@noun(
    "remainder (when|if) {a:integer} is divided by {b:integer}",
    "remainder (when|if|of|from|after) dividing {a:integer} by {b:integer}",
    "remainder of {a:integer} (divided by|/|over) {b:integer}",
    "remainder (when|if) you divide {a:integer} by {b:integer}",
    "{a:integer} (mod|modulo) {b:integer}",
)
def division_remainder(say: Reading, a: int, b: int) -> Polynomial:
    if b <= 0 or a < 0:
        unclear("the remainder of negative numbers is a convention")
    say.note(f"{a} = {a // b} * {b} + {a % b}")
    return Polynomial.number(a % b)


@noun(
    "[integer] quotient (when|if) {a:integer} is divided by {b:integer}",
    "integer quotient of {a:integer} and {b:integer}",
    "integer division of {a:integer} by {b:integer}",
)
def division_quotient(say: Reading, a: int, b: int) -> Polynomial:
    division_remainder(say, a, b)
    return Polynomial.number(a // b)


# primes


@query(
    "<ask> [distinct|unique] prime (factors|divisors) of {n:integer}",
    "(which|what) primes divide {n:integer}",
)
def prime_factor_list(say: Reading, n: int) -> list[int]:
    found = factors(n) if n > 1 else unclear("no prime factors")
    say.note(f"{n} = {product(found)}")
    return sorted(found)


@query(
    "<ask> prime (factorization|factorisation|decomposition) of {n:integer}",
    "factor {n:integer} into [its] (primes|prime factors)",
    "[prime] (factor|factorise|factorize) {n:integer}",
    "(write|express) {n:integer} as a product of [its] (primes|prime factors|prime numbers)",
)
def factorization(say: Reading, n: int) -> Answer:
    found = factors(n) if n > 1 else unclear("no prime factors")
    text = product(found)
    say.note(f"{n} = {text}")
    return Answer(text, text.replace("^", "**").replace(" ", ""))


@noun(
    "(largest|greatest|biggest|highest) prime (factor|divisor) of {a:integer}",
    "smallest prime (factor|divisor) of {b:integer}",
)
def extreme_factor(say: Reading, a: int = 0, b: int = 0) -> Polynomial:
    found = prime_factor_list(say, a or b)
    return Polynomial.number(found[-1] if a else found[0])


@query("is {n:integer} [a] (prime|prime number)")
def prime(say: Reading, n: int) -> Answer:
    say.note(f"{n} {'has no divisor but 1 and itself' if is_prime(n) else _because(n)}")
    return yes(is_prime(n))


@query("is {n:integer} [a] (composite|composite number)")
def composite(say: Reading, n: int) -> Answer:
    say.note(f"{n} {'has no divisor but 1 and itself' if is_prime(n) else _because(n)}")
    return yes(n > 1 and not is_prime(n))


def _because(n: int) -> str:
    return f"= {product(factors(n))}" if 1 < n < 10**12 else "is not prime"


@noun("(next|first|smallest) prime [number] (after|greater than|bigger than|larger than|above) {n:integer}")
def next_prime(_say: Reading, n: int) -> Polynomial:
    found = max(n + 1, 2)
    if n > 10**40:
        unclear("too great a number")
    while not is_prime(found):
        found += 1
    return Polynomial.number(found)


@noun("{k:ordinal} prime [number]")
def nth_prime(_say: Reading, k: int) -> Polynomial:
    if not 1 <= k <= 5_000:
        unclear("too far")
    n, seen = 1, 0
    while seen < k:
        n += 1
        seen += is_prime(n)
    return Polynomial.number(n)


@noun("[total] number of [positive] (factors|divisors) of {n:integer}")
@query(
    "how many [positive] (factors|divisors) does {n:integer} have",
    "how many [positive] (factors|divisors) are there of {n:integer}",
)
def divisor_count(say: Reading, n: int) -> Polynomial:
    found = factors(n)
    say.note(f"{n} = {product(found)}")
    return Polynomial.number(reduce(lambda total, power: total * (power + 1), found.values(), 1))


@query("<ask> [all] [the] [positive] (factors|divisors) of {n:integer}")
def divisor_list(_say: Reading, n: int) -> list[int]:
    found = [1]
    for p, e in factors(n).items():
        found = [d * p**i for d in found for i in range(e + 1)]
        if len(found) > MOST_DIVISORS:
            unclear("too many divisors")
    return sorted(found)


@noun("sum of [all] [the] [positive] (factors|divisors) of {n:integer}")
def divisor_sum(say: Reading, n: int) -> Polynomial:
    return Polynomial.number(sum(divisor_list(say, n)))


# yes or no


@query(
    "is {a:integer} a multiple of {b:integer}",
    "is {a:integer} [evenly|exactly] divisible by {b:integer}",
    "can {a:integer} be [evenly] divided by {b:integer} (evenly|without [a] remainder)",
    "is {b:integer} a (factor|divisor) of {a:integer}",
    "does {b:integer} [evenly] divide {a:integer} [evenly]",
    "does {b:integer} go [evenly] into {a:integer} evenly",
    "does {a:integer} have {b:integer} as a (factor|divisor)",
)
def divides(say: Reading, a: int, b: int) -> Answer:
    if b == 0:
        unclear("division by zero")
    say.note(f"{a} = {a // b} * {b} + {a % b}")
    return yes(a % b == 0)


@query("is {n:integer} [an] even [number]")
def even(say: Reading, n: int) -> Answer:
    say.note(f"{n} = 2 * {n // 2}{' + 1' if n % 2 else ''}")
    return yes(n % 2 == 0)


@query("is {n:integer} [an] odd [number]")
def odd(say: Reading, n: int) -> Answer:
    say.note(f"{n} = 2 * {n // 2}{' + 1' if n % 2 else ''}")
    return yes(n % 2 == 1)


@query("is {n:integer} [a] (perfect square|square number)", "is {m:integer} [a] perfect cube")
def perfect_power(_say: Reading, n: int | None = None, m: int | None = None) -> Answer:
    if n is not None:
        return yes(n >= 0 and isqrt(n) ** 2 == n)
    return yes(whole_root(abs(m or 0), 3) is not None)


@query("is {n:integer} a perfect number")
def perfect(say: Reading, n: int) -> Answer:
    return yes(n > 1 and sum(divisor_list(say, n)) == 2 * n)


@query("are {all:values} (coprime|relatively prime)", "is {a:value} (coprime|relatively prime) to {b:value}")
def coprime(say: Reading, all: list[object] | None = None, a: object = None, b: object = None) -> Answer:
    numbers = natural(all if all is not None else [a, b])
    if len(numbers) != 2:
        unclear("pairwise or together")
    return yes(_same(say, "gcd", numbers, gcd(*numbers)).constant == 1)


# digits


@noun("{p:place} digit of {n:number}", "digit in the {p:place} place of {n:number}")
def place_digit(say: Reading, p: int, n: Fraction) -> Polynomial:
    digit = int(abs(n) / Fraction(10) ** p) % 10
    say.note(f"{fraction(n, True)}: {digit} stands for {digit} * 10^{p}")
    return Polynomial.number(digit)


@noun("sum of [all] [the] digits (of|in) {n:integer}", "digit sum of {n:integer}")
def digit_sum(say: Reading, n: int) -> Polynomial:
    digits = str(abs(n))
    total = sum(map(int, digits))
    say.note(f"{' + '.join(digits)} = {total}")
    return Polynomial.number(total)


@noun("number of digits (of|in) {n:integer}")
@query("how many digits (does {n:integer} have|are [there] in {m:integer})")
def digit_count(_say: Reading, n: int | None = None, m: int | None = None) -> Polynomial:
    return Polynomial.number(len(str(abs(n if n is not None else m or 0))))


@noun("last digit of {n:integer}")
def last_digit(_say: Reading, n: int) -> Polynomial:
    return Polynomial.number(abs(n) % 10)

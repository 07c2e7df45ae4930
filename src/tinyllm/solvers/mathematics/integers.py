"""Whole numbers: primes, factors, multiples, remainders, digits."""

from fractions import Fraction
from functools import reduce
from math import comb, gcd, isqrt, lcm, perm

from tinyllm.solvers.mathematics.answers import Answer, yes
from tinyllm.solvers.mathematics.evaluation import whole_root
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial, small
from tinyllm.solvers.mathematics.reading import Reading, rational
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import fraction

LARGEST_PRIME = 10**300
LARGEST_FACTORED = 10**30
MOST_DIVISORS = 2_000
_SMALL_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


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


def is_prime(n: int) -> bool:
    """By Miller and Rabin; the first twelve primes as bases prove it up to 3.3e24, beyond that SymPy's BPSW decides."""
    if n < 2 or any(n % p == 0 for p in _SMALL_PRIMES):
        return n in _SMALL_PRIMES
    if n > LARGEST_PRIME:
        unclear("too great a number")
    if n > 3 * 10**24:
        from tinyllm.solvers.mathematics.symbolic import is_prime as proved

        return proved(n)
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    return all(_passes(n, base, twos) for base in _SMALL_PRIMES)


def _passes(n: int, base: int, twos: int) -> bool:
    x = pow(base, (n - 1) >> twos, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def factors(n: int) -> dict[int, int]:
    """Prime → exponent; small ones by trial, the rest by SymPy."""
    if not 1 <= n <= LARGEST_FACTORED:
        unclear("not a number that is factored here")
    found: dict[int, int] = {}
    p = 2
    while p * p <= n and p < 20_000:
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1 if p == 2 else 2
    if n == 1:
        return found
    if p * p > n or is_prime(n):
        return {**found, n: 1}
    from tinyllm.solvers.mathematics.symbolic import prime_factors

    return found | prime_factors(n)


def _product(found: dict[int, int]) -> str:
    return " * ".join(f"{p}^{e}" if e > 1 else str(p) for p, e in found.items()) or "1"


@query(
    "<ask> [distinct|unique] prime (factors|divisors) of {n:integer}",
    "(which|what) primes divide {n:integer}",
)
def prime_factor_list(say: Reading, n: int) -> list[int]:
    found = factors(n) if n > 1 else unclear("no prime factors")
    say.note(f"{n} = {_product(found)}")
    return sorted(found)


@query(
    "<ask> prime (factorization|factorisation|decomposition) of {n:integer}",
    "factor {n:integer} into [its] (primes|prime factors)",
    "(factor|factorise|factorize) {n:integer}",
    "(write|express) {n:integer} as a product of [its] (primes|prime factors|prime numbers)",
)
def factorization(say: Reading, n: int) -> Answer:
    found = factors(n) if n > 1 else unclear("no prime factors")
    text = _product(found)
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
    return f"= {_product(factors(n))}" if 1 < n < 10**12 else "is not prime"


@noun("(next|first|smallest) prime [number] (after|greater than|bigger than|larger than|above) {n:integer}")
def next_prime(say: Reading, n: int) -> Polynomial:
    found = max(n + 1, 2)
    if n > 10**40:
        unclear("too great a number")
    while not is_prime(found):
        found += 1
    return Polynomial.number(found)


@noun("{k:ordinal} prime [number]")
def nth_prime(say: Reading, k: int) -> Polynomial:
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
    say.note(f"{n} = {_product(found)}")
    return Polynomial.number(reduce(lambda total, power: total * (power + 1), found.values(), 1))


@query("<ask> [all] [the] [positive] (factors|divisors) of {n:integer}")
def divisor_list(say: Reading, n: int) -> list[int]:
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
    return yes(n % 2 == 0)


@query("is {n:integer} [an] odd [number]")
def odd(say: Reading, n: int) -> Answer:
    return yes(n % 2 == 1)


@query("is {n:integer} [a] (perfect square|square number)", "is {m:integer} [a] perfect cube")
def perfect_power(say: Reading, n: int | None = None, m: int | None = None) -> Answer:
    if n is not None:
        return yes(n >= 0 and isqrt(n) ** 2 == n)
    return yes(whole_root(abs(m or 0), 3) is not None)


@query("is {n:integer} a perfect number")
def perfect(say: Reading, n: int) -> Answer:
    return yes(n > 1 and sum(divisor_list(say, n)) == 2 * n)


@query("are {all:values} (coprime|relatively prime)", "is {a:value} (coprime|relatively prime) to {b:value}")
def coprime(say: Reading, all: list[object] | None = None, a: object = None, b: object = None) -> Answer:
    numbers = natural(all if all is not None else [a, b])
    return yes(reduce(gcd, numbers) == 1) if len(numbers) == 2 else unclear("pairwise or together")


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
def digit_count(say: Reading, n: int | None = None, m: int | None = None) -> Polynomial:
    return Polynomial.number(len(str(abs(n if n is not None else m or 0))))


@noun("last digit of {n:integer}")
def last_digit(say: Reading, n: int) -> Polynomial:
    return Polynomial.number(abs(n) % 10)


# counting


def _counted(n: int, k: int) -> None:
    if not 0 <= k <= n <= 2_000:
        unclear("out of range")


@noun(
    "{n:integer} choose {k:integer}",
    "[number of] combinations of {n:integer} (things|items|objects) taken {k:integer} at a time",
    "binomial coefficient of {n:integer} (and|choose|over) {k:integer}",
)
@query(
    "how many ways (are there|can you) [to] choose {k:integer} (things|items|objects) (from|out of) {n:integer}"
)
def combinations(say: Reading, n: int, k: int) -> Polynomial:
    _counted(n, k)
    say.note(f"{n}! / ({k}! * {n - k}!) = {comb(n, k)}")
    return Polynomial.number(comb(n, k))


@noun(
    "{n:integer} permute {k:integer}",
    "[number of] permutations of {n:integer} (things|items|objects) taken {k:integer} at a time",
)
def permutations(say: Reading, n: int, k: int) -> Polynomial:
    _counted(n, k)
    return Polynomial.number(small(Fraction(perm(n, k))))


@noun("{k:ordinal} fibonacci number")
def fibonacci(say: Reading, k: int) -> Polynomial:
    if not 1 <= k <= 10_000:
        unclear("too far")
    a, b = 0, 1
    for _ in range(k):
        a, b = b, a + b
    say.note(f"F(1) = F(2) = 1, F({k}) = {a}")
    return Polynomial.number(a)


@noun(
    "sum of [the] [first] {k:count} (natural|positive|counting|consecutive) (numbers|integers)",
    "sum of [all] [the] (numbers|integers) from 1 to {k:integer}",
    "sum of [the] first {k:count} (integers|positive integers)",
)
def gauss(say: Reading, k: int) -> Polynomial:
    say.note(f"{k} * ({k} + 1) / 2 = {k * (k + 1) // 2}")
    return Polynomial.number(k * (k + 1) // 2) if k > 0 else unclear("none")

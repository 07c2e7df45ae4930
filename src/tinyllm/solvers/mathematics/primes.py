"""Primality and factors of whole numbers."""

from collections.abc import Iterator
from itertools import count

from tinyllm.solvers.mathematics.expressions import unclear

LARGEST_PRIME = 10**300
LARGEST_FACTORED = 10**30
_SMALL_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


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


def product(found: dict[int, int]) -> str:
    return " * ".join(f"{p}^{e}" if e > 1 else str(p) for p, e in found.items()) or "1"


def primes() -> Iterator[int]:
    """2, 3, 5, 7, …"""
    return filter(is_prime, count(2))

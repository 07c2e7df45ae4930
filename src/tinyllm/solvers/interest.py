"""Interest in the form of the textbook: simple, compound, the value of a deposit, the payment of a loan.

A rate is a year's. Compound interest without a frequency is compounded once a year. Amounts are computed exactly and
rounded to cents once, at the end, half away from zero.
"""

import re
from decimal import Decimal, localcontext
from fractions import Fraction

from tinyllm.solvers.numbers import Money, money, number, plain, rate, rounded
from tinyllm.solvers.phrases import Found, Phrase, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_TIMES = {
    "annually": 1, "yearly": 1, "once a year": 1, "every year": 1, "semiannually": 2, "semi-annually": 2,
    "half-yearly": 2, "half yearly": 2, "twice a year": 2, "every six months": 2, "biannually": 2, "quarterly": 4,
    "every quarter": 4, "monthly": 12, "every month": 12, "weekly": 52, "daily": 365, "every day": 365,
    "continuously": 0,
}  # fmt: skip
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "often": "|".join(_TIMES),
        "term": r"(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|a)[ -](?:years?|months?)",
        "kind": "simple|compound",
        "kinds": "simple|compound",
        "clauses": r"(?:(?:and |interest |is )*(?:at|with|for|over|after|in|compound(?:ed|ing|s)|invested|deposited) .+?)",
        "loan": "loan|mortgage|car loan|auto loan|home loan|student loan|personal loan",
    },
    {
        "sum": "[a|an|the] [principal|deposit|investment|loan|sum|amount|balance] [amount] [of] {money} [deposit|principal|loan|investment]",
        "rate": "(at|with) [a|an] [annual|yearly|nominal|fixed] [{kinds}] [annual] [interest] [rate] [of] {rate} "
        "[annual|yearly] [{kinds}] [annual] [interest] [rate] [per year|per annum|a year|annually|yearly|p\\.?a\\.?|apr] [interest]",
        "time": "(for|over|after|in) [a] [period of] {term}",
        "often": "[interest] [is] (compounded|compounding|compounds) {often}",
    },
)
_CLAUSE: Phrase[Solution] = Phrase("[and] (<rate>|<time>|<often>|invested|deposited)", lambda _: None, BOOK)


def _solution(amount: Money, *steps: str) -> Solution:
    return Solution(str(amount), amount.value(), (*steps, "rounded to cents at the end"), "money")


def _years(text: str) -> Fraction:
    amount, unit = re.split(r"[ -]", text.lower())
    years = number(amount) / (12 if unit.startswith("month") else 1)
    if not 0 < years <= 200:
        raise Unsure(text)
    return years


def _terms(found: Found) -> Found:
    """What the clauses say, beside what was said before them."""
    clauses = _CLAUSE.several(found["clauses"]) if "clauses" in found else {}
    if set(clauses) & set(found):
        raise Unsure("the same thing is said twice")
    terms = {**found, **clauses}
    if not {"rate", "term"} <= set(terms):
        raise Unsure("at which rate, for how long")
    return terms


def _rate(found: Found) -> Fraction:
    if not 0 <= (share := rate(found["rate"])) <= 2:
        raise Unsure("not a rate of interest")
    return share


def _growth(found: Found) -> tuple[Fraction, str]:
    """By what the deposit is multiplied, and how that comes."""
    share, years = _rate(found), _years(found["term"])
    kind = {found[name].lower() for name in ("kind", "kinds") if name in found} | (
        {"compound"} if "often" in found else set()
    )
    if kind == {"simple"}:
        return 1 + share * years, f"1 + {plain(rounded(share, 9))} * {years}"
    if kind != {"compound"}:
        raise Unsure("simple or compound")
    times = _TIMES[found.get("often", "annually").lower()]
    if not times:
        return _exponential(share * years), f"e ** ({plain(rounded(share, 9))} * {years})"
    if (times * years).denominator != 1 or times * years > 40_000:
        raise Unsure("part of a period")
    return _power(
        1 + share / times, int(times * years)
    ), f"(1 + {plain(rounded(share, 9))} / {times}) ** {times * years}"


def _power(base: Fraction, exponent: int) -> Fraction:
    """Exact while that is cheap, else to fifty digits."""
    if exponent <= 600:
        return base**exponent
    with localcontext(prec=60):
        return Fraction((Decimal(base.numerator) / Decimal(base.denominator)) ** exponent)


def _exponential(exponent: Fraction) -> Fraction:
    with localcontext(prec=60):
        return Fraction((Decimal(exponent.numerator) / Decimal(exponent.denominator)).exp())


@BOOK.says(
    "[amount of|total] [{kind}] interest [earned|paid|due|accrued|owed|payable|charged] (on|for|of) <sum> {clauses}",
    "how much [{kind}] interest (is|will be|would be) (earned|paid|due|accrued|owed|charged) (on|for) <sum> {clauses}",
    "how much [{kind}] interest (does|will|would) <sum> [earn|accrue] {clauses} [earn|accrue]",
    "how much [{kind}] interest (does|will|would|do) (i|you|we|someone|one) (pay|earn|owe|get|receive) (on|for|from|with) <sum> {clauses}",
)
def _interest(found: Found) -> Solution | None:
    principal = money(found["money"])
    growth, step = _growth(_terms(found))
    return _solution(principal.of(principal.amount * (growth - 1)), f"{principal} * ({step} - 1)")


@BOOK.says(
    "(future value|final amount|final balance|balance|value|amount|total amount|final value|maturity value|total value|total|accumulated value) "
    "(of|on|for) <sum> [invested|deposited] {clauses}",
    "how much (will|would|is|does) <sum> [be] [invested|deposited] {clauses} [be] (worth|grow to|become|amount to|accumulate to)",
    "how much (will|would|does) <sum> [invested|deposited] (be worth|grow to|become|amount to|accumulate to) {clauses}",
    "what will <sum> [invested|deposited] (be worth|grow to|become|amount to) {clauses}",
    "if (i|you|we|someone) (invest|invests|deposit|deposits|put|puts) {money} [in an account] [in a bank] {clauses} [then] "
    "how much [money] (will|would|do|does) (i|you|we|they|someone) have [at the end] [<time>]",
    "(future value|final amount|balance|value|total amount|amount) after {term} (if|when) {money} is (invested|deposited) {clauses}",
    "if {money} is (invested|deposited) {clauses} [then] [<asking>] "
    "[(future value|final amount|balance|how much will it be worth|what will it be worth|final balance|value|total amount|how much will it grow to)] [be|be worth] [<time>]",
)
def _value(found: Found) -> Solution | None:
    principal = money(found["money"])
    growth, step = _growth(_terms(found))
    return _solution(principal.of(principal.amount * growth), f"{principal} * {step}")


@BOOK.says(
    "present value of {money} [due|received|to be received|paid|payable] [in {term}] [from now] [at] [{clauses}]",
)
def _present(found: Found) -> Solution | None:
    amount = money(found["money"])
    growth, step = _growth(_terms({"kind": "compound", **found}))
    return _solution(amount.of(amount.amount / growth), f"{amount} / {step}")


def _payment(found: Found) -> tuple[Money, Fraction, int]:
    """The principal, the exact payment of a month, and how many there are."""
    found = _terms(found)
    principal, monthly = money(found["money"]), _rate(found) / 12
    months = _years(found["term"]) * 12
    if (
        months.denominator != 1
        or months > 600
        or set(found) & {"kind", "kinds"}
        or found.get("often", "monthly").lower() != "monthly"
    ):
        raise Unsure("not a loan repaid by the month")
    count = int(months)
    if not monthly:
        return principal, principal.amount / count, count
    return principal, principal.amount * monthly / (1 - _power(1 + monthly, -count)), count


_LOAN = (
    "(on|for|of) [a|an|the] {money} {term} [fixed.rate|fixed] {loan} [{clauses}]",
    "(on|for|of) [a|an|the] {term} {money} [fixed.rate|fixed] {loan} [{clauses}]",
    "(on|for|of) [a|an|the] {term} [fixed.rate|fixed] {loan} (of|for) {money} [{clauses}]",
    "(on|for|of) [a|an|the] {money} {loan} {clauses}",
    "(on|for|of) [a|an|the] {loan} of {money} {clauses}",
)


@BOOK.says(
    *(f"monthly [mortgage|loan] (payment|payments|repayment|installment) {loan}" for loan in _LOAN),
    "monthly (mortgage|loan) payment (on|for) {money} {clauses}",
    *(
        f"how much (will|would|do) (i|you|we) pay (monthly|per month|each month|a month) {loan}"
        for loan in _LOAN
    ),
)
def _monthly(found: Found) -> Solution | None:
    principal, payment, count = _payment(found)
    step = f"P * i / (1 - (1 + i) ** -n) with P = {principal}, n = {count}, i a twelfth of the rate"
    return _solution(principal.of(payment), step)


@BOOK.says(
    *(f"total interest [paid|payable|cost] {loan}" for loan in _LOAN),
    *(f"how much [total] interest (will be|is) paid [in total] {loan}" for loan in _LOAN),
)
def _total_interest(found: Found) -> Solution | None:
    principal, payment, count = _payment(found)
    steps = (
        f"monthly payment {principal.of(payment)}, not rounded for the total",
        f"{count} payments less {principal}",
    )
    return _solution(principal.of(payment * count - principal.amount), *steps)


@BOOK.says(
    "effective [annual] [interest] (rate|yield) (of|for) {rate} [annual interest|interest] [per year] compounded {often}"
)
def _effective(found: Found) -> Solution | None:
    growth, step = _growth({**found, "term": "1 year"})
    return Solution(
        f"≈ {plain(rounded((growth - 1) * 100, 4))}%",
        f"{plain(rounded((growth - 1) * 100, 10))}",
        (f"{step} - 1",),
        "money",
    )


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

"""Prices in the form of the textbook: discount, tax, tip, markup, change in percent, a split bill, break-even.

Amounts are computed exactly and rounded to cents once, at the end, half away from zero.
"""

from fractions import Fraction

from tinyllm.solvers.numbers import Money, exact, integer, money, plain, rate, rounded, shown
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "bill": "bill|meal|dinner|lunch|check|tab|restaurant bill|tip|purchase|item|order|product|price|purchase price|fare",
        "item": "item|product|shirt|dress|jacket|coat|pair of shoes|pair of jeans|book|laptop|phone|computer|tv|television|"
        "bicycle|bike|game|toy|purchase|good|article|sweater|hat|bag|watch|camera|couch|sofa|chair|table|ticket|meal|bill",
        "tax": "(?:sales |vat |gst )?tax|vat|gst|sales tax rate",
        "way": "increase|decrease|change|rise|drop|reduction|gain|loss|difference",
    },
    {
        "priced": "([a|an|the] {money} [{item}]|[a|an|the] {item} (priced at|costing|that costs|which costs|worth|of|for|at) {money}|"
        "[an] original price of {money})",
        "off": "(with|after|at|and|less|minus|given) [a|an] {rate} [off|discount|reduction]",
        "taxed": "(with|after|including|plus|and|at) [a|an] {rate} {tax} [rate] [included|added|is added]",
        "even": "[evenly|equally]",
        "people": "{n} [people|persons|friends|ways|diners|roommates|coworkers|of us]",
        "percent": "(percent|percentage|per cent|%)",
    },
)


def _solution(amount: Money, *steps: str) -> Solution:
    return Solution(str(amount), amount.value(), steps, "money")


def _percent(text: str) -> str:
    return f"{plain(rounded(rate(text) * 100, 6))}%"


def _share(found: Found, most: int = 1) -> Fraction:
    share = rate(found["rate"])
    if share > most:
        raise Unsure("more than all of it")
    return share


@BOOK.says(
    "[(sale|final|discounted|reduced|new)] (price|cost) (of|for) <priced> <off>",
    "<priced> (with|after|less|minus) [a|an] {rate} (off|discount|reduction)",
    "{rate} off [of] [a|an|the] {money} [{item}]",
    "{rate} off [of] [a|an|the] (price|original price) of {money}",
    "[if] [a|an|the] {money} {item} is [on sale for|discounted (by|at)|marked down] [by] {rate} [off] <asking> "
    "[sale|final|new|discounted] price",
    "[price of] [a|an] {item} [is|originally] (priced at|costs|costing) {money} [is] [at|on sale for] {rate} off",
    "(what|how much) (does|will|would) <priced> cost <off>",
    "(price|cost) after [a|an] {rate} discount (on|from) [a|an] {money} [{item}]",
    "[if] [a|an] {item} (costs|is priced at) {money} [and|but] [it] [is] [on sale|discounted] [by|at|for|with] [a] {rate} [off|discount] "
    "<asking> [sale|final|new|discounted] price",
    "{money} (discounted|reduced|marked down|decreased) by {rate}",
)
def _discounted(found: Found) -> Solution | None:
    price, share = money(found["money"]), _share(found)
    if "tax" in found:
        return None
    return _solution(price.of(price.amount * (1 - share)), f"{price} * (100% - {_percent(found['rate'])})")


@BOOK.says(
    "original price (of|for) [a|an] [{item}] [that is|that costs|costing] {money} after [a] {rate} (off|discount|reduction)",
    "original price [of a {item}] (if|when) [the|its] [(sale|discounted|final|reduced)] price [after [a] {rate} (off|discount)] is {money} "
    "[after [a] {rate} (off|discount|reduction)]",
)
def _original(found: Found) -> Solution | None:
    price, share = money(found["money"]), _share(found)
    if share == 1:
        raise Unsure("it was free")
    return _solution(price.of(price.amount / (1 - share)), f"{price} / (100% - {_percent(found['rate'])})")


@BOOK.says(
    "[amount of] [a|the] [discount|saving|savings] (on|of|for) <priced> (at|with|of) [a] {rate} [off|discount]",
    "[a|an] {rate} discount (on|of|for) <priced>",
    "[a|an] discount of {rate} (on|for) <priced>",
    "how much (do|would|will) (i|you) save (on|with) <priced> [with|at] [a] {rate} [off|discount]",
    "how much (do|would|will) (i|you) save with [a] {rate} (off|discount) [on] <priced>",
)
def _discount(found: Found) -> Solution | None:
    price = money(found["money"])
    return _solution(price.of(price.amount * _share(found)), f"{price} * {_percent(found['rate'])}")


@BOOK.says(
    "[total|final|full] (price|cost|amount|total|bill) (of|for) <priced> <taxed>",
    "<priced> <taxed>",
    "[total] [price|cost] (of|for) <priced> if [the] [sales] tax [rate] is {rate}",
    "{money} (marked up|increased|raised) by {rate}",
    "new price (if|when|of) <priced> [that] (increases|rises|goes up|is increased|is raised) [in price] by {rate}",
    "total with [sales] tax on {money} at {rate}",
    "(selling|sale|retail) price (of|for) [a|an] {item} (that costs|costing|with a cost of|which costs) {money} "
    "(with|at|marked up) [a|by] {rate} [markup]",
    "(selling|sale|retail) price (for|of) [a] {rate} markup on [a] [cost of] {money}",
    "[price of] {money} (with|plus|after) [a|an] {rate} markup",
)
def _raised(found: Found) -> Solution | None:
    price = money(found["money"])
    share = _share(found, most=10)
    return _solution(price.of(price.amount * (1 + share)), f"{price} * (100% + {_percent(found['rate'])})")


@BOOK.says(
    "[amount of] [sales] {tax} (on|for) <priced> (at|with|if the rate is) [a|an] [rate of] {rate} [rate]",
    "[a|an] {rate} {tax} (on|of|for) <priced>",
    "how much [is|would be] [the] [a] {rate} {tax} (on|of|for) <priced>",
)
def _tax(found: Found) -> Solution | None:
    price = money(found["money"])
    return _solution(price.of(price.amount * _share(found)), f"{price} * {_percent(found['rate'])}")


@BOOK.says(
    "[a|an] {rate} (tip|gratuity) (on|for|of) [a|an|the] {money} [{bill}]",
    "[a|an] {rate} (tip|gratuity) (on|for|of) [a|an|the] {bill} of {money}",
    "(tip|gratuity) (on|for) [a|an|the] {money} [{bill}] (at|of) {rate}",
    "how much (is|should i|should you|would|do i) [the] [a] [be|leave for] {rate} (tip|gratuity) (on|for|of) [a|an|the] {money} [{bill}]",
    "how much (should i|should you|do i|do you|to) tip {rate} on [a|an|the] {money} [{bill}]",
    "how much (should i|should you|do i|do you|to|would i) tip (on|for) [a|an|the] {money} [{bill}] (at|if i tip) {rate}",
)
def _tip(found: Found) -> Solution | None:
    bill = money(found["money"])
    return _solution(bill.of(bill.amount * _share(found)), f"{bill} * {_percent(found['rate'])}")


@BOOK.says(
    "[total|total amount|total cost|total bill|final bill|full price] (of|for) [a|an|the] {money} [{bill}] (with|plus|including|after|and) [a|an] {rate} (tip|gratuity)",
    "[a|an|the] {money} [{bill}] (with|plus) [a|an] {rate} (tip|gratuity) [added]",
    "[total|bill] with [a|an] {rate} tip on [a|an|the] {money} [{bill}]",
)
def _with_tip(found: Found) -> Solution | None:
    bill = money(found["money"])
    return _solution(
        bill.of(bill.amount * (1 + _share(found))), f"{bill} * (100% + {_percent(found['rate'])})"
    )


@BOOK.says(
    "<percent> {way} (from|between) {money} (to|and) {money2}",
    "(what|which) <percent> [of] [an] {way} is [from] {money} to {money2}",
    "<percent> {way} (when|if) [a|the] [price|value|number|quantity|amount|cost|stock] "
    "(goes|rises|falls|drops|increases|decreases|changes|went|rose|fell|dropped|increased|decreased|changed) from {money} to {money2}",
    "(if|when) [a|the] [price|value|number|quantity|amount|cost|stock] "
    "(goes|rises|falls|drops|increases|decreases|changes|went|rose|fell|dropped|increased|decreased|changed) from {money} to {money2} "
    "<asking> <percent> {way}",
    "(by what|what) <percent> (did|does) [a|the] [price|value] (change|increase|decrease|rise|fall) "
    "[if it goes|when it goes|going] from {money} to {money2}",
)
def _change(found: Found) -> Solution | None:
    before, after = money(found["money"]), money(found["money2"])
    way = found.get("way", "change").lower()
    if before.sign != after.sign or before.amount == 0 or way == "difference":
        raise Unsure("nothing to compare with")
    change = (after.amount - before.amount) / before.amount * 100
    up = way in ("increase", "rise", "gain")
    if way != "change" and (change == 0 or up != (change > 0)):
        raise Unsure("it goes the other way")
    size = change if way == "change" else abs(change)
    about = shown(size) if "≈" not in shown(size) else f"≈ {plain(rounded(size, 4))}"
    word = "" if way != "change" or not change else " (an increase)" if change > 0 else " (a decrease)"
    return Solution(f"{about}%{word}", exact(size), (f"({after} - {before}) / {before}",), "money")


@BOOK.says(
    "(split|divide|share) [a|an|the] ({money} [{bill}]|{bill} of {money}) [(with|plus|including) a {rate} tip] <even> (between|among|by|amongst|into|with) <people> <even>",
    "how much (does|will|should|would|must) each [person|friend|one] [have to|need to] pay (if|when) [a|an|the] {money} [{bill}] "
    "[(with|plus|including) a {rate} tip] is (split|divided|shared) <even> (between|among|by|amongst) <people> <even>",
    "(if|when) [a|an|the] {money} [{bill}] is (split|divided|shared) <even> (between|among|by|amongst) <people> <even> "
    "[then] how much (does|will|should|would) each [person|friend|one] pay",
    "(if|when) {n} (people|friends|persons) (split|share|divide) [a|an|the] {money} [{bill}] <even> "
    "[then] how much (does|will|should|would) each [person|friend|one] [of them] pay",
    "[a|an|the] {money} [{bill}] (split|divided|shared) <even> (between|among|by|amongst) <people> <even>",
)
def _split(found: Found) -> Solution | None:
    bill, people = money(found["money"]), integer(found["n"], least=2, most=10_000)
    if not bill.sign:
        raise Unsure("a division, and no bill")
    whole = bill.amount * (1 + (_share(found) if "rate" in found else 0))
    each = whole / people
    rest = "" if (each * 100).denominator == 1 else " (rounded to cents)"
    return Solution(
        f"{bill.of(each)} each{rest}", bill.of(each).value(), (f"{bill.of(whole)} / {people}",), "money"
    )


@BOOK.says(
    "break.even (point|quantity|volume|sales) [in units] (if|with|when|for|given) [the] fixed (costs|cost) [are|is|of] {money} "
    "[and] [the|a] [selling|sale] price [per unit] [is|of] {money2} [per unit] [and] [the|a] variable (cost|costs) [per unit] [is|of|are] {money3} [per unit|each]",
)
def _break_even(found: Found) -> Solution | None:
    fixed, price, variable = (money(found[name]).amount for name in ("money", "money2", "money3"))
    if price <= variable or (units := fixed / (price - variable)).denominator != 1:
        raise Unsure("never, or between two units")
    return Solution(
        f"{units} units", str(units), (f"{shown(fixed)} / ({shown(price)} - {shown(variable)})",), "money"
    )


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

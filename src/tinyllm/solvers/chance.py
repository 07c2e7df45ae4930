"""Fair coins, dice, one deck of 52 cards, and trials with a stated chance: probabilities by counting."""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb

from tinyllm.solvers.numbers import decimal, exact, integer, number
from tinyllm.solvers.phrases import NUMBER_WORDS, Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_BOUNDS = {
    "exactly": "exactly|precisely",
    "at least": "at least|no fewer than|no less than|not fewer than",
    "at most": "at most|no more than|not more than",
    "more than": "more than|greater than|over|higher than|larger than|bigger than",
    "fewer than": "fewer than|less than|under|lower than|smaller than",
}
_BOUND = "|".join(_BOUNDS.values())
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "bound": _BOUND,
        "all": "all|only|no",
        "side": "heads?|tails?",
        "flips": rf"\d{{1,3}}|{'|'.join(NUMBER_WORDS)}",
        "event": r"[^?]+?",
        "dice": r"two|2|three|3|four|4|five|5|one|1|a|a single|a pair of",
        "sides": r"(?:\d{1,2}|six|four|eight|ten|twelve|twenty)[- ]sided",
        "card": r"[a-z0-9' ]+?",
        "chance": r"0?\.\d+|\d+/\d+|\d+(?:\.\d+)?%",
        "replacement": "with replacement|without replacement",
    },
    {
        "p": "(probability|chance|chances|likelihood)",
        "get": "(of|that|to) [you|i|we] [getting|get|rolling|roll|flipping|flip|tossing|toss|obtaining|throwing|throw|observing|seeing|"
        "having|there are|there will be]",
        "toss": "([in|with|from|on|of|over|out of] {flips} [fair] (coin flips|coin tosses|flips|tosses|coins|throws) [of a [fair] coin]"
        "|[suppose|when|if|by|after|in] [that] [you|i|we|someone] (flip|flips|toss|flipping|tossing|throwing) "
        "([a] [fair] coin {flips} times|{flips} [fair] coins)"
        "|[when|if] [a] [fair] coin is (flipped|tossed|thrown) {flips} times"
        "|[when|if] {flips} [fair] coins are (flipped|tossed|thrown))",
        "once": "([when|if|by|from|in|on|with] [you] (flipping|tossing|flip|toss) [a|one|a single] [fair] coin [once]"
        "|(in|on|from|with) [a|one|a single] [fair] (coin flip|coin toss|flip of a [fair] coin|toss of a [fair] coin|coin))",
        "dice": "{dice} [fair] [standard|ordinary|regular|normal] [{sides}] [fair] [standard|ordinary|regular] (dice|die)",
        "roll": "([suppose|when|if|by|in|on|with|from] [that] [you|i|we] (roll|rolling|throw|throwing) <dice>"
        "|(on|with|from|in|using|for) [a roll of|one roll of|the roll of|a single roll of] <dice> [roll]"
        "|[when|if] <dice> (is|are) (rolled|thrown))",
        "draw": "(of|to|that you|that i) (drawing|draw|picking|pick|selecting|select|being dealt|getting|choosing)",
        "deck": "(from|in|out of) [a|the] [single] [standard|normal|regular|full|ordinary] [well.shuffled|shuffled] [52.card|52] [playing] "
        "[card] (deck|pack|deck of [52] [playing] cards|pack of [52] [playing] cards)",
    },
)


def _solution(chance: Fraction, *steps: str) -> Solution:
    finite = decimal(chance)
    about = f"= {finite}" if finite else f"≈ {float(chance):.6g}"
    return Solution(
        exact(chance) if chance.denominator == 1 else f"{chance} ({about})", exact(chance), steps, "chance"
    )


def _within(bound: str, count: int, most: int) -> range:
    """Which numbers are meant, out of none to most."""
    kind = next((kind for kind, words in _BOUNDS.items() if bound.lower() in words.split("|")), "exactly")
    if not 0 <= count <= most:
        raise Unsure("more than there are")
    return {
        "exactly": range(count, count + 1),
        "at least": range(count, most + 1),
        "at most": range(count + 1),
        "more than": range(count + 1, most + 1),
        "fewer than": range(count),
    }[kind]


def _binomial(successes: range, trials: int, chance: Fraction) -> Solution:
    if not 1 <= trials <= 200 or not 0 <= chance <= 1:
        raise Unsure("too many trials, or no chance")
    terms = [comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in successes]
    shown = ", ".join(map(str, successes)) if len(successes) < 5 else f"{successes[0]} to {successes[-1]}"
    return _solution(sum(terms, Fraction(0)), f"{trials} trials, chance {chance} each, successes: {shown}")


@BOOK.says(
    "<p> <get> [{bound}] {n} {side} <toss>",
    "<p> <get> {all} {side} <toss>",
    "<p> <get> [a] {side} <once>",
    "<p> (of|that) <toss> (produces|gives|yields|results in|producing|giving) [{bound}] {n} {side}",
    "<toss> [then] <asking> <p> <get> [{bound}] {n} {side}",
    "<toss> [then] <asking> <p> <get> {all} {side}",
)
def _coins(found: Found) -> Solution | None:
    flips = integer(found.get("flips", "1"))
    if "n" not in found and "all" not in found:
        return _binomial(range(1, 2), 1, Fraction(1, 2))
    count = integer(found["n"]) if "n" in found else 0 if found["all"].lower() == "no" else flips
    return _binomial(_within(found.get("bound", ""), count, flips), flips, Fraction(1, 2))


@BOOK.says(
    "<p> <get> [{bound}] {n} (successes|success) (in|out of) {n2} [independent|bernoulli] trials "
    "(with|if|when|where|given) [a|the] [success] (probability|chance|p|probability of success|chance of success) "
    "[p] [is|of|=] [success] [is|of|=] {chance} [each|of success|per trial|on each trial]",
)
def _trials(found: Found) -> Solution | None:
    trials = integer(found["n2"])
    return _binomial(
        _within(found.get("bound", ""), integer(found["n"]), trials), trials, number(found["chance"])
    )


Roll = tuple[int, ...]
_FACE = rf"(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})"
_KINDS: dict[str, Callable[[int], bool]] = {
    "even": lambda n: n % 2 == 0,
    "odd": lambda n: n % 2 == 1,
    "prime": lambda n: n in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47),
}


def _numbered(text: str) -> Callable[[int], bool]:
    """`a 6`, `an even number`, `a number greater than 4`, `5 or higher`, `2 or 3`, `a multiple of 3`."""
    text = re.sub(
        r"^(?:an? |the )?(?:number |sum |total |value )?(?:that is |which is |is |of )?",
        "",
        text.lower().strip(),
    )
    if kind := re.fullmatch(r"(even|odd|prime)(?: number| sum| total)?", text):
        return _KINDS[kind[1]]
    if bound := re.fullmatch(rf"({_BOUND}) (?:an? )?{_FACE}", text):
        return _within(bound[1], integer(bound[2]), 1000).__contains__
    if more := re.fullmatch(rf"{_FACE} or (higher|more|greater|above|lower|less|fewer|below)", text):
        low, up = integer(more[1]), more[2] in ("higher", "more", "greater", "above")
        return lambda n: n >= low if up else n <= low
    if multiple := re.fullmatch(rf"(?:multiple of|divisible by) {_FACE}", text):
        divisor = integer(multiple[1], least=1)
        return lambda n: n % divisor == 0
    parts = [re.sub(r"^an? ", "", part) for part in re.split(r" or |, ", text)]
    if all(re.fullmatch(_FACE, part) for part in parts):
        return set(map(integer, parts)).__contains__
    raise Unsure(text)


@BOOK.says("<p> <get> {event} <roll>", "<roll> [then] <asking> <p> <get> {event}")
def _dice(found: Found) -> Solution | None:
    sides = integer(re.split("[- ]", found.get("sides", "6"))[0], least=2, most=100)
    word = found["dice"].lower()
    dice = {"a": 1, "a single": 1, "a pair of": 2}.get(word) or integer(word)
    wanted = _event(found["event"], dice, sides)
    if sides**dice > 200_000:
        raise Unsure("too many cases")
    cases = sum(map(wanted, product(range(1, sides + 1), repeat=dice)))
    return _solution(Fraction(cases, sides**dice), f"{cases} of {sides**dice} cases")


def _event(text: str, dice: int, sides: int) -> Callable[[Roll], bool]:
    if times := re.fullmatch(rf"(?:({_BOUND}) )?{_FACE} (?:{_FACE}(?:'?s|es)?)", text.lower()):
        count, face = _within(times[1] or "", integer(times[2]), dice), _face(times[3], sides)
        return lambda roll: roll.count(face) in count
    if dice == 1:
        number = _numbered(text)
        return lambda roll: number(roll[0])
    if (
        text.lower() in ("doubles", "a double", "the same number", "the same number on both dice")
        and dice == 2
    ):
        return lambda roll: roll[0] == roll[1]
    match = re.fullmatch(
        r"(?:an? |the )?(?:(?:two )?(?:numbers|dice)(?: rolled)? (?:sum|add|add up) to|sum|total)(?: of the (?:dice|numbers|two dice))?(?: that)?(?: is| equals| equal to| of)? (.+)",
        text.lower(),
    )
    if match is None and not (
        dice == 2 and re.fullmatch(r"an? (?:[789]|1[012]|seven|eight|nine|ten|eleven|twelve)", text.lower())
    ):
        raise Unsure("the sum, or each of them?")
    summed = _numbered(match[1] if match else text)
    return lambda roll: summed(sum(roll))


def _face(text: str, sides: int) -> int:
    return integer(text, least=1, most=sides)


_RANKS = ("ace", "2", "3", "4", "5", "6", "7", "8", "9", "10", "jack", "queen", "king")
_SUITS = ("heart", "diamond", "club", "spade")
_DECK = [(rank, suit) for rank in _RANKS for suit in _SUITS]
Card = tuple[str, str]


def _cards(text: str) -> set[Card]:
    """`an ace`, `a red king`, `a face card`, `the king of hearts`, `a heart or a king`."""
    found: set[Card] = set()
    for part in re.split(r" or ", text.lower()):
        name = re.sub(r"^(?:an? |the )", "", part.strip())
        found |= {card for card in _DECK if _is_card(card, name)}
        if not any(_is_card(card, name) for card in _DECK):
            raise Unsure(part)
    return found


def _is_card(card: Card, name: str) -> bool:
    rank, suit = card
    color = "red" if suit in ("heart", "diamond") else "black"
    face = "face card" if rank in ("jack", "queen", "king") else ""
    named = {word: str(n) for word, n in NUMBER_WORDS.items() if 2 <= n <= 10}
    words = " ".join(named.get(word, word) for word in name.split())
    return words in (
        *(
            rank,
            suit,
            f"{rank} of {suit}s",
            f"{color} card",
            f"{color} {rank}",
            f"{color} {face}" if face else rank,
        ),
        *(face or rank, f"{face} of {suit}s" if face else rank, f"{suit} card"),
    )


@BOOK.says(
    "<p> <draw> {card} <deck>",
    "<p> [that] [a] [randomly] (drawn|chosen|selected|dealt) card [chosen|drawn] <deck> is {card}",
)
def _drawn(found: Found) -> Solution | None:
    cards = _cards(found["card"])
    return _solution(Fraction(len(cards), 52), f"{len(cards)} of 52 cards")


@BOOK.says(
    "<p> <draw> {n} {card} [cards] [in a row] <deck> {replacement}",
    "<p> <draw> {n} {card} [cards] [in a row] {replacement} <deck>",
)
def _several_drawn(found: Found) -> Solution | None:
    count, name = integer(found["n"], least=2, most=13), found["card"].lower()
    cards = len(_cards(re.sub(r"s$", "", name)))
    if found["replacement"].lower().startswith("without"):
        return _solution(
            Fraction(comb(cards, count), comb(52, count)), f"C({cards}, {count}) / C(52, {count})"
        )
    return _solution(Fraction(cards, 52) ** count, f"({cards} / 52) ** {count}")


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

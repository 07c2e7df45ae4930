"""How many ways: choosing, ordering, seating, arranging the letters of a word.

Things are different from one another unless they are letters. Choosing is without repetition and without order;
arranging takes all of them, in order.
"""

from collections import Counter
from math import comb, factorial, perm, prod

from tinyllm.solvers.numbers import integer
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_THINGS = (
    "people|persons|students|children|kids|friends|members|players|men|women|boys|girls|candidates|books|items|objects|"
    "things|letters|cards|balls|marbles|elements|toppings|flavors|flavours|questions|employees|guests|cars|flowers|"
    "numbers|digits|colors|colours|courses|teams|runners|chairs|paintings|photos|toys|songs"
)
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "things": _THINGS,
        "things2": _THINGS,
        "thing": _THINGS,
        "size": r"\d{1,3}-(?:person|member|people|element|card|student)",
        "letters": r"[\"']?[a-z]{2,20}[\"']?",
    },
    {
        "things": f"[(different|distinct|distinguishable|unique|available)] [({_THINGS})]",
        "ways": "([in] how many [different|distinct|unique|possible] ways [are there|are there to|can|to|can you|can we|can i|can one] "
        "|[number of] [different|distinct] ways [to])",
        "choose": "(choose|select|pick|chosen|selected|picked|be chosen|be selected|be picked|choosing|selecting|picking|draw)",
        "arrange": "(arrange|arranged|be arranged|order|be ordered|line up|be lined up|permute|be permuted|arranging|seat|be seated|"
        "sit|stand|queue|rearrange|be rearranged|place|be placed|put|be put)",
        "row": "(in (a|one|single|a single|a straight) (row|line)|on a shelf|in order|in a queue|on a bookshelf|side by side)",
        "circle": "(in a circle|around a [round|circular] table|at a [round|circular] table|round a table)",
    },
)


def _count(amount: int, step: str) -> Solution:
    if amount >= 10**1000:
        raise Unsure("too large to write down")
    return Solution(f"{amount}", str(amount), (f"{step} = {amount}",), "counting")


def _size(found: Found, name: str) -> int:
    return integer(found[name], most=400)


@BOOK.says(
    "<ways> <choose> {n} <things> (from|out of|among|from among) [a|the] [group|set|class|collection|team|pool|deck] [of] {n2} <things>",
    "<ways> [can] {n} <things> <choose> (from|out of|from among) [a|the] [group|set|class|collection|pool] [of] {n2} <things>",
    "<ways> [can] [form|to form|make|to make|create] [a] (committee|team|group|subcommittee|panel|subset|hand) of {n} <things> "
    "[be] [formed|chosen|selected|made] [can be formed] [(from|out of|among) [a|the] [group|class|set|club] [of]] {n2} <things>",
    "how many [different|distinct|possible] (committees|teams|groups|subsets|hands|combinations|selections) of [size] {n} <things> "
    "(can be (formed|chosen|made|selected|drawn|dealt)|are there|can you (form|make|choose)) (from|out of|in|among) [a|the] [group|class|set|deck] [of] {n2} <things>",
    "how many [different|distinct|possible] {size} (committees|teams|groups|subsets|hands) can be (formed|chosen|made|selected) "
    "(from|out of) [a|the] [group|class|set|deck] [of] {n2} <things>",
    "how many (combinations|subsets) of {n2} <things> taken {n} at a time [are there]",
    "number of combinations of {n2} <things> taken {n} at a time",
)
def _chosen(found: Found) -> Solution | None:
    few = integer(found["size"].split("-")[0]) if "size" in found else _size(found, "n")
    many = _size(found, "n2")
    if few > many:
        raise Unsure("more than there are")
    return _count(comb(many, few), f"{many}! / ({few}! * {many - few}!)")


@BOOK.says(
    "how many [different|distinct] (permutations|arrangements|orderings|ordered selections) of {n2} <things> taken {n} at a time [are there]",
    "how many [different|distinct] (permutations|arrangements|ordered selections) of {n} <things> "
    "(from|out of|chosen from|selected from) [a|the] [set|group] [of] {n2} <things> [are there]",
    "<ways> <arrange> {n} <things> (from|out of|chosen from|selected from) [a|the] [set|group] [of] {n2} <things> [<row>]",
    "<ways> [can] {n} <things> <arrange> (from|out of|chosen from) {n2} <things> [<row>]",
)
def _ordered(found: Found) -> Solution | None:
    few, many = _size(found, "n"), _size(found, "n2")
    if few > many:
        raise Unsure("more than there are")
    return _count(perm(many, few), f"{many}! / {many - few}!")


@BOOK.says(
    "<ways> [can] {n} <things> <arrange> [<row>]",
    "<ways> <arrange> {n} <things> [<row>]",
    "how many [different|distinct] (permutations|arrangements|orderings) (of|are there of|are there for|do) {n} [different|distinct] <things> [are there|have]",
    "number of (permutations|arrangements|orderings) of {n} [distinct|different] <things>",
)
def _lined_up(found: Found) -> Solution | None:
    return _count(factorial(_size(found, "n")), f"{_size(found, 'n')}!")


@BOOK.says("<ways> [can] {n} <things> <arrange> <circle>", "<ways> <arrange> {n} <things> <circle>")
def _seated(found: Found) -> Solution | None:
    count = _size(found, "n")
    if count < 1:
        raise Unsure("nobody")
    return _count(factorial(count - 1), f"({count} - 1)!, rotations being the same")


@BOOK.says(
    "how many [different|distinct|distinguishable|unique|possible] (arrangements|permutations|rearrangements|orderings|ways) "
    "(are there of|are there for|of|in|can be made from|can be formed from|can be made with|can be formed with|can be formed using|are there to arrange) "
    "[all] [of] [the letters (of|in)] [the] [word] {letters} [are there|have]",
    "<ways> [can] [you|i|we] [arrange|rearrange|permute|order] [all] [of] [the] letters (of|in) [the] [word] {letters} "
    "[be] [arranged|rearranged|permuted|ordered]",
    "number of [distinct|different|distinguishable|unique] (arrangements|permutations|rearrangements) (of|for) "
    "[the letters (of|in)] [the] [word] {letters}",
    "how many [distinct|different] (arrangements|permutations) does [the] [word] {letters} have",
)
def _letters(found: Found) -> Solution | None:
    word = found["letters"].strip("\"'")
    if word.lower() in _THINGS.split("|") and word == found["letters"] and not word.isupper():
        raise Unsure("a word, or things")
    counts = Counter(word.upper())
    repeated = [count for count in counts.values() if count > 1]
    below = f" / ({' * '.join(f'{count}!' for count in repeated)})" if repeated else ""
    return _count(factorial(len(word)) // prod(map(factorial, repeated)), f"{len(word)}!{below}")


@BOOK.says(
    "how many subsets (does|do|are there of|are there in|of) [a|the] set (with|of|containing|that has) {n} [distinct] elements [have]",
    "number of subsets of a set (with|of|containing) {n} [distinct] elements",
    "how many [different|distinct] (binary strings|bit strings) of length {n} are there",
    "how many [different|distinct] (binary|bit) strings (of|with|have) [length] {n} [bits|digits] [are there]",
)
def _subsets(found: Found) -> Solution | None:
    return _count(2 ** _size(found, "n"), f"2 ** {found['n']}")


@BOOK.says(
    "how many handshakes (are|will be|take place|occur|happen|are there) [there] [made|exchanged] (if|when|among|between) "
    "{n} people [each] [all] [shake hands] [with] [each other|one another|everyone else|every other person] [once|exactly once]",
)
def _handshakes(found: Found) -> Solution | None:
    count = _size(found, "n")
    return _count(comb(count, 2), f"{count} * {count - 1} / 2")


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

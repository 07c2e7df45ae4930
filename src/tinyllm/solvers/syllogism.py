"""Does it follow? Statements of the form *all, no, some X are Y* and *NAME is a Y*, and one question about them.

Decided over all kinds of things there could be. A conclusion that holds only if there are any such things (*some
X are Y* from *all X are Y*) is declined: the books differ. What the statements leave open is declined too, unless
the question is whether it follows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from tinyllm.solvers.phrases import Unsure
from tinyllm.solvers.solution import Question, Solution

Kind = frozenset[str]
"""The terms that a thing falls under."""

_OPENS = re.compile(
    r"(?:if |given (?:that )?|suppose (?:that )?)?(?:all|every|each|no|some|[A-Z][a-z]+ is) ", re.IGNORECASE
)
_ONE = re.compile(
    r"(?i:if|given that|given|suppose that|suppose) (.+),? (?:then )?"
    r"((?:are|is|does|can|must) (?:(?:all|every|each|no|some|any|it|we|you|one) |[A-Z]).+)"
)
_AND = re.compile(r",? and (?=(?:all|every|each|no|some) |[A-Z][a-z]+ is )")
_THEREFORE = re.compile(r"(?:therefore|so|hence|thus|conclusion)[:,]? (.+)", re.IGNORECASE)
_VALID = re.compile(
    r"is (?:this|that|the|it)(?: a)?(?: valid)?(?: (?:argument|syllogism|conclusion|inference|reasoning|deduction))?(?: logically)?(?: valid)?",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"(?:does it (?:logically |necessarily )?follow that|can (?:we|you|one|it be) (?:conclude|infer|concluded)(?: that)?|"
    r"is it (?:necessarily )?true that|must it be true that) (.+)",
    re.IGNORECASE,
)
_GENERAL = re.compile(r"(all|every|each|no|some) (.+?) (are not|is not|are|is) (?:an? )?(.+)", re.IGNORECASE)
_SINGLE = re.compile(r"([A-Z][a-z]+) (is not|is) (?:an? )?(.+)")
_ASKED = re.compile(r"(?:are|is) (all|every|each|no|some|any) (.+)", re.IGNORECASE)
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "people": "person",
    "children": "child",
    "mice": "mouse",
    "geese": "goose",
    "fish": "fish",
}
_MOST = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """`X` is a set of things, or for `one` a thing with a name."""

    form: Literal["all", "no", "some", "some not", "one", "one not"]
    subject: str
    predicate: str


def _term(text: str) -> str:
    """One spelling for `cats`, `cat` and `a cat`."""
    words = re.sub(r"^(?:an?|the) ", "", text.lower().strip(" .,;?!")).split()
    if (
        not 1 <= len(words) <= 3
        or not all(word.isalpha() for word in words)
        or {"not", "and", "or", "that"} & set(words)
    ):
        raise Unsure(text)
    last = words[-1]
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("ies") and len(last) > 4:
        last = f"{last[:-3]}y"
    elif re.search(r"(?:s|sh|ch|x|z)es$", last):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith("ss"):
        last = last[:-1]
    return " ".join([*words[:-1], last]).removesuffix(" thing")


def _statement(text: str) -> Statement:
    text = text.strip(" .,;?!")
    if match := _GENERAL.fullmatch(text):
        quantity, negated = match[1].lower(), match[3].lower().endswith("not")
        if negated and quantity != "some":
            raise Unsure("`all are not` may mean none, or not all")
        form: Literal["no", "some", "some not", "all"] = (
            "no" if quantity == "no" else "all" if quantity != "some" else "some not" if negated else "some"
        )
        return Statement(form, _term(match[2]), _term(match[4]))
    if match := _SINGLE.fullmatch(text):
        return Statement("one not" if match[2] == "is not" else "one", match[1], _term(match[3]))
    raise Unsure(text)


def _asked(text: str, premises: Sequence[Statement]) -> Statement:
    """The statement behind `Are all X Y?`: where X ends, the terms of the premises tell."""
    known = {term for premise in premises for term in (premise.subject, premise.predicate)}
    words = text.strip(" ?.").split()
    if len(words) > 1 and words[0].lower() == "is" and words[1] in known:
        return _statement(f"{words[1]} is {' '.join(words[2:])}")
    match = _ASKED.fullmatch(" ".join(words))
    if match is None:
        raise Unsure(text)
    rest, quantity = match[2].split(), "some" if match[1].lower() == "any" else match[1]
    negated = quantity == "some" and "not" in rest
    rest = [word for word in rest if word != "not" or not negated]
    splits = [(" ".join(rest[:n]), " ".join(rest[n:])) for n in range(1, len(rest))]
    fitting = [pair for pair in splits if {_term(pair[0]), _term(pair[1])} <= known]
    if len(fitting) != 1:
        raise Unsure(text)
    return _statement(f"{quantity} {fitting[0][0]} {'are not' if negated else 'are'} {fitting[0][1]}")


class _World:
    """What the premises allow: the kinds of things there may be, and those there must be."""

    def __init__(self, premises: Sequence[Statement], conclusion: Statement) -> None:
        terms = sorted(
            {s.predicate for s in [*premises, conclusion]}
            | {s.subject for s in [*premises, conclusion] if not s.form.startswith("one")}
        )
        if len(terms) > _MOST:
            raise Unsure("too many terms")
        self.kinds = [
            frozenset(t for t, under in zip(terms, row, strict=True) if under)
            for row in product((True, False), repeat=len(terms))
        ]
        for premise in premises:
            if premise.form in ("all", "no"):
                self.kinds = [kind for kind in self.kinds if not self._against(kind, premise)]
        self.names = {s.subject: self.kinds for s in premises if s.form.startswith("one")}
        for s in premises:
            if s.form.startswith("one"):
                self.names[s.subject] = [
                    k for k in self.names[s.subject] if (s.predicate in k) == (s.form == "one")
                ]
        some = [s for s in premises if s.form.startswith("some")]
        self.inhabited = [self._meant(s) for s in some] + list(self.names.values())
        if not all(self.inhabited):
            raise Unsure("the statements contradict each other")

    @staticmethod
    def _against(kind: Kind, statement: Statement) -> bool:
        return statement.subject in kind and (statement.predicate in kind) == (statement.form == "no")

    def _meant(self, statement: Statement) -> list[Kind]:
        """The kinds of which a `some` statement says that there is one."""
        return [
            k
            for k in self.kinds
            if statement.subject in k and (statement.predicate in k) == (statement.form == "some")
        ]

    def entails(self, statement: Statement) -> bool:
        if statement.form in ("all", "no"):
            return not any(self._against(kind, statement) for kind in self.kinds)
        if statement.form.startswith("one"):
            return all(
                (statement.predicate in kind) == (statement.form == "one")
                for kind in self.names.get(statement.subject, [frozenset()])
            )
        meant = self._meant(statement)
        return any(all(kind in meant for kind in kinds) for kinds in self.inhabited)

    def inhabited_by_all(self) -> "_World":
        """The same, and there is at least one thing under every term."""
        terms = frozenset[str]().union(*self.kinds)
        self.inhabited += [[kind for kind in self.kinds if term in kind] for term in terms]
        return self


_OPPOSITE: dict[str, Literal["all", "no", "some", "some not", "one", "one not"]] = {
    "all": "some not", "no": "some", "some": "no", "some not": "all", "one": "one not", "one not": "one",
}  # fmt: skip


def _verdict(premises: Sequence[Statement], conclusion: Statement) -> bool | None:
    if conclusion.form.startswith("one") and conclusion.subject not in {
        s.subject for s in premises if s.form.startswith("one")
    }:
        raise Unsure("nobody told of")
    opposite = Statement(_OPPOSITE[conclusion.form], conclusion.subject, conclusion.predicate)
    world = _World(premises, conclusion)
    if world.entails(conclusion):
        return True
    if world.entails(opposite):
        return False
    supposed = world.inhabited_by_all()
    if supposed.entails(conclusion) or supposed.entails(opposite):
        raise Unsure("only if there are any")
    return None


def _read(text: str) -> tuple[list[Statement], Statement, bool]:
    """The statements, the conclusion, and whether the question is if it follows."""
    if one := _ONE.fullmatch(text.strip(" ?")):
        said, question = [one[1]], one[2]
    else:
        *said, question = [part for part in re.split(r"(?<=[.;?!]) +", text) if part]
    follows = _FOLLOWS.fullmatch(question.strip(" ?."))
    conclusion = ""
    if said and (therefore := _THEREFORE.fullmatch(said[-1])):
        if not _VALID.fullmatch(question.strip(" ?.")):
            raise Unsure(question)
        conclusion, said = therefore[1], said[:-1]
    premises = [_statement(part) for sentence in said for part in _AND.split(sentence)]
    if not 1 <= len(premises) <= 5:
        raise Unsure("no premises, or too many")
    if follows or conclusion:
        return premises, _statement(follows[1] if follows else conclusion), True
    return premises, _asked(question, premises), False


def solve(question: Question) -> Solution | None:
    text = " ".join(question.text.split())
    if len(text) > 600 or not _OPENS.match(text):
        return None
    try:
        premises, conclusion, follows = _read(text)
        verdict = _verdict(premises, conclusion)
    except Unsure:
        return None
    if verdict is None and not follows:
        return None
    shown = "follows" if verdict else "the opposite follows" if verdict is False else "does not follow"
    return Solution(
        "yes" if verdict else "no", bool(verdict), (f"from {len(premises)} statements: {shown}",), "logic"
    )

"""How far ahead must a number be to go out? What is right, wrong and lost at each lead, in populations that differ.

    python benchmarks/tradeoff.py [--seeds 4] [--first 11] [--items 60] [--all] [--json]

All that the models would say of each word problem is drawn once; rules are then tried on it in moments. Only models of
at most 3B vote, as where nothing bigger is installed; with `--all` the bigger ones come in. Every figure is one of a
*simulated population*. `population.py` runs whole graphs: this only tells which rule to give them.
"""

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tinyllm.checks.blocks import fenced
from tinyllm.checks.results import result
from tinyllm.checks.verdict import Candidate
from tinyllm.checks.votes import lead, parties
from tinyllm.testing.bank.drawing import drawn
from tinyllm.testing.bank.item import Item
from tinyllm.testing.bank.marking import final_number
from tinyllm.testing.bank.people import population
from tinyllm.testing.simulator import Population
from tinyllm.testing.simulator.ask import Ask
from tinyllm.testing.simulator.crowd import Crowd
from tinyllm.testing.simulator.request import Request
from tinyllm.texts import prompt

AUTHOR, SECOND, CODER, SEVEN = "phi3:mini", "qwen2.5:3b", "granite-code:3b", "qwen2.5:7b"
# Who is asked in which order: by a program, or plainly.
SMALL = ((SECOND, False), (CODER, True), (SECOND, True))
BIG = (("qwen3:8b", False), ("qwen3:8b", True), ("qwen3:14b", False), ("qwen3:14b", True))
TIERS = {"qwen3:8b": 2, "qwen3:14b": 3}
TIMES, FIRST = 5, 3  # how often each is asked afresh, and the author while others are left to ask
# Sure at what lead; how often the author is asked afresh, and the default model.
PARTS = {"once": (2.0, 0, 0), "the author afresh": (2.5, TIMES, 0), "both afresh": (2.5, TIMES, TIMES)}
LEADS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
Change = Callable[[dict[str, Any]], None]


def _worse(file: dict[str, Any]) -> None:
    for model in file["models"].values():
        model["skills"] = {skill: min(0.95, error + 0.08) for skill, error in model["skills"].items()}


def _alike(file: dict[str, Any]) -> None:
    for gold in file["gold"]:
        gold["wrong"] = sorted(
            gold["wrong"], key=lambda said: -_value_counts(gold["wrong"])[final_number(said)]
        )[:4]


def _value_counts(wrong: Sequence[str]) -> dict[float | None, int]:
    values = [final_number(said) for said in wrong]
    return {value: values.count(value) for value in values}


def _noise(noise: float) -> Change:
    return lambda file: file.update(noise=noise)


POPULATIONS: dict[str, tuple[str, Change]] = {
    "hard": ("hard", lambda _: None),
    "easy": ("easy", lambda _: None),
    "modest": ("modest", lambda _: None),
    "hard, models err together": ("hard", _noise(0.3)),
    "hard, models err apart": ("hard", _noise(1.0)),
    "hard, all 8 points worse": ("hard", _worse),
    "hard, wrong answers alike": ("hard", _alike),
}

STUBBORN = "hard, the same mistake each time"  # asked afresh, a model that errs says what it said before
POPULATIONS[STUBBORN] = POPULATIONS["hard"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said of one question."""

    gold: float
    own: Candidate
    others: tuple[Candidate, ...]  # in the order in which they are asked
    afresh: tuple[Candidate, ...]  # what the author says once more
    second: tuple[Candidate, ...]  # and the default model
    seven: bool  # is a single 7B right?

    def right(self, candidate: Candidate) -> bool:
        return final_number(candidate.answer) == self.gold

    def stubborn(self) -> "Heard":
        first = next(each for each in self.others if each.model == SECOND)
        return replace(
            self,
            afresh=self._repeated(self.own, self.afresh),
            second=self._repeated(first, self.second),
        )

    def _repeated(self, first: Candidate, afresh: Sequence[Candidate]) -> tuple[Candidate, ...]:
        again, errs = replace(first, again=True, ran=False), not self.right(first)
        return tuple(again if errs and not self.right(each) else each for each in afresh)


@dataclass(frozen=True, slots=True)
class Rule:
    """How far ahead is sure, how far is enough in the end, how often the author is asked afresh, and the default model."""

    sure: float
    last: float
    times: int
    second: int


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=11, metavar="SEED")
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--all", action="store_true", help="bigger models vote as well")
    parser.add_argument(
        "--only", action="append", choices=POPULATIONS, help="this population; may be repeated"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = {}
    for name in given.only or POPULATIONS:
        profile, change = POPULATIONS[name]
        seeds = range(given.first, given.first + given.seeds)
        heard = [each for seed in seeds for each in _heard(seed, given.items, profile, change, big=given.all)]
        heard = [each.stubborn() for each in heard] if name == STUBBORN else heard
        rules = {f"{part}, {ahead}": _rule(part, ahead) for part in PARTS for ahead in LEADS}
        report[name] = {
            "seven": round(sum(each.seven for each in heard) / len(heard), 3),
            **{told: _tried(heard, rule) for told, rule in rules.items()},
        }
    print(json.dumps(report, indent=1) if given.json else "\n".join(_told(report)))
    return 0


def _rule(part: str, ahead: float) -> Rule:
    return Rule(*PARTS[part][:1], ahead, *PARTS[part][1:])


def _heard(seed: int, count: int, profile: str, change: Change, *, big: bool) -> Iterator[Heard]:
    items = drawn(seed, count, ("math",))
    file = population(items, seed, profile)
    change(file)
    crowd = Crowd(Population.model_validate(file))
    for item in items:
        said = [_said(crowd, item, model, program) for model, program in (*SMALL, *(BIG if big else ()))]
        afresh = [_said(crowd, item, AUTHOR, seed=time) for time in range(1, TIMES + 1)]
        second = [_said(crowd, item, SECOND, seed=time) for time in range(1, TIMES + 1)]
        own, seven = _said(crowd, item, AUTHOR), final_number(_said(crowd, item, SEVEN).answer)
        gold = float(item.gold)
        yield Heard(gold, own, tuple(said), tuple(afresh), tuple(second), seven == gold)


def _said(crowd: Crowd, item: Item, name: str, program: bool = False, seed: int = 0) -> Candidate:
    system = prompt("verify_program.md" if program else "math.md").render({})
    messages = ({"role": "system", "content": system}, {"role": "user", "content": item.question})
    options = {"seed": seed} if seed else {"temperature": 0}
    ask = Ask(messages, (), None, options, None, 0.0, False, True, True, False, 0)
    model = crowd.population.models[name]
    text = crowd.said(
        Request(0, "POST", "/api/chat", {}, b"", 0.0, body={"model": name}, ask=ask), model
    ).text
    found = _printed(fenced(text)[0][0].code) if program else result(text)
    return Candidate(found, name, ran=program, again=bool(seed))


def _printed(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue().strip()


def _tried(heard: Sequence[Heard], rule: Rule) -> dict[str, float]:
    """What goes out by a rule: right, wrong as a part of what the author errs, right ones lost, big ones asked."""
    ends = [(each, *_out(each, rule)) for each in heard]
    right = [each for each, _, _ in ends if each.right(each.own)]
    wrong = sum(party is not None and not each.right(party) for each, party, _ in ends)
    lost = sum(party is None or not each.right(party) for each, party, _ in ends if each.right(each.own))
    return {
        "right": round(
            sum(party is not None and each.right(party) for each, party, _ in ends) / len(ends), 3
        ),
        "wrong of ungated": round(wrong / max(1, len(heard) - len(right)), 2),
        "right lost": round(lost / max(1, len(right)), 3),
        "big": round(sum(big for _, _, big in ends) / len(ends), 3),
    }


def _out(each: Heard, rule: Rule) -> tuple[Candidate | None, bool]:
    """What goes out, and whether a bigger model was asked."""
    votes, big = [each.own], False
    own, both = list(each.afresh[: rule.times]), list(each.second[: rule.second])
    first = own[:FIRST]
    for other in each.others:
        if other.model in TIERS and not big:
            _until_sure(votes, rule.sure, first)
        if _sure(votes, rule.sure):
            break
        votes.append(other)
        big = big or other.model in TIERS
        _until_sure(votes, rule.sure, first, near=2.0)
    waiting = first if big else [*first, *own[FIRST:]]
    _until_sure(votes, rule.sure, *([waiting] if big else [waiting, both]))
    ranked = parties(votes, _same, TIERS)
    return (ranked[0].members[0] if lead(ranked) >= rule.last else None), big


def _until_sure(votes: list[Candidate], sure: float, *waiting: list[Candidate], near: float = -1.0) -> None:
    """More of those who are asked afresh, in turn: who has said less first."""
    while any(waiting) and not _sure(votes, sure) and (near < 0 or _sure(votes, near)):
        votes.append(max(waiting, key=len).pop(0))


def _sure(votes: Sequence[Candidate], ahead: float) -> bool:
    ranked = parties(votes, _same, TIERS)
    return ranked[0].models > 1 and lead(ranked) >= ahead


def _same(one: str, other: str) -> bool:
    return final_number(one) == final_number(other)


def _told(report: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, found in report.items():
        yield f"\n**{name}** (a single 7B: {100 * found['seven']:.1f})\n"
        yield "| asked, ahead in the end | right | wrong out, of ungated | right lost | big asked |"
        yield "| --- | --- | --- | --- | --- |"
        for rule, each in found.items():
            if rule != "seven":
                yield (
                    f"| {rule} | {100 * each['right']:.1f} | {each['wrong of ungated']:.2f} "
                    f"| {100 * each['right lost']:.1f} | {100 * each['big']:.1f} |"
                )


if __name__ == "__main__":
    sys.exit(main())

"""A judge's word on an answer: asked in both orders, never of the model that answered, weighed by its tier."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from tinyllm.checks.asking import name_of, reply_of
from tinyllm.checks.results import TAIL, result
from tinyllm.checks.verdict import NOTHING, Judged, Verdict
from tinyllm.guard import read_json
from tinyllm.plain import as_text
from tinyllm.running import emit
from tinyllm.services import Services
from tinyllm.texts import prompt

WEIGHTS: Mapping[int, float] = {3: 1.0, 2: 0.6, 1: 0.3, 0: 0.1}  # what a judge's word is worth, by its tier
HEARD = 0.5  # a doubt of less weight changes nothing
TRUSTED = 0.7  # how likely a judge of the highest tier is right when both orders agree
CONTEXT = 5  # messages of the conversation that a judge sees
# Characters of an answer that a judge reads: its beginning, and its end, where the result stands.
LONGEST = 6_000
VERDICTS = ("right", "wrong")
PLACES = ("first", "second")
LONGER, SHORT = 2.0, 200  # an answer that much longer must also win when it is cut


async def judge(
    judged: Judged, services: Services, key: str, rubric: str = "", reference: str = ""
) -> Verdict:
    """Is it right? Asked with the choices in both orders; a judge that changes its mind has none."""
    among = judges(judged, services, key)
    said: list[tuple[str, str, float]] = []
    for order in (VERDICTS, VERDICTS[::-1]):
        words = {"rubric": rubric, "reference": reference, "first": order[0], "second": order[1]}
        text = prompt("judge.md").render({**_material(judged), **words})
        heard = await _heard(services, text, among, "verdict", order)
        if heard is None:
            return NOTHING
        said.append(heard)
    if said[0][0] != said[1][0]:
        emit("skipped", check="judge", because="it says right in one order and wrong in the other")
        return NOTHING
    weight = min(each[2] for each in said)
    if said[0][0] == "right":
        return Verdict.good("judged", round(weight * TRUSTED, 2))
    if weight < HEARD:
        emit(
            "skipped",
            check="judge",
            because=f"a doubt of so small a model weighs {weight:g}: {said[0][1][:120]}",
        )
        return NOTHING
    return Verdict.bad(
        said[0][1][:400] or "the judge takes it for wrong", "judged", confidence=round(weight * TRUSTED, 2)
    )


async def better(judged: Judged, doubted: str, services: Services, key: str, rubric: str = "") -> Verdict:
    """Is the new answer better than the one that was doubted? Only when it wins in both places."""
    before = as_text(doubted)
    if _plain(judged.answer) == _plain(before):
        return NOTHING  # the doubt stands: that a second model shares a doubted answer says little
    among = judges(judged, services, key)
    wins = await _wins(judged, judged.answer, before, services, among, rubric)
    if wins and len(judged.answer) > max(SHORT, LONGER * len(before)):
        wins = await _wins(judged, _cut(judged.answer, len(before)), before, services, among, rubric)
    if wins:
        return Verdict.good("judged", round(wins * TRUSTED, 2))
    return Verdict.bad("the judge does not prefer it to the answer before", instead=doubted)


async def _wins(
    judged: Judged, new: str, old: str, services: Services, among: Sequence[str], rubric: str
) -> float:
    """The weight of the judge that prefers the new one in both places; 0 when none does."""
    weight = 1.0
    for place, pair in ((PLACES[0], (new, old)), (PLACES[1], (old, new))):
        shown = {"one": _read(pair[0]), "two": _read(pair[1]), "rubric": rubric, "mark": _mark(*pair)}
        text = prompt("judge_pair.md").render({"question": _question(judged), **shown})
        heard = await _heard(services, text, among, "better", PLACES)
        if heard is None or heard[0] != place:
            return 0.0
        weight = min(weight, heard[2])
    return weight if weight >= HEARD else 0.0


def judges(judged: Judged, services: Services, key: str) -> list[str]:
    """The judge, and who stands in for it: the highest tiers first, never who answered or was asked."""
    entries = services.guard.entries
    heard = {judged.model, *(each.model for each in judged.others)}
    others = sorted(
        (each for each in entries.values() if WEIGHTS[each.tier] >= HEARD), key=lambda each: -each.tier
    )
    return [
        each
        for each in dict.fromkeys((key, *(entry.key for entry in others)))
        if services.guard.entry(each).name not in heard
    ]


async def _heard(
    services: Services, text: str, among: Sequence[str], field: str, choices: Sequence[str]
) -> tuple[str, str, float] | None:
    """What the judge chose, why, and what its word is worth."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, field: {"type": "string", "enum": list(choices)}},
        "required": ["reason", field],
    }
    reply = await reply_of(
        services,
        [{"role": "user", "content": text}],
        among,
        check="judge",
        schema=schema,
        options={"temperature": 0},
    )
    if reply is None:
        return None
    said = read_json(reply, schema)
    name = name_of(reply, services)
    tier = max((each.tier for each in services.guard.entries.values() if each.name == name), default=1)
    return str(said[field]), str(said["reason"]), WEIGHTS[tier]


def _material(judged: Judged) -> dict[str, str]:
    answer = _read(judged.answer)
    return {"question": _question(judged), "answer": answer, "mark": _mark(answer)}


def _read(answer: str) -> str:
    """What a judge reads of an answer; the result stands at the end, as other checks read it."""
    if len(answer) <= LONGEST:
        return answer
    head = LONGEST - TAIL
    return f"{answer[:head]}\n[{len(answer) - LONGEST} characters are left out here]\n{answer[-TAIL:]}"


def _mark(*answers: str) -> str:
    """A line that no answer can have in it: it depends on all that they say."""
    return f"=== {sha256(chr(0).join(answers).encode(errors='replace')).hexdigest()[:16]} ==="


def _question(judged: Judged) -> str:
    """The question with what came before it, and with what was attached to it."""
    said = [message for message in judged.window if message["role"] in ("user", "assistant")][-CONTEXT:]
    if len(said) < 2:
        return str(said[0]["content"]) if said else judged.question
    return "\n".join(f"{message['role']}: {message['content']}" for message in said)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", result(text) if len(text) < SHORT else text).lower().split())


def _cut(text: str, length: int) -> str:
    """Its beginning, to the end of a sentence, about as long as the other."""
    head = text[: max(SHORT, length)]
    end = max(head.rfind(sign) for sign in (". ", "\n", "! ", "? "))
    return head[: end + 1] if end > len(head) // 2 else head

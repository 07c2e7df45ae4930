"""What the failed questions of a node are about: asked of a model, or read from their words."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tinyllm.errors import BadReply, TinyError
from tinyllm.growth.meaning import meant
from tinyllm.growth.words import Group, groups, terms
from tinyllm.guard import Guard
from tinyllm.memory.embedding import Embedder
from tinyllm.models import Ask, Reply
from tinyllm.spec.prompts import Prompts
from tinyllm.state import RESERVED

MOST = 4
CLUSTERED = 60  # questions of each kind that are compared with each other, the newest
SHOWN = 12  # questions of each kind that the model sees
LONGEST = 300  # characters of a question
WORKS = 2  # the tier that is asked: it works, and does not only route
NAME = re.compile(r"[a-z][a-z0-9_]{2,31}")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "domains": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST,
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": 40}},
                "required": ["name"],
            },
        }
    },
    "required": ["domains"],
}


@dataclass(frozen=True, slots=True)
class Domain:
    """A part of what a node is asked: its name, and words that tell it."""

    name: str
    terms: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        plain = self.name.replace("_", " ")
        more = [term for term in self.terms if term not in plain.split()]
        return f"{plain} ({', '.join(more)})" if more else plain


async def domains(
    guard: Guard, failed: Sequence[str], passed: Sequence[str], embedder: Embedder | None = None
) -> tuple[str, list[Domain]]:
    """Who told, and the domains. Only names are taken from the model: what else it says could be an instruction."""
    failed, passed = failed[:CLUSTERED], passed[:CLUSTERED]
    found = await meant(embedder, failed, passed) if embedder else []
    by = "meaning" if found else "words"
    found = found or groups(failed, passed)
    named: list[str] = []
    model = asked(guard)
    if model:
        try:
            named = await _named(guard, model, [*_spread(found, failed)], passed)
        except TinyError as failure:
            if failure.kind == "cancelled":
                raise
    if named:
        return "model", [Domain(name, _terms_of(name, failed, passed)) for name in named]
    # A question on its own is no area, unless there is nothing else.
    areas = [group for group in found if len(group.questions) > 1] or found
    read = [Domain(word, group.terms) for group in areas if (word := _name_of(group.terms))]
    return by, list({domain.name: domain for domain in read}.values())[:MOST]


def _spread(found: Sequence[Group], failed: Sequence[str]) -> Iterator[str]:
    """Of each group in turn, so that the few that a model is shown are of all of them."""
    told = dict.fromkeys(
        question for row in zip_longest(*(group.questions for group in found)) for question in row if question
    )
    yield from told
    yield from (question for question in dict.fromkeys(failed) if question not in told)


def asked(guard: Guard) -> str:
    """The entry that is asked: of the tier that works, else the one above, else the largest below."""
    entries = sorted(guard.entries.values(), key=lambda entry: (entry.tier < WORKS, abs(entry.tier - WORKS)))
    return entries[0].key if entries else ""


async def _named(guard: Guard, model: str, failed: Sequence[str], passed: Sequence[str]) -> list[str]:
    prompt = Prompts(()).text("growth_domains.md")
    failed, passed = _shown(failed), _shown(passed)
    # Those that failed come last: what a small model read last weighs most.
    said = f"Answered well:\n{passed or '- (none)'}\n\nFailed:\n{failed}"
    messages = [{"role": "system", "content": prompt}, {"role": "user", "content": said}]
    return await guard.ask(model, Ask(messages, schema=SCHEMA, options={"temperature": 0}), read_names)


def _shown(questions: Sequence[str]) -> str:
    return "\n".join(f"- {' '.join(question.split())[:LONGEST]}" for question in questions[:SHOWN])


def read_names(reply: Reply) -> list[str]:
    """The names in a reply, as identifiers; a reply without one cannot be read."""
    try:
        said = json.loads(reply.text)
    except ValueError:
        said = {}
    listed = said.get("domains") if isinstance(said, dict) else None
    texts = [each.get("name") if isinstance(each, dict) else each for each in listed or ()]
    names = [name for text in texts if isinstance(text, str) and (name := _identifier(text))]
    if not names:
        raise BadReply("no sub-domain is named in it", code="DOMAINS_UNREADABLE")
    return list(dict.fromkeys(names))[:MOST]


def _identifier(text: str) -> str:
    """`Differential Calculus` becomes differential_calculus; a sentence becomes nothing."""
    words = re.findall(r"[a-z0-9]+", text.casefold())
    name = "_".join(words)
    return name if 0 < len(words) <= 4 and NAME.fullmatch(name) and name not in RESERVED else ""


def _name_of(found: Sequence[str]) -> str:
    return next((term for term in found if NAME.fullmatch(term) and term not in RESERVED), "")


def _terms_of(name: str, failed: Sequence[str], passed: Sequence[str]) -> tuple[str, ...]:
    """Words of the failed questions that look like this domain's: those that stand beside its own name."""
    own = set(name.split("_"))
    near = [question for question in failed if own & set(re.findall(r"[a-z]+", question.casefold()))]
    return terms(near, [*passed, *(each for each in failed if each not in near)], most=4) if near else ()

"""What other models say when they are asked without seeing the answer: each through the guard, none twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from tinyllm.checks.verdict import Candidate, Judged
from tinyllm.errors import TinyError
from tinyllm.guard import read_json
from tinyllm.models import Ask, Reply
from tinyllm.running import current, emit
from tinyllm.services import Services
from tinyllm.state import Message
from tinyllm.texts import prompt

WARM = 0.8  # a second sample of the same model must be able to differ
# Also on a server that heeds neither seed nor temperature.
ONCE_MORE = "\nThis is try {}: begin from the question."


async def opinion(
    judged: Judged,
    services: Services,
    name: str,
    among: Sequence[str],
    *,
    of: str,
    sample: int = 0,
) -> Candidate | None:
    """The question asked afresh, behind the prompt `name`; None when nobody could be asked."""
    more = ONCE_MORE.format(sample + 1) if sample else ""
    system: Message = {"role": "system", "content": prompt(name).render({}) + more}
    options: dict[str, Any] = {"seed": sample, "temperature": WARM} if sample else {}
    reply = await reply_of(services, [system, *conversation(judged)], among, check=of, options=options)
    return None if reply is None else Candidate(reply.text, name_of(reply, services), of)


def conversation(judged: Judged) -> Sequence[Message]:
    """What led to the question, as the one who answered saw it."""
    return judged.window or [{"role": "user", "content": judged.question}]


async def reply_of(
    services: Services,
    messages: Sequence[Message],
    among: Sequence[str],
    *,
    check: str,
    options: Mapping[str, Any] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> Reply | None:
    """The first reply of these models; what cannot be asked is skipped, and said."""
    if not among or current().model:  # with -m every question goes to one model: nobody else is left
        return None
    ask = Ask(messages=messages, options=dict(options or {}), schema=schema)

    def read(reply: Reply) -> Reply:
        if schema is not None:
            read_json(reply, schema)  # a reply that cannot be read is asked for again
        return reply

    try:
        return await services.guard.ask(among[0], ask, read, among)
    except TinyError as failure:
        if failure.kind == "cancelled" or failure.code == "DEADLINE_EXCEEDED":
            raise
        fix = f": {failure.hint}" if failure.code == "MODEL_NOT_FOUND" else ""
        emit("skipped", check=check, because=f"{failure.message}{fix}")
        return None


def name_of(reply: Reply, services: Services) -> str:
    """The model that answered, by the name that all entries of it share."""
    return services.guard.entry(reply.entry).name if reply.entry else reply.model


def to_ask(judged: Judged, services: Services, wanted: Sequence[str], of: str) -> list[str]:
    """Who is left to be asked, in this order: nobody twice, whatever entries it has, and never who answered."""
    known = {judged.model, *(each.model for each in judged.others if each.of in (of, ""))}
    left: dict[str, str] = {}
    for key in wanted or judged.asks:
        left.setdefault(services.guard.entry(key).name, key)
    return [key for name, key in left.items() if name not in known]

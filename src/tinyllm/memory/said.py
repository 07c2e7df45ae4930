"""What a conversation said, however long ago: the chain of its committed runs, and a search in it."""

import json
from typing import Any

from tinyllm.memory import words
from tinyllm.store import Database

# A thread is the chain of runs from its head backwards: what is not on it never happened.
CHAIN = (
    "WITH RECURSIVE chain (id, parent, depth) AS ("
    " SELECT id, parent, 1 FROM runs WHERE id = :head AND status = 'committed'"
    " UNION ALL SELECT runs.id, runs.parent, chain.depth + 1 FROM runs JOIN chain ON runs.id = chain.parent"
    " WHERE chain.depth < :turns) "
)
TURNS = 2_000  # turns that are searched
SHOWN = 1_000  # characters of one message that are found


def found_said(db: Database, head: str, query: str, limit: int) -> list[dict[str, Any]]:
    """The messages of a thread that fit best, among all that it ever said up to that run."""
    rows = db.execute(
        CHAIN + "SELECT chain.id, messages.body FROM chain JOIN messages ON messages.run = chain.id"
        " ORDER BY chain.depth, messages.seq",
        {"head": head, "turns": TURNS},
    ).fetchall()
    messages = [(run, json.loads(body)) for run, body in rows]
    places = words.best(query, [str(message["content"]) for _, message in messages], limit)
    return [
        {"said_by": messages[place][1]["role"], "text": str(messages[place][1]["content"])[:SHOWN],
         "run": messages[place][0]}
        for place in places
    ]  # fmt: skip

"""Memory as a whole: files of it, figures about it, and its indexes made anew."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tinyllm.errors import UsageError
from tinyllm.memory import rows, vectors, words
from tinyllm.memory.item import Scope, document, key_of, scope_of, text_of
from tinyllm.memory.remembered import Memory
from tinyllm.store import Database

KEPT = ("run", "node", "why", "strangers")


async def exported(memory: Memory, scopes: Sequence[Scope] = ()) -> list[str]:
    """One line of JSON for each memory, the oldest first."""
    return [json.dumps(item.as_dict(), ensure_ascii=False) for item in reversed(await memory.all(scopes))]


async def imported(memory: Memory, lines: Iterable[str]) -> int:
    """Take in what was exported, all of it or nothing; what stands under the same keys is replaced."""
    read = [_read(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    found = await memory.embedder.documents([document(each["key"], each["text"]) for each in read])

    def work(db: Database) -> None:
        for place, each in enumerate(read):
            scope: Scope = each["scope"]
            where = each["thread"] if scope == "thread" else memory.place(db, "", scope)
            vector = found[place] if found else ()
            rows.write(
                db,
                rows.Writing(
                    scope, where, each["key"], each["text"], each["source"],
                    each["created"] or memory.store.clock.now(), False, vector, memory.embedder.model,
                ),
            )  # fmt: skip

    await memory.store.write(work)
    return len(read)


def _read(number: int, line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
        if not isinstance(given, dict) or not isinstance(given.get("text"), str):
            raise ValueError("it is no object with a text")
        text = text_of(given["text"])
        scope = scope_of(str(given.get("scope", "project")))
        if scope == "thread" and not given.get("thread"):
            raise ValueError("a memory of a thread names its thread")
        return {
            "text": text,
            "key": key_of(str(given.get("key", "")), text),
            "scope": scope,
            "thread": str(given.get("thread", "")),
            "source": {name: given[name] for name in KEPT if given.get(name)},
            "created": float(given.get("created") or 0.0),
        }
    except (ValueError, TypeError, RecursionError) as failure:
        raise UsageError(
            f"line {number} cannot be taken in: {failure}",
            hint="each line is a JSON object with key, scope and text, as `tinyllm memory export` writes it",
            code="MEMORY_IMPORT",
        ) from failure


async def stats(memory: Memory) -> dict[str, Any]:
    """How much there is, and how it is found."""
    items = await memory.all()
    model = memory.embedder.model

    def look(db: Database) -> tuple[int, set[int], bool]:
        every = db.execute("SELECT count(*) FROM memories").fetchone()[0]
        with_one = db.execute("SELECT number FROM memory_vectors WHERE model = :model", {"model": model})
        return every, {row[0] for row in with_one.fetchall()}, words.indexed(db)

    every, with_one, indexed = await memory.store.read(look)
    return {
        "memories": len(items),
        "by_scope": dict(Counter(item.scope for item in items)),
        "rows": every,
        "letters": sum(len(item.text) for item in items),
        "of_strangers": sum(bool(item.strangers) for item in items),
        "words": "the full-text index" if indexed else "a scan",
        "embedder": model,
        "vectors": sum(item.number in with_one for item in items),
        "meaning": "the database" if vectors.compares(memory.store) else "a scan",
    }


async def reindexed(memory: Memory) -> dict[str, Any]:
    """Make every memory findable again: by its words, and by its meaning when there is a model.

    Earlier texts too, which are back when the run that replaced them is taken back; those that stand are counted.
    """

    def every(db: Database) -> list[tuple[int, str, str]]:
        found = db.execute("SELECT number, key, text FROM memories WHERE gone = 0 ORDER BY number").fetchall()
        return [(row[0], row[1], row[2]) for row in found]

    texts = await memory.store.read(every)
    found = await memory.embedder.documents([document(key, text) for _, key, text in texts])

    def work(db: Database) -> None:
        for place, (number, key, text) in enumerate(texts):
            words.put(db, number, key, text)
            if found:
                vectors.put(db, number, memory.embedder.model, found[place])

    await memory.store.write(work)
    stand = await memory.store.read(rows.count_current)
    return {
        "memories": stand,
        "vectors": stand if found else 0,
        "rows": len(texts),
        "missing": memory.embedder.missing,
    }

"""Memories compared by the database itself: PostgreSQL with pgvector."""

import random
from dataclasses import replace

import pytest

from tinyllm.memory.remembered import Memory
from tinyllm.memory.rows import View
from tinyllm.memory.vectors import bodies, compares, meant, nearest, scanned
from tinyllm.settings import Settings
from tinyllm.store import open_store
from tinyllm.testing.simulator import Simulator


async def test_pgvector_finds_what_the_scan_finds(postgres_with_vectors: str, offline: Settings) -> None:
    chance = random.Random(4)
    known = [f"fact {n}" for n in range(40)]
    body = {text: [chance.uniform(-1, 1) for _ in range(16)] for text in [*known, "what?"]}
    with Simulator() as simulator, open_store(postgres_with_vectors) as store:
        simulator.world.embed = lambda texts: [body[text.rpartition(": ")[2]] for text in texts]
        memory = Memory(replace(offline, ollama_host=simulator.url), lambda: store)
        assert compares(store)
        for text in known:
            await memory.remember(text)
        where, named = View("", {"project": ""}).where()
        asked = body["what?"]
        near = await store.read(lambda db: nearest(db, where, named, "nomic-embed-text", asked, 5))
        every = await store.read(lambda db: bodies(db, where, named, "nomic-embed-text"))
        by_scan = scanned(every, asked, 5)
        assert [number for number, _ in near] == [number for number, _ in by_scan]
        assert [cosine for _, cosine in near] == pytest.approx([cosine for _, cosine in by_scan], abs=1e-5)
        found, _ = await memory.recall("what?", 5)
        assert [each.item.number for each in found] == meant(near)
        # Another model under the same name: its vectors have another length, and are left out until a reindex.
        body["what?"] = [1.0, 0.0]
        assert (await memory.recall("what?", 5))[0] == []

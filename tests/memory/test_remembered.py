"""What a run remembers counts when it is committed, is found by words and by meaning, and the first committer wins."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tinyllm.errors import BadReply, Permanent, UsageError
from tinyllm.memory.embedding import Embedder
from tinyllm.memory.item import LONGEST
from tinyllm.memory.keeping import exported, imported, reindexed, stats
from tinyllm.memory.remembered import Memory, fused
from tinyllm.memory.vectors import bodies, meant, nearest, normal, packed, scanned
from tinyllm.memory.words import best
from tinyllm.running import Event, Running, entered
from tinyllm.settings import Settings
from tinyllm.store import Database
from tinyllm.testing.simulator import Model, Script, Simulator
from tinyllm.transactions import Transactions


async def texts(memory: Memory) -> dict[str, str]:
    return {item.key: item.text for item in await memory.all()}


async def recalled(memory: Memory, query: str, **how: Any) -> list[str]:
    return [found.item.key for found in (await memory.recall(query, **how))[0]]


async def test_what_is_remembered_is_recalled_by_its_words(memory: Memory) -> None:
    await memory.remember("The archive is kept in Room 12.", key="archive", why="asked twice")
    await memory.remember("Ada prefers tea to coffee.", key="drink", scope="user")
    await memory.remember("Deploys happen on Fridays.", key="deploys")
    assert await recalled(memory, "Who likes coffee?") == ["drink"]
    assert await recalled(memory, "When do we deploy?") == ["deploys"]
    assert await recalled(memory, "Where is the archive?") == ["archive"]
    assert await recalled(memory, "quantum chromodynamics") == []
    assert await recalled(memory, "coffee", scopes=("project",)) == []


async def test_a_key_holds_one_text_and_is_told_what_it_replaced(memory: Memory) -> None:
    assert await memory.remember("The port is 80.", key="port") == {"key": "port", "scope": "project"}
    told = await memory.remember("The port is 8080.", key="port")
    assert told == {"key": "port", "scope": "project", "replaces": "The port is 80."}
    assert await texts(memory) == {"port": "The port is 8080."}
    assert await memory.forget("port")
    assert not await memory.forget("port")
    assert await texts(memory) == {}
    assert await recalled(memory, "port") == []


async def test_without_a_key_the_first_words_are_one(memory: Memory) -> None:
    first = await memory.remember("The user likes green tea very much in the morning.")
    second = await memory.remember("The user likes green tea very much in the evening.")
    assert first["key"].startswith("the-user-likes-green-tea-very-")
    assert first["key"] != second["key"]


async def test_a_run_sees_its_own_memories_and_others_see_them_when_it_is_committed(
    memory: Memory, runs: Transactions
) -> None:
    await memory.remember("old", key="a")
    run = await runs.begin(thread="t")
    async with run:
        await memory.remember("new", key="a")
        await memory.remember("of this conversation", key="b", scope="thread")
        assert await texts(memory) == {"a": "new", "b": "of this conversation"}
        other = await runs.begin(thread="u")
        async with other:
            assert await texts(memory) == {"a": "old"}
            await other.commit({})
        await run.commit({})
    assert await texts(memory) == {"a": "new"}
    later = await runs.begin(thread="t")
    async with later:
        assert (await texts(memory))["b"] == "of this conversation"
        await later.commit({})


async def _failing(runs: Transactions, work: Awaitable[Any]) -> None:
    """A run that does that, and then fails."""
    with contextlib.suppress(Permanent):
        async with await runs.begin(thread="t"):
            await work
            raise Permanent("it failed")


async def test_a_rolled_back_run_leaves_no_memory(memory: Memory, runs: Transactions) -> None:
    await memory.remember("old", key="a")
    await memory.remember("stays", key="b")
    before = await exported(memory)

    async def tries() -> None:
        await memory.remember("new", key="a")
        await memory.forget("b")
        await memory.remember("more", key="c")
        assert await texts(memory) == {"a": "new", "c": "more"}

    await _failing(runs, tries())
    assert await exported(memory) == before
    assert await recalled(memory, "new more") == []


async def test_a_run_that_is_taken_back_takes_its_memories_along(memory: Memory, runs: Transactions) -> None:
    await memory.remember("old", key="a")
    run = await runs.begin(thread="t")
    async with run:
        await memory.remember("new", key="a")
        await run.commit({})
    await runs.rollback(run.id)
    assert await texts(memory) == {"a": "old"}
    assert await recalled(memory, "new") == []


async def test_of_two_runs_that_write_one_key_the_first_committer_wins_and_the_other_is_told(
    memory: Memory, runs: Transactions
) -> None:
    first, second = await runs.begin(thread="t"), await runs.begin(thread="u")
    async with first:
        await memory.remember("by the first", key="a")
        async with second:
            await memory.remember("by the second", key="a")
            await memory.remember("its own", key="b")
            assert await second.commit({}) == []
        lost = await first.commit({})
    assert lost == [
        f"MEMORY_CONFLICT: the run {second.id} wrote 'a' first; what this run wrote there was not kept"
    ]
    assert await texts(memory) == {"a": "by the second", "b": "its own"}
    notes = [line.data["text"] for line in await runs.timeline(first.id) if line.kind == "note"]
    assert notes == lost
    assert await recalled(memory, "first") == []


@pytest.mark.parametrize("before", ["", "older"])
async def test_what_was_built_on_a_run_that_is_taken_back_is_kept(
    memory: Memory, runs: Transactions, before: str
) -> None:
    if before:
        await memory.remember(before, key="a")
    first, second = await runs.begin(thread="t"), await runs.begin(thread="u")
    async with first:
        await memory.remember("by the first", key="a")
        await first.commit({})
    async with second:
        await memory.remember("by the second", key="a")
        await runs.rollback(first.id)
        assert await second.commit({}) == []
    assert await texts(memory) == {"a": "by the second"}
    assert await recalled(memory, "second") == ["a"]


async def test_what_was_built_on_a_forgotten_key_is_kept(memory: Memory, runs: Transactions) -> None:
    await memory.remember("by a person", key="a")
    run = await runs.begin(thread="t")
    async with run:
        await memory.remember("by the run", key="a")
        await _outside(Memory(memory.settings, lambda: runs.store).forget("a"))
        assert await run.commit({}) == []
    assert await texts(memory) == {"a": "by the run"}


async def test_a_rival_after_what_was_taken_back_still_wins(memory: Memory, runs: Transactions) -> None:
    first, second, third = [await runs.begin(thread=name) for name in "tuv"]
    async with first:
        await memory.remember("by the first", key="a")
        await first.commit({})
    async with second:
        await memory.remember("by the second", key="a")
        await runs.rollback(first.id)
        async with third:
            await memory.remember("by the third", key="a")
            await third.commit({})
        lost = await second.commit({})
    assert len(lost) == 1
    assert lost[0].startswith(f"MEMORY_CONFLICT: the run {third.id} wrote 'a' first")
    assert await texts(memory) == {"a": "by the third"}


async def test_a_person_who_writes_first_wins_as_well(memory: Memory, runs: Transactions) -> None:
    run = await runs.begin(thread="t")
    async with run:
        await memory.remember("by the run", key="a")
        person = Memory(memory.settings, lambda: runs.store)
        await _outside(person.remember("by a person", key="a"))
        assert "a person wrote 'a' first" in (await run.commit({}))[0]
    assert await texts(memory) == {"a": "by a person"}


async def _outside(work: Any) -> Any:
    """In another process there would be no run."""
    from tinyllm.effects.ledger import _ledger

    token = _ledger.set(None)
    try:
        return await work
    finally:
        _ledger.reset(token)


async def test_two_runs_that_say_the_same_are_no_conflict(memory: Memory, runs: Transactions) -> None:
    first, second = await runs.begin(thread="t"), await runs.begin(thread="u")
    async with first:
        await memory.remember("the same", key="a")
        async with second:
            await memory.remember("the same", key="a")
            assert await second.commit({}) == []
        assert await first.commit({}) == []
    assert await texts(memory) == {"a": "the same"}


async def test_memories_outlive_the_run_that_is_pruned(memory: Memory, runs: Transactions) -> None:
    run = await runs.begin(thread="t")
    async with run:
        await memory.remember("kept", key="a", why="it matters")
        await run.commit({})
    await _failing(runs, memory.remember("never", key="b"))
    for thread in ("t", "t"):
        async with await runs.begin(thread=thread) as later:
            await later.commit({})
    assert await runs.prune(kept=0) >= 1
    assert await texts(memory) == {"a": "kept"}
    assert [item.source for item in await memory.all()] == [{"run": run.id, "why": "it matters"}]
    assert (await stats(memory))["rows"] == 1


async def test_provenance_says_which_run_which_node_and_why(memory: Memory, runs: Transactions) -> None:
    run = await runs.begin(thread="t")
    async with run:
        with entered(Running(id=run.id, node="clerk")):
            await memory.remember("x", key="a", why="the user said so", strangers=["web_get"])
        await run.commit({})
    found = json.loads((await exported(memory))[0])
    assert (found["run"], found["node"], found["why"]) == (run.id, "clerk", "the user said so")
    assert found["strangers"] == ["web_get"]


async def test_what_is_exported_can_be_taken_in_elsewhere(memory: Memory, runs: Transactions) -> None:
    await memory.remember("The port is 80.", key="port", why="set by hand")
    await memory.remember("Ada likes tea.", key="drink", scope="user")
    lines = await exported(memory)
    for key, scope in (("port", "project"), ("drink", "user")):
        assert await memory.forget(key, scope=scope)  # type: ignore[arg-type]
    assert await imported(memory, [*lines, "\n"]) == 2
    assert await exported(memory) == lines
    assert await recalled(memory, "tea") == ["drink"]


async def test_a_bad_line_is_named_and_nothing_is_taken_in(memory: Memory) -> None:
    for line in (
        "no json",
        "[]",
        '{"key": "a"}',
        '{"text": "x", "scope": "thread"}',
        '{"text": "x", "created": "soon"}',
    ):
        with pytest.raises(UsageError, match="line 2"):
            await imported(memory, ['{"text": "fine"}', line])
    assert await texts(memory) == {}


async def test_what_cannot_be_a_memory_is_refused(memory: Memory) -> None:
    for text, how in (
        ("  ", {}),
        ("x" * (LONGEST + 1), {}),
        ("x", {"key": "k" * 300}),
        ("x", {"scope": "thread"}),
    ):
        with pytest.raises(BadReply) as refused:
            await memory.remember(text, **how)  # type: ignore[arg-type]
        assert refused.value.hint


async def test_secrets_and_odd_characters_are_not_kept(memory: Memory) -> None:
    await memory.remember("password: hunter2hunter2 \0 \ud800", key="login")
    text = (await texts(memory))["login"]
    assert "hunter2" not in text
    assert "\0" not in text


async def test_words_of_a_query_are_never_a_query_language(memory: Memory) -> None:
    await memory.remember("Ada likes tea.", key="drink")
    for odd in (
        'tea" OR "',
        "tea*",
        "NEAR(tea",
        "tea & !",
        "'; DROP TABLE memories; --",
        "(",
        "",
        "%",
        "té à",
    ):
        await memory.recall(odd)
    assert await recalled(memory, 'tea") OR (key : "x') == ["drink"]


# By meaning.

PLACES = {"canine": (1.0, 0.1), "dog": (1.0, 0.0), "feline": (0.0, 1.0), "cat": (0.1, 1.0)}


def two_ways(asked: list[str]) -> list[list[float]]:
    """An embedding that knows dogs and cats by several words."""
    found = []
    for text in asked:
        known = [way for word, way in PLACES.items() if word in text.lower()]
        found.append([sum(each[0] for each in known), sum(each[1] for each in known), 0.05])
    return found


async def test_a_paraphrase_is_found_by_its_meaning(meaning: Callable[..., Memory]) -> None:
    memory = meaning(two_ways)
    await memory.remember("The dog is called Bob.", key="one")
    await memory.remember("The cat is called Ada.", key="two")
    found = (await memory.recall("Name of our feline?"))[0]
    assert [(each.item.key, each.by) for each in found] == [("two", ("meaning",))]
    found = (await memory.recall("And the dog?"))[0]
    assert [(each.item.key, each.by) for each in found] == [("one", ("meaning", "words"))]


async def test_an_embedder_is_told_which_text_is_a_question(meaning: Callable[..., Memory]) -> None:
    asked: list[str] = []

    def listening(given: list[str]) -> list[list[float]]:
        asked.extend(given)
        return [[1.0, 0.0]] * len(given)

    memory = meaning(listening)
    await memory.remember("fact", key="k")
    await memory.recall("what?")
    assert asked == ["search_document: k: fact", "search_query: what?"]


async def test_without_the_model_words_must_do_and_it_is_not_asked_again(
    memory: Memory, meaning: Callable[..., Memory]
) -> None:
    await memory.remember("The cat is called Ada.", key="two")
    closed = Memory(replace(memory.settings, embedder="nomic-embed-text"), lambda: memory.store)
    assert await recalled(closed, "cat") == ["two"]
    assert closed.embedder.missing
    online = meaning(two_ways)
    closed.embedder.settings = online.settings
    assert (await reindexed(closed))["vectors"] == 0  # it rests for a minute
    assert (await reindexed(online)) == {"memories": 1, "vectors": 1, "rows": 1, "missing": ""}
    assert await recalled(online, "feline") == ["two"]
    assert (await stats(online))["vectors"] == 1


async def test_a_model_that_is_missing_is_mentioned_once_with_its_fix() -> None:
    told: list[Event] = []
    with Simulator(Script({"*": "hi"}, [Model(name="there:1b")])) as simulator:
        settings = Settings(ollama_host=simulator.url)
        for _ in range(2):
            embedder = Embedder(settings)
            with entered(Running(listen=told.append)):
                assert await embedder.questions(["cat"]) == []
    said = "nomic-embed-text is not installed: tinyllm models pull nomic-embed-text"
    assert embedder.missing == said
    assert [event.data["text"] for event in told] == [f"texts are compared by their words alone: {said}"]


async def test_vectors_of_another_model_are_not_compared(meaning: Callable[..., Memory]) -> None:
    await meaning(two_ways).remember("The cat is called Ada.", key="two")
    other = meaning(lambda asked: [[1.0, 0.0, 0.0, 0.0]] * len(asked), embedder="other")
    assert await recalled(other, "feline") == []


async def test_nothing_is_embedded_while_nothing_is_remembered(meaning: Callable[..., Memory]) -> None:
    def never(asked: list[str]) -> list[list[float]]:
        raise AssertionError(asked)

    assert await recalled(meaning(never), "anything") == []


def test_the_database_and_the_scan_agree_on_what_is_near() -> None:
    vectors = {number: normal([float(number % 7), float(number % 5), 1.0]) for number in range(1, 30)}
    asked = [3.0, 1.0, 1.0]
    near = scanned([(number, packed(vector)) for number, vector in vectors.items()], asked, 5)
    exact = sorted(vectors, key=lambda n: -sum(a * b for a, b in zip(vectors[n], normal(asked), strict=True)))
    assert [round(cosine, 5) for _, cosine in near] == [
        round(sum(a * b for a, b in zip(vectors[n], normal(asked), strict=True)), 5) for n in exact[:5]
    ]
    assert meant([(1, 0.9), (2, 0.6), (3, 0.3)]) == [1, 2]
    assert meant([(1, 0.1)]) == []


async def test_the_search_of_the_database_is_used_where_it_has_one(
    meaning: Callable[..., Memory], runs: Transactions
) -> None:
    from tinyllm.memory import vectors

    memory = meaning(two_ways)
    await memory.remember("The dog is called Bob.", key="one")
    await memory.remember("The cat is called Ada.", key="two")
    by_scan = await recalled(memory, "feline")
    if vectors.compares(runs.store):  # sqlite-vec needs a Python that may load extensions

        def look(db: Database) -> list[tuple[int, float]]:
            return nearest(db, "1 = 1", {}, "nomic-embed-text", [0.0, 1.0, 0.0], 2)

        near = await runs.store.read(look)
        assert near[0][1] > 0.9 > near[1][1]
    assert by_scan == ["two"]


async def test_a_vector_that_points_nowhere_is_not_kept_and_finds_nothing(
    meaning: Callable[..., Memory], runs: Transactions
) -> None:
    for number, vector in enumerate(([0.0, 0.0, 0.0], [], [1e300, 1e300, 0.0])):
        await meaning(lambda asked, v=vector: [v] * len(asked)).remember(
            "The cat is called Ada.", key=f"m{number}"
        )
    assert await runs.store.read(lambda db: bodies(db, "1 = 1", {}, "nomic-embed-text")) == []
    assert await runs.store.read(lambda db: nearest(db, "1 = 1", {}, "nomic-embed-text", [0.0, 0.0], 2)) == []


def test_rankings_are_fused_by_rank() -> None:
    order = fused({"meaning": [3, 4], "words": [1, 2, 3]})
    assert [number for number, _, _ in order] == [3, 1, 4, 2]
    assert order[0][2] == ("meaning", "words")


def test_the_rare_word_weighs_more_than_the_frequent_one() -> None:
    said = ["the report is late", "the report is in the blue folder", "the report is short"]
    assert best("which folder has the report", said, 2)[0] == 1
    assert best("nothing of it", said, 2) == []


async def test_an_older_message_of_the_conversation_is_found(memory: Memory, runs: Transactions) -> None:
    for number in range(30):
        run = await runs.begin(thread="t", question=f"q{number}")
        text = "My sister lives in Lisbon." if number == 2 else f"Something else, number {number}."
        async with run:
            await run.commit(
                {}, [{"role": "user", "content": text}, {"role": "assistant", "content": "Noted."}]
            )
    run = await runs.begin(thread="t")
    async with run:
        found, said = await memory.recall("Where does my sister live?", said=True)
        assert (found, said[0]["text"]) == ([], "My sister lives in Lisbon.")
        await run.commit({})
    other = await runs.begin(thread="u")
    async with other:
        assert (await memory.recall("Where does my sister live?", said=True))[1] == []
        await other.commit({})


async def test_a_database_without_full_text_search_is_scanned(memory: Memory) -> None:
    if memory.store.dialect != "sqlite":
        return
    await memory.remember("Ada likes tea.", key="drink")
    await memory.store.write(lambda db: db.execute("DROP TABLE memory_words"))
    await memory.remember("Bob likes coffee.", key="other")
    assert await recalled(memory, "tea") == ["drink"]
    assert (await stats(memory))["words"] == "a scan"


async def test_the_doctor_finds_nothing_wrong(memory: Memory, runs: Transactions) -> None:
    async with await runs.begin(thread="t") as run:
        await memory.remember("x", key="a")
        await run.commit({})
    assert await runs.problems() == []


async def test_to_forget_what_is_forgotten_already_is_done(memory: Memory, runs: Transactions) -> None:
    """A call that was cut short by a kill is made again."""
    await memory.remember("old", key="a")
    async with await runs.begin(thread="t") as run:
        assert await memory.forget("a")
        assert await memory.forget("a")
        assert not await memory.forget("never there")
        await run.commit({})
    assert await texts(memory) == {}


async def test_to_forget_leaves_no_text_of_a_run_that_was_rolled_back(
    memory: Memory, runs: Transactions
) -> None:
    await memory.remember("counted", key="a")
    await _failing(runs, memory.remember("tried and failed", key="a"))
    back = await runs.begin(thread="t")
    async with back:
        await memory.remember("taken back", key="a")
        await back.commit({})
    await runs.rollback(back.id)
    live = await runs.begin(thread="t")
    async with live:
        await memory.remember("being written", key="a")
        assert await _outside(Memory(memory.settings, lambda: runs.store).forget("a"))
        assert await runs.store.read(_kept) == ["being written"]
        await live.commit({})
    assert await texts(memory) == {"a": "being written"}


def _kept(db: Database) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM memories").fetchall()]

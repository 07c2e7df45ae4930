"""Every metric of a store, as text for Prometheus."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from tinyllm.metrics.exposition import Family, Labels, exposed
from tinyllm.metrics.sums import fold, summed
from tinyllm.metrics.tally import Key
from tinyllm.store import Database, Store, counts
from tinyllm.store.process import Owner

COUNTER: Literal["counter"] = "counter"
HISTOGRAM: Literal["histogram"] = "histogram"

SUMMED = (
    Family("runs_ended_total", COUNTER, "Runs that ended: committed, refused or rolled_back.", ("graph", "status")),
    Family("model_calls_total", COUNTER, "Calls of models: ok, or the kind of the failure.", ("model", "outcome")),
    Family("tokens_total", COUNTER, "Tokens that models read (in) and wrote (out).", ("model", "direction")),
    Family("model_call_seconds", HISTOGRAM, "Seconds that calls took which brought a reply.", ("model",)),
    Family("retries_total", COUNTER, "Calls that were made again.", ("model",)),
    Family("fallbacks_total", COUNTER, "Requests that came to this model after another had failed.", ("model",)),
    Family("breaker_changes_total", COUNTER, "Changes of breakers, by the new state.", ("target", "to")),
    Family("tool_calls_total", COUNTER, "Calls of tools: ok or failed.", ("tool", "outcome")),
    Family("queue_wait_seconds", HISTOGRAM, "Seconds in the queue, of the requests that waited.", ("model",)),
    Family("cache_lookups_total", COUNTER, "Look-ups of replies: hit, miss, or shared in flight.", ("model", "result")),
    Family("gate_verdicts_total", COUNTER, "Verdicts of gates: passed or failed.", ("graph", "node", "verdict")),
)  # fmt: skip
# The newest decision on a patch is its state; a run that is not committed decided nothing.
NEWEST = f"SELECT max(newest.seq) FROM growth newest WHERE newest.patch = growth.patch AND {counts('newest')}"
COUNTED = (
    (Family("outbox", "gauge", "Deliveries in the outbox; those that wait are still to be sent.", ("state",)),
     "SELECT state, count(*) FROM outbox GROUP BY state"),
    (Family("growth_patches", "gauge", "Changes of graphs, by what became of them.", ("graph", "state")),
     f"SELECT graph, state, count(*) FROM growth WHERE seq = ({NEWEST}) GROUP BY graph, state"),
)  # fmt: skip
RUNS = Family("runs", "gauge", "Runs in the database; one whose worker is gone is recoverable.", ("status",))
STILL = "SELECT status, count(*) FROM runs WHERE status NOT IN ('created', 'executing', 'rolling_back') GROUP BY status"
WORKING = "SELECT status, lease, host, pid, started FROM runs WHERE status IN ('created', 'executing', 'rolling_back')"
BREAKERS = "SELECT target, state FROM breakers"
CALLED = ("model_calls_total", "cache_lookups_total")
STATES = ("closed", "half-open", "open")
SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


async def metrics(store: Store, version: str = "") -> str:
    """Counters never fall: what ended is added up once and kept, even when its run is pruned."""
    await fold(store)
    # In one look: a run that ended since then is counted as it stands.
    return exposed(
        await store.read(lambda db: [*_families(db, SIZE[store.dialect], version, store.clock.now())])
    )


def _runs(db: Database, now: float) -> dict[Labels, float]:
    """How many there are, by what `runs list` says of them."""
    found = Counter(dict(db.execute(STILL, {}).fetchall()))
    for status, lease, host, pid, started in db.execute(WORKING, {}):
        held = lease > now and not Owner(host, pid, started).gone()
        found[status if held else "recoverable"] += 1
    return {(str(status),): float(count) for status, count in found.items()}


def _families(db: Database, size: str, version: str, now: float) -> Iterator[Family]:
    found = _by_name(summed(db))
    for family in SUMMED:
        # A histogram has one label more: the bucket.
        width = len(family.labels) + (family.type == HISTOGRAM)
        sums = {labels: value for labels, value in found[family.name].items() if len(labels) == width}
        yield replace(family, values=sums)
    yield replace(RUNS, values=_runs(db, now))
    for family, sql in COUNTED:
        rows = db.execute(sql, {}).fetchall()
        yield replace(family, values={tuple(map(str, row[:-1])): float(row[-1]) for row in rows})
    states = _breakers(db, found)
    yield Family("breaker_state", "gauge", "1 for the state a breaker is in.", ("target", "state"), states)
    bytes_: dict[Labels, float] = {(): float(db.execute(size, {}).fetchone()[0])}
    yield Family("database_bytes", "gauge", "Size of the database of runs.", (), bytes_)
    yield Family("build_info", "gauge", "The version that reads.", ("version",), {(version,): 1.0})


def _breakers(db: Database, found: Mapping[str, dict[Labels, float]]) -> dict[Labels, float]:
    """A model that was called and never failed has no row of its own: its breaker is closed."""
    called = {labels[0] for name in CALLED for labels in found[name] if labels[0]}
    now = {**dict.fromkeys(called, "closed"), **dict(db.execute(BREAKERS, {}).fetchall())}
    return {(target, state): float(state == now[target]) for target in now for state in STATES}


def _by_name(sums: Mapping[Key, float]) -> Mapping[str, dict[Labels, float]]:
    found: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
    for (name, labels), value in sums.items():
        found[name][labels] = value
    return found

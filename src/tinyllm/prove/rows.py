"""A batch that is killed: its output held against the database, and against what the models were asked."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm.batch import Order, Output, Source, run
from tinyllm.engine import Engine
from tinyllm.prove.outside import Outside

AT_ONCE = 2


async def batched(engine: Engine, rows: tuple[dict[str, str], ...], outside: Outside) -> None:
    """The same command in every life."""
    source = outside.folder / "rows.jsonl"
    source.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with closing(Source.open(str(source))) as read, Output(_output(outside), engine.clock) as output:
        await run(engine, read, output, Order(parallel=AT_ONCE))


async def forgotten(engine: Engine, outside: Outside) -> None:
    """A negative control: nobody knows that there was a batch."""
    await engine.transactions.store.write(lambda db: db.execute("DELETE FROM batches", {}))
    _output(outside).unlink(missing_ok=True)


@dataclass
class Rows:
    """What was seen of a batch after the last kill."""

    asked: dict[str, int] = field(default_factory=dict)  # committed runs, and the calls they had made

    def broken(self, outside: Outside, committed: frozenset[str]) -> Iterator[str]:
        """Lines in order, each with a committed run behind it; and no call for a run that was committed."""
        for index, row in enumerate(_lines(outside)):
            if row["index"] != index:
                yield f"line {index} of the output holds row {row['index']}"
            elif row["status"] != "committed" or row["run"] not in committed:
                yield f"row {index} is in the output, and its run is not committed"
        calls: Counter[str] = Counter()
        for key, count in outside.calls().items():
            calls[key.partition(":")[0]] += count
        for made, count in self.asked.items():
            if made not in committed:
                yield f"the run {made} was committed, and is not"
            elif calls[made] != count:
                yield f"the run {made} was committed, and was asked again"
        self.asked = {each: calls[each] for each in committed}

    def missing(self, outside: Outside, rows: int, committed: frozenset[str]) -> Iterator[str]:
        """At the end: every row once, in the output and among the runs."""
        lines = list(_lines(outside))
        if rows and len(lines) != rows:
            yield f"{len(lines)} of {rows} rows are in the output"
        runs = {each for each in committed if "-" in each}
        if rows and len(runs) != rows:
            yield f"{len(runs)} runs for {rows} rows"


def _output(outside: Outside) -> Path:
    return outside.folder / "rows.out"


def _lines(outside: Outside) -> Iterator[dict[str, Any]]:
    """The whole lines; a kill may tear the last one."""
    path = _output(outside)
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        if line.endswith(b"\n"):
            yield json.loads(line)

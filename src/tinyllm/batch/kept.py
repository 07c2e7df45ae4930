"""What the database says of batches: which output belongs to which input, graph and options."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyllm.errors import UsageError
from tinyllm.store import Database, Store, packed

COLUMNS = "id, output, input, body, created"
# What an answer depends on, and how a change of it is told.
TOLD = {
    "digest": "the input is not what it was",
    "graph": "it was begun with the graph {was}, and now it is {now}",
    "fingerprint": "the graph {graph} was changed",
    "model": "it was begun with the model {was}, and now it is {now}",
    "default": "the setting model was {was}, and now it is {now}",
    "inputs": "the inputs of -i are not what they were",
    "schema": "the schema is not what it was",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """What was begun once, and goes on under the same ids."""

    id: str
    output: str
    source: str  # the input, by its name
    body: Mapping[str, Any]
    created: float = 0.0

    def run(self, index: int, attempt: int = 1) -> str:
        """The id of a row's run: who asks the row again finds it."""
        return f"{self.id}-{index}" + (f".{attempt}" if attempt > 1 else "")

    def require(self, body: Mapping[str, Any]) -> None:
        """It goes on as what it was begun as, or not at all."""
        for name, said in TOLD.items():
            was, now = self.body.get(name), body.get(name)
            if was != now:
                told = said.format(was=was or "of the graph", now=now or "of the graph", graph=body["graph"])
                raise UsageError(
                    f"{Path(self.output).name} belongs to another batch: {told}",
                    hint="--restart empties it and begins anew; or choose another output with -o",
                    code="BATCH_CHANGED",
                )


def find(db: Database, output: str) -> Batch | None:
    """The batch that wrote this output last."""
    sql = f"SELECT {COLUMNS} FROM batches WHERE output = :output ORDER BY created DESC LIMIT 1"
    row = db.execute(sql, {"output": output}).fetchone()
    return None if row is None else _batch(row)


def stranger(db: Database, path: Path, run: str) -> UsageError:
    """Why this output is nobody's, though there are rows in it: a copy, or the work of another database."""
    sql = f"SELECT {COLUMNS} FROM batches WHERE id = :id"
    row = db.execute(sql, {"id": run.partition("-")[0]}).fetchone()
    if row is None:
        return UsageError(
            f"{path} belongs to a batch that this database does not know",
            hint="go on with the database it was begun with; --restart empties it and begins anew",
            code="BATCH_UNKNOWN",
        )
    batch = _batch(row)
    if batch.output == str(path.resolve()):
        return UsageError(
            f"{path} has the rows of the batch {batch.id}, which a later one replaced",
            hint="choose another output with -o; --restart empties it and begins anew",
            code="BATCH_CHANGED",
        )
    return UsageError(
        f"{path} is a copy of the output of the batch {batch.id}, which is {batch.output}",
        hint=f"go on with -o {shlex.quote(batch.output)}, or move the copy there; --restart empties it and begins anew",
        code="BATCH_COPIED",
    )


def keep(db: Database, batch: Batch) -> None:
    db.execute(
        f"INSERT INTO batches ({COLUMNS}) VALUES (:id, :output, :input, :body, :created)",
        {"id": batch.id, "output": batch.output, "input": batch.source, "body": packed(dict(batch.body)),
         "created": batch.created},
    )  # fmt: skip


async def known(store: Store, name: str) -> Batch:
    """A batch by its id, or by its output: the newest one of that name."""

    def look(db: Database) -> list[Batch]:
        rows = db.execute(f"SELECT {COLUMNS} FROM batches ORDER BY created DESC", {}).fetchall()
        return [_batch(row) for row in rows]

    found = await store.read(look)
    for batch in found:
        if name in (batch.id, batch.output, Path(batch.output).name):
            return batch
    names = ", ".join(Path(batch.output).name for batch in found[:5])
    raise UsageError(
        f"there is no batch {name!r}",
        hint=f"there are {names}" if names else "begin one: tinyllm batch IN.jsonl -o OUT.jsonl",
        code="BATCH_UNKNOWN",
    )


async def runs_of(store: Store, name: str) -> str:
    """What the ids of its runs begin with."""
    return f"{(await known(store, name)).id}-"


def _batch(row: Any) -> Batch:
    id, output, source, body, created = row
    return Batch(id, output, source, json.loads(body), created)

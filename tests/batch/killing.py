"""A batch that is killed again and again, watched from outside: at the server, in the database, in the file."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tinyllm.testing.simulator import Model, Request, Script, Simulator

GRAPH = (
    "name: counting\nmodels:\n  m: {name: 'm:1b'}\nnodes:\n  answer: {prompt: Answer., model: m, to: end}\n"
)


# Everything is imported once; each line is one more process, which is forked, and lives and dies on its own.
MOTHER = """
import os, sys
import langchain_ollama, langgraph.graph, sqlalchemy, tinyllm.batch, tinyllm.checkpoints, tinyllm.cli.batch
from tinyllm.cli import main

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        main("batch in.jsonl -o out.jsonl -g graph.yaml -p 8 --no-grow".split())
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Killed:
    """What is seen of a batch of so many rows that is killed that often, at moments that a seed chooses."""

    folder: Path
    rows: int
    kills: int
    seed: int
    asked: Counter[int] = field(default_factory=Counter)
    codes: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)  # committed before a kill, and asked after it
    committed: list[int] = field(default_factory=list)  # at each kill

    def through(self) -> list[dict[str, object]]:
        """Kill it, let it end, and give what is in the output."""
        (self.folder / "graph.yaml").write_text(GRAPH)
        (self.folder / "in.jsonl").write_text(
            "".join(
                json.dumps({"id": n, "question": f"What is number {n}?"}) + "\n" for n in range(self.rows)
            )
        )
        chance = random.Random(self.seed)
        moments = sorted(chance.sample(range(1, self.rows), self.kills))
        with Simulator(Script({"*": self._heard}, models=[Model(name="m:1b", slots=16)])) as server:
            environment = {**os.environ, "OLLAMA_HOST": server.url, "TINYLLM_DATABASE": "runs.db"}
            with subprocess.Popen(
                [sys.executable, "-c", MOTHER], cwd=self.folder, env=environment, text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(self.folder / "said").open("w"),
            ) as mother:  # fmt: skip
                for moment in [*moments, 0]:
                    self._lived(mother, moment, chance.uniform(0, 0.02))
                assert mother.stdin is not None
                mother.stdin.close()
        return [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def _heard(self, request: Request) -> str:
        number = int(re.findall(r"number (\d+)", request.text)[-1])
        self.asked[number] += 1
        if self._moment and len(self.asked) >= self._moment:
            self._now.set()
        return f"It is {number}."

    def _lived(self, mother: "subprocess.Popen[str]", moment: int, later: float) -> None:
        """One process: killed a moment after so many rows were asked, or left to its end."""
        assert mother.stdin is not None
        assert mother.stdout is not None
        self._moment, self._now = moment, threading.Event()
        known = self._known()
        before = self.asked.copy()
        mother.stdin.write("\n")
        child = int(mother.stdout.readline())
        if moment:
            killer = threading.Thread(target=self._kill, args=(child, later), daemon=True)
            killer.start()
        self.codes.append(int(mother.stdout.readline()))
        self.repeated += [number for number in known if self.asked[number] > before[number]]
        self.committed.append(len(self._known()))

    def _kill(self, child: int, later: float) -> None:
        self._now.wait()
        threading.Event().wait(later)  # any instruction of the next milliseconds
        os.kill(child, signal.SIGKILL)

    def _known(self) -> list[int]:
        """The rows whose run is committed, read from a copy: to look at the database itself would recover it."""
        looked = self.folder / "looked"
        shutil.rmtree(looked, ignore_errors=True)
        looked.mkdir()
        for path in self.folder.glob("runs.db*"):
            if path.suffix in (".db", ".db-wal"):
                shutil.copyfile(path, looked / path.name)
        if not (looked / "runs.db").exists():
            return []
        with closing(sqlite3.connect(looked / "runs.db")) as database:
            found = database.execute("SELECT id FROM runs WHERE status = 'committed'").fetchall()
        return [int(id.partition("-")[2].partition(".")[0]) for (id,) in found]

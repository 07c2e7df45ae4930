"""Kill runs at every durable write and at random moments, and hold what is left to the promise."""

import os
import random
import shutil
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, get_args

from tinyllm.prove.bounds import most, percent
from tinyllm.prove.controls import Control
from tinyllm.prove.evidence import table
from tinyllm.prove.mother import Kill, Mother, mother
from tinyllm.prove.shapes import SHAPES, Shape
from tinyllm.prove.trial import Broken, Prepared, Trial, Violation, prepare, warm

PER_RUN = 3  # random kills of one run
MOST = 400  # durable writes of one run; no shape has so many

Tell = Callable[[str], None]


@dataclass
class Counted:
    """What came of all trials of one kind."""

    trials: int = 0
    kills: int = 0
    violations: list[Violation] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)

    def add(self, trial: Trial) -> None:
        self.trials += 1
        self.kills += trial.kills
        self.violations += trial.violations
        self.recoveries += trial.recoveries

    def as_dict(self) -> dict[str, Any]:
        return {
            "trials": self.trials,
            "kills": self.kills,
            "violations": dict(Counter(each.broken for each in self.violations)),
            "examples": [each.said for each in self.violations[:3]],
        }


@dataclass
class Report:
    """What `prove kill` found."""

    seed: int
    control: Control
    shapes: dict[str, Counted] = field(default_factory=dict)  # every durable write
    again: bool = False  # whether recovery was killed as well, at each of them
    random: Counted = field(default_factory=Counted)
    met: dict[str, Counted] = field(default_factory=dict)  # the same, by shape

    @property
    def kinds(self) -> list[Counted]:
        return [*self.shapes.values(), self.random]

    @property
    def kills(self) -> int:
        return sum(each.kills for each in self.kinds)

    @property
    def violations(self) -> list[Violation]:
        return [violation for each in self.kinds for violation in each.violations]

    @property
    def passed(self) -> bool:
        """Nothing was found; with a promise switched off, something must be."""
        return bool(self.violations) == bool(self.control)

    def as_dict(self) -> dict[str, Any]:
        times = sorted(time for each in self.kinds for time in each.recoveries)
        return {
            "proof": "kill",
            "control": self.control,
            "passed": self.passed,
            "seed": self.seed,
            "kills": self.kills,
            "violations": len(self.violations),
            "most_at_95_percent": most(len(self.violations), self.kills),
            "recovery_ms": {
                "median": round(statistics.median(times), 1) if times else None,
                "longest": round(times[-1], 1) if times else None,
            },
            "every_write": {name: each.as_dict() for name, each in self.shapes.items()},
            "recovery_killed_too": self.again,
            "random": {
                **self.random.as_dict(),
                "by_shape": {name: each.as_dict() for name, each in self.met.items()},
            },
        }


@contextmanager
def _folder() -> Iterator[Path]:
    """In memory where there is such a place: a kill of a process, unlike a power cut, does not ask the disk."""
    memory = "/dev/shm"  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


def prove(
    *,
    trials: int,
    seed: int,
    shapes: Sequence[str] = (),
    control: Control = "",
    boundaries: bool = True,
    again: bool = False,
    tell: Tell = lambda _: None,
) -> Report:
    """All durable writes of each shape, then that many random kills. Forks: call it where no thread runs."""
    chosen = [shape for shape in SHAPES if not shapes or shape.name in shapes]
    report = Report(seed, control, again=again)
    with _folder() as folder:
        warm(chosen, folder)
        with mother() as forks:
            harness = _Harness(folder, forks, control, random.Random(seed))  # noqa: S311 - repeatable, not secret
            for shape in chosen if boundaries else ():
                report.shapes[shape.name] = harness.every_write(shape, again=again)
                tell(f"{shape.name}: {report.shapes[shape.name].kills} kills")
            harness.at_random(chosen, trials, report, tell)
    return report


@dataclass
class _Harness:
    folder: Path
    mother: Mother
    control: Control
    chance: random.Random
    made: int = 0
    places: dict[str, Prepared] = field(default_factory=dict)
    lasts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def _trial(self, shape: Shape) -> Iterator[Trial]:
        self.made += 1
        if shape.name not in self.places:
            self.places[shape.name] = prepare(shape, self.folder, self.mother)
        begun = self.places[shape.name].trial(self.folder / f"trial{self.made}", self.control)
        try:
            yield begun
        finally:
            shutil.rmtree(begun.outside.folder)

    def every_write(self, shape: Shape, *, again: bool) -> Counted:
        """Killed at the first, the second, … durable write, until a run comes to its end unhurt."""
        counted = Counted()
        for nth in range(1, MOST):
            with self._trial(shape) as run:
                unhurt = run.lived(Kill(nth))
                if again and not unhurt:
                    run.lived(Kill(self.chance.randint(1, 12)))
                run.ended()
                counted.add(run)
            if unhurt:
                break
        return counted

    def at_random(self, shapes: Sequence[Shape], kills: int, report: Report, tell: Tell) -> None:
        """At any instruction: three times in one run, recovery included; each shape in its turn."""
        counted, told = report.random, 0
        for shape in cycle(shapes):
            if counted.kills >= kills:
                return
            lasts = self._lasts(shape)
            with self._trial(shape) as run:
                for _ in range(PER_RUN):
                    if run.lived(Kill(after=self.chance.uniform(0.001, lasts))):
                        break
                run.ended()
                counted.add(run)
                report.met.setdefault(shape.name, Counted()).add(run)
            if counted.kills // 1000 > told:
                told = counted.kills // 1000
                tell(f"random: {counted.kills} kills, {len(counted.violations)} violations")

    def _lasts(self, shape: Shape) -> float:
        """Seconds from the fork to the end of an unhurt run."""
        if shape.name not in self.lasts:
            with self._trial(shape) as run:
                run.lived()
                self.lasts[shape.name] = run.took() / 1000 * 1.2
        return self.lasts[shape.name]


ZERO = get_args(Broken)


def lines(report: Report) -> list[str]:
    """The report as the section of a document."""
    found = report.as_dict()
    counts: Counter[str] = Counter(violation.broken for violation in report.violations)
    switched = f" (control: {report.control})" if report.control else ""
    head = f"## Kills{switched}"
    rows = [(f"every durable write of `{name}`", each) for name, each in report.shapes.items()]
    rows += [("random moments, three to a run", report.random)] if report.random.trials else []
    recovery, rate = found["recovery_ms"], percent(found["most_at_95_percent"])
    said = "something must be found here" if report.control else f"so at most {rate} of kills break a promise"
    return [
        head,
        "",
        f"{report.kills:,} kills, {len(report.violations)} violations ({said}); seed {report.seed}.",
        (
            f"Recovery, by another process, to the end of the run: {recovery['median']} ms in the median,"
            f" {recovery['longest']} ms at most."
        ),
        "",
        *table(
            ("killed at", "runs", "kills", "violations"),
            ((what, each.trials, each.kills, len(each.violations)) for what, each in rows),
        ),
        "",
        "; ".join(f"{name}: {counts[name]}" for name in ZERO),
    ]

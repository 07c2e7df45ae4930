"""A graph that is asked by somebody who knows the answers, and the models that answer, simulated."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyllm.checks import CHECKS, Check, Judged, Verdict
from tinyllm.clock import Clock
from tinyllm.engine import Engine
from tinyllm.growth import Round, grow
from tinyllm.overlay import Patch, read_patches
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.testing.populated import populated
from tinyllm.testing.simulator import Gold, Population

FORMS = {
    "calculus": ("What is the derivative of curve {n}?", "Integrate curve {n} over its domain."),
    "arithmetic": ("How much is basket {n} in all?", "Share basket {n} among friends."),
}
GRAPH: dict[str, Any] = {
    "name": "g",
    "models": {"t0": {"name": "router:0.5b", "tier": 0}, "mathy": {"name": "math:3b", "tier": 1}},
    "nodes": {
        "math": {"model": "mathy", "prompt": "You answer questions.", "to": "check"},
        "check": {"kind": "gate", "checks": ["right"], "tries": 1, "gives_up": "learn"},
        "learn": {"kind": "grow", "to": "refuse"},
    },
}


def gold(topic: str, n: int) -> Gold:
    answer = n * 7 + 1
    return Gold(
        question=FORMS[topic][n % 2].format(n=n),
        topic=topic,
        answer=f"It is {answer}.",
        wrong=(f"It is {answer + 1}.", f"It is {answer - 1}."),
    )


def population(seed: int, *, bonus: float, calculus: float = 0.7) -> Population:
    """A model that is bad at one topic; a prompt that names a topic takes `bonus` off its error rate."""
    models = {
        "router:0.5b": {"skills": {"default": 0.1, "routing": 0.05}},
        "math:3b": {"skills": {"calculus": calculus, "arithmetic": 0.04}},
    }
    golds = [gold(topic, n) for topic in FORMS for n in range(200)]
    return Population.model_validate(
        {"seed": seed, "bonus": bonus, "topics": dict.fromkeys(FORMS, ()), "models": models, "gold": golds}
    )


@dataclass
class Class:
    """Whoever asks: new questions all the time, and a gate that knows their answers."""

    engine: Engine
    chance: random.Random
    questions: dict[str, list[str]]
    asked: int = 0
    before: dict[str, list[bool]] = field(
        default_factory=dict
    )  # how it did while the graph was as it is written
    rounds: list[Round] = field(default_factory=list)

    async def ask(self, count: int, topic: str = "") -> float:
        """Ask so many; the part that was answered well."""
        right, first = 0, not self.asked
        for _ in range(count):
            about = topic or self.chance.choice(list(FORMS))
            good = (await self.engine.ask(self.questions[about].pop())).status == "committed"
            if first:
                self.before.setdefault(about, []).append(good)
            right += good
        self.asked += count
        return right / count

    async def grow(self) -> Round:
        self.rounds.append(await grow(self.engine))
        return self.rounds[-1]

    @property
    def patches(self) -> list[Patch]:
        return self.engine.transactions.store.read_now(lambda db: read_patches(db, "g"))

    @property
    def serving(self) -> list[str]:
        return [patch.state for patch in self.patches if patch.state in ("probation", "accepted")]

    @property
    def accepted(self) -> bool:
        return "accepted" in self.serving


@contextmanager
def knowing(answers: dict[str, str]) -> Iterator[None]:
    """The check `right`: a gate that knows."""

    async def right(judged: Judged, services: Services) -> Verdict:
        if answers[judged.question] in judged.answer:
            return Verdict.good("executed", 1.0)
        return Verdict.bad("it is wrong", "executed")

    before = CHECKS.get("right")
    CHECKS["right"] = Check("right", right)
    try:
        yield
    finally:
        del CHECKS["right"]
        if before:
            CHECKS["right"] = before


def school(seed: int, folder: Path, people: Population, make: Any = None) -> Class:
    chance = random.Random(seed)
    questions = {topic: [each.question for each in people.gold if each.topic == topic] for topic in FORMS}
    for each in questions.values():
        chance.shuffle(each)
    # Its own: the same seed gives the same ids of runs.
    place = folder / f"{seed}-{len(list(folder.iterdir()))}.db"
    settings = Settings(database=str(place), workspace=str(folder), embedder="")
    clock = Clock(chance=random.Random(seed + 1))
    engine = Engine(GRAPH, settings=settings, make=make or populated(people), clock=clock)
    return Class(engine, chance, questions)

"""Which labels a question carries, how sure that is, and what decided it."""

import json
import zlib
from array import array
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from math import exp, log
from operator import mul, sub
from pathlib import Path
from typing import Any, Self

from tinyllm.errors import UsageError
from tinyllm.routing.features import Features, features

FORMAT = "tinyllm-router 1"
SHIPPED = Path(__file__).with_name("weights.json.gz")
REASONS = 5
GZIP = 31
Column = tuple[float, ...]
Reasons = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question belongs; the confidence is the chance that the labels are exactly right."""

    labels: tuple[str, ...]
    probabilities: dict[str, float]
    confidence: float
    because: Reasons


@dataclass(frozen=True, slots=True)
class Router:
    """Learned weights; a set of labels scores the sum of its labels and a bias of its own."""

    labels: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    sharpness: float
    sureness: tuple[float, float]
    about: Mapping[str, Any]

    def route(self, question: str) -> Route:
        if not isinstance(question, str):
            raise UsageError(f"a question is text, not {type(question).__name__}", hint="decode it first")
        return self.judged(features(question))

    def judged(self, shown: Features) -> Route:
        known = {name: strength for name, strength in shown.items() if name in self.weights}
        # By columns: sums over maps are what makes this fast.
        columns = [*zip(*(self.weights[name] for name in known), strict=True)] or [()] * len(self.labels)
        chances = softmax([self.sharpness * score for score in self.scores(known, columns)])
        order = sorted(range(len(chances)), key=lambda i: -chances[i])
        best, second = order[0], order[1] if len(order) > 1 else order[0]
        return Route(
            labels=tuple(self.labels[i] for i in self.sets[best]),
            probabilities={
                label: sum(c for c, members in zip(chances, self.sets, strict=True) if i in members)
                for i, label in enumerate(self.labels)
            },
            confidence=self.confidence(chances[best]) if shown else 0.0,
            because=reasons(known, columns, {*self.sets[best]}, {*self.sets[second]}),
        )

    def scores(self, known: Features, columns: list[Column]) -> list[float]:
        """The score of every set of labels."""
        totals = [sum(map(mul, known.values(), column)) for column in columns]
        return [
            bias + sum(totals[i] for i in members) for bias, members in zip(self.bias, self.sets, strict=True)
        ]

    def confidence(self, chance: float) -> float:
        slope, shift = self.sureness
        return 1 / (1 + exp(-max(-50.0, min(50.0, slope * logit(chance) + shift))))

    def save(self, path: str | Path) -> None:
        """Write the weights, rounded to a byte each."""
        scale = max((abs(w) for row in self.weights.values() for w in row), default=1.0) / 127 or 1.0
        steps = array("b", [round(w / scale) for row in self.weights.values() for w in row])
        body = {
            "format": FORMAT,
            "labels": self.labels,
            "sets": self.sets,
            "bias": [round(b, 5) for b in self.bias],
            "sharpness": round(self.sharpness, 5),
            "sureness": [round(s, 5) for s in self.sureness],
            "scale": scale,
            "features": "\n".join(self.weights),
            "weights": b2a_base64(steps.tobytes(), newline=False).decode(),
            "about": self.about,
        }
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        # Unlike the module gzip this writes no time: the same training gives the same bytes.
        gzip = zlib.compressobj(9, wbits=GZIP)
        Path(path).write_bytes(gzip.compress(text.encode()) + gzip.flush())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        try:
            return cls.read(Path(path).read_bytes())
        except OSError as error:
            raise UsageError(
                f"cannot read the router {path}: {error.strerror}",
                hint="`python -m tinyllm.routing train FILE -o OUT` writes one",
            ) from error
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise UsageError(
                f"{path} is not a router of this version", hint="train it again with this version"
            ) from error

    @classmethod
    def read(cls, packed: bytes) -> Self:
        body = json.loads(zlib.decompress(packed, GZIP))
        if body["format"] != FORMAT:
            raise ValueError(body["format"])
        labels, scale = tuple(body["labels"]), body["scale"]
        steps = array("b")
        steps.frombytes(a2b_base64(body["weights"]))
        values = iter([step * scale for step in steps])
        rows = zip(*[values] * len(labels), strict=True)
        names = body["features"].split("\n")
        return cls(
            labels=labels,
            sets=tuple(map(tuple, body["sets"])),
            bias=tuple(body["bias"]),
            weights=dict(zip(names, rows, strict=True)),
            sharpness=body["sharpness"],
            sureness=tuple(body["sureness"]),
            about=body["about"],
        )


def route(question: str, router: Router | None = None) -> Route:
    """The labels of a question by the shipped router or by one of your own."""
    return (router or shipped()).route(question)


@cache
def shipped() -> Router:
    return Router.read(SHIPPED.read_bytes())


def reasons(known: Features, columns: list[Column], chosen: set[int], other: set[int]) -> Reasons:
    """What spoke most for the chosen labels and against the next best ones."""
    nothing = (0.0,) * len(known)
    spoken = map(sum, zip(nothing, *(columns[i] for i in chosen - other), strict=True))
    unspoken = map(sum, zip(nothing, *(columns[i] for i in other - chosen), strict=True))
    shares = map(mul, known.values(), map(sub, spoken, unspoken))
    most = nlargest(REASONS, zip(shares, known, strict=True))
    return tuple((name, round(share, 3)) for share, name in most if share > 0)


def softmax(scores: list[float]) -> list[float]:
    top = max(scores)
    powers = [exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def logit(chance: float) -> float:
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    return log(chance / (1 - chance))

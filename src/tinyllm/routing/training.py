"""Train a router from labelled questions; what it is unsure of is learned on sources held out (needs NumPy)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zlib import crc32

import numpy as np

from tinyllm.routing.features import Features, features
from tinyllm.routing.fitting import (
    Array,
    LabelSet,
    Recipe,
    Table,
    Task,
    balance,
    chances,
    fit,
    tabled,
    totals,
    worth_learning,
)
from tinyllm.routing.labelled import Row, teachable
from tinyllm.routing.router import Router

FOLDS = 8
KEPT = 10000
ABSENT = -1e9


@dataclass(frozen=True, slots=True)
class Lesson:
    """The rows in the form that fitting needs."""

    rows: list[Row]
    shown: list[Features]
    labels: tuple[str, ...]
    sets: tuple[LabelSet, ...]

    @classmethod
    def of(cls, rows: list[Row]) -> "Lesson":
        labels = tuple(sorted({label for row in rows for label in row.labels}))
        sets = tuple(sorted({row.labels for row in rows}))
        return cls(rows, [features(row.question) for row in rows], labels, sets)

    @property
    def members(self) -> Array:
        return np.array([[label in group for group in self.sets] for label in self.labels], dtype=float)

    @property
    def truths(self) -> Array:
        place = {group: i for i, group in enumerate(self.sets)}
        return np.array([place[row.labels] for row in self.rows])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights before they are packed into a router."""

    names: tuple[str, ...]
    weights: Array
    bias: Array
    strengths: Array

    def scores(self, lesson: Lesson, chosen: Sequence[int]) -> Array:
        table = tabled([lesson.shown[i] for i in chosen], self.names)
        return totals(table, self.weights) @ lesson.members + self.bias


def train(
    rows: list[Row], recipe: Recipe | None = None, tell: Callable[[str], object] = lambda _: None
) -> Router:
    """A router whose confidence is calibrated on sources that were held out while it was fitted."""
    recipe = recipe or Recipe()
    lesson = Lesson.of(teachable(rows))
    scores = held_out(lesson, recipe, tell)
    # A set of labels that only one source has cannot be judged by the others.
    known = scores[np.arange(len(rows)), lesson.truths] > ABSENT / 2
    scores, truths = scores[known], lesson.truths[known]
    sharpness = sharpened(scores, truths)
    chance = chances(scores * sharpness)
    right = chance.argmax(axis=1) == truths
    tell("fitting all of it")
    final = fitted(lesson, range(len(rows)), recipe)
    told = about(rows, recipe, int(right.sum()) / max(1, len(right)))
    return packed(lesson, final, sharpness, sured(chance.max(axis=1), right), told)


def held_out(lesson: Lesson, recipe: Recipe, tell: Callable[[str], object]) -> Array:
    """The scores of every row by weights that were fitted without its source."""
    parts = folds(lesson.rows)
    scores = np.zeros((len(lesson.rows), len(lesson.sets)))
    for n, part in enumerate(parts, 1):
        tell(f"holding out {n} of {len(parts)}")
        apart = set(part)
        others = [i for i in range(len(lesson.rows)) if i not in apart]
        draft = fitted(lesson, others, recipe)
        scores[part] = draft.scores(lesson, part)
    return scores


def folds(rows: list[Row]) -> list[list[int]]:
    """Rows that are held out together: whole sources, those with the same labels in different folds."""
    sizes = Counter(row.source for row in rows)
    if len(sizes) == 1:
        place = [crc32(row.question.encode()) % 5 for row in rows]
    else:
        labels = {source: Counter(r.labels for r in rows if r.source == source) for source in sizes}
        order = sorted(sizes, key=lambda s: (labels[s].most_common(1)[0][0], -sizes[s], s))
        dealt = {source: n % min(FOLDS, len(order)) for n, source in enumerate(order)}
        place = [dealt[row.source] for row in rows]
    parts = [[i for i, p in enumerate(place) if p == n] for n in sorted(set(place))]
    return parts if len(parts) > 1 else [[i for i in parts[0] if i % 2 == n] for n in (0, 1)]


def fitted(lesson: Lesson, chosen: Sequence[int], recipe: Recipe) -> Fitted:
    rows, shown = [lesson.rows[i] for i in chosen], [lesson.shown[i] for i in chosen]
    sources = [row.source for row in rows]
    names = worth_learning(shown, sources, least=min(4, 1 + len(rows) // 50)) or ("nothing",)
    table = tabled(shown, names)
    truths = lesson.truths[list(chosen)]
    weigh = balance(sources, [row.labels for row in rows], recipe)
    present = np.unique(truths)
    members = lesson.members[:, present]
    task = Task(table, np.searchsorted(present, truths), weigh, members)
    weights, bias = fit(task, recipe)
    everywhere = np.full(len(lesson.sets), ABSENT)
    everywhere[present] = bias
    return Fitted(names, weights, everywhere, mean_strengths(table))


def mean_strengths(table: Table) -> Array:
    count = np.bincount(table.columns, minlength=len(table.names))
    return np.bincount(table.columns, table.strengths, len(table.names)) / np.maximum(1, count)


def sharpened(scores: Array, truths: Array) -> float:
    """The factor on the scores under which the held-out truth is most likely."""
    if not len(truths):
        return 1.0
    at = np.arange(len(truths))
    factors = np.linspace(0.2, 3.0, 113)
    losses = [-np.log(np.maximum(chances(scores * f)[at, truths], 1e-12)).mean() for f in factors]
    return float(factors[int(np.argmin(losses))])


def sured(chance: Array, right: Array) -> tuple[float, float]:
    """Slope and shift that turn the chance of the best set into how often it is right (Newton, lightly held to 1, 0)."""
    chance = np.clip(chance, 1e-9, 1 - 1e-9)
    signs = np.stack([np.log(chance / (1 - chance)), np.ones_like(chance)], axis=1)
    line, start = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(25):
        guess = 1 / (1 + np.exp(-signs @ line))
        slope = signs.T @ (guess - right) + (line - start)
        bend = signs.T @ (signs * (guess * (1 - guess))[:, None]) + np.eye(2)
        line = line - np.linalg.solve(bend, slope)
    return float(line[0]), float(line[1])


def packed(
    lesson: Lesson, final: Fitted, sharpness: float, sureness: tuple[float, float], told: dict[str, Any]
) -> Router:
    """The router with the features that matter most, as many as a small file holds."""
    matter = np.abs(final.weights).max(axis=1) * final.strengths
    kept = sorted(np.argsort(-matter, kind="stable")[:KEPT].tolist(), key=lambda i: final.names[i])
    return Router(
        labels=lesson.labels,
        sets=tuple(tuple(lesson.labels.index(label) for label in group) for group in lesson.sets),
        bias=tuple(final.bias.tolist()),
        weights={final.names[i]: tuple(final.weights[i].tolist()) for i in kept},
        sharpness=sharpness,
        sureness=sureness,
        about=told,
    )


def about(rows: list[Row], recipe: Recipe, right: float) -> dict[str, Any]:
    """Where the weights come from, to travel with them."""
    sources = Counter((row.source, row.licence, "+".join(row.labels)) for row in rows)
    return {
        "rows": len(rows),
        "recipe": asdict(recipe),
        "exact on sources held out": round(right, 4),
        "sources": [[*key, count] for key, count in sorted(sources.items())],
    }

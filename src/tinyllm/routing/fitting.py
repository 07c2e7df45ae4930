"""Find weights for features that hold across sources (needs NumPy; routing itself does not).

The score of a set of labels is the sum of its labels' scores, so "code and math" is learned from code and from math.
Half of the features are hidden at random in every step and evidence against a label costs more than evidence for it:
both make the weights lean on many weak signs instead of the one that gives a source away.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinyllm.routing.features import Features

Array = np.ndarray[Any, np.dtype[Any]]
LabelSet = tuple[str, ...]
LEAST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training, kept inside the weights file."""

    decay: float = 0.005
    against: float = 3.0
    hidden: float = 0.5
    rounds: int = 16
    batch: int = 256
    pace: float = 0.015
    evenness: float = 0.5
    least_share: float = 0.1
    seed: int = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Features of many questions as sparse rows."""

    names: tuple[str, ...]
    columns: Array
    strengths: Array
    starts: Array

    def rows(self, chosen: Array) -> "Table":
        lengths = (self.starts[1:] - self.starts[:-1])[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.starts[chosen] - starts[:-1], lengths) + np.arange(starts[-1])
        return Table(self.names, self.columns[at], self.strengths[at], starts)


def tabled(questions: list[Features], names: tuple[str, ...]) -> Table:
    place = {name: i for i, name in enumerate(names)}
    # Every row has one entry at least, of strength 0: reduceat cannot add up an empty row.
    rows = [[(0, 0.0), *((place[n], s) for n, s in q.items() if n in place)] for q in questions]
    starts = np.cumsum([0, *map(len, rows)])
    entries = [entry for row in rows for entry in row]
    columns = np.array([column for column, _ in entries], dtype=np.int64)
    return Table(names, columns, np.array([strength for _, strength in entries]), starts)


def worth_learning(questions: list[Features], sources: list[str], least: int = 4) -> tuple[str, ...]:
    """Features that are not rare; words must also occur in several sources, or they would only name one."""
    count = Counter(name for question in questions for name in question)
    seen: dict[str, set[str]] = {}
    for question, source in zip(questions, sources, strict=True):
        for name in question:
            seen.setdefault(name, set()).add(source)
    spread = min(3, len(set(sources)))
    return tuple(
        sorted(n for n, c in count.items() if c >= least and (n[0] != "“" or len(seen[n]) >= spread))
    )


def balance(sources: list[str], truths: list[LabelSet], recipe: Recipe) -> Array:
    """A weight for each row, so that neither a large source drowns a small one nor a common label a rare one."""
    groups = list(zip(sources, truths, strict=True))
    sizes = Counter(groups)
    weights: Array = np.array([sizes[group] ** -recipe.evenness for group in groups])
    for label in sorted({label for truth in truths for label in truth}):
        carries = np.array([label in truth for truth in truths])
        weights[carries] *= max(1.0, recipe.least_share * weights.sum() / weights[carries].sum())
    weights /= weights.mean()
    return weights


def totals(table: Table, weights: Array) -> Array:
    """The score of every label for every row."""
    scores: Array = np.add.reduceat(weights[table.columns] * table.strengths[:, None], table.starts[:-1])
    return scores


def chances(scores: Array) -> Array:
    """Scores as probabilities."""
    powers: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


@dataclass(frozen=True, slots=True)
class Task:
    """Rows, the index of each row's true set, what a row counts, and which labels make up which set."""

    table: Table
    truths: Array
    weigh: Array
    members: Array

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.table.names), len(self.members)

    def rows(self, chosen: Array) -> "Task":
        return Task(self.table.rows(chosen), self.truths[chosen], self.weigh[chosen], self.members)

    def parts(self, state: Array) -> tuple[Array, Array]:
        """A state is the weights, feature by label, and after them a bias for each set."""
        size = self.shape[0] * self.shape[1]
        return state[:size].reshape(self.shape), state[size:]


def fit(task: Task, recipe: Recipe) -> tuple[Array, Array]:
    """Weights and biases by Adam, the later half of its steps averaged."""
    random = np.random.default_rng(recipe.seed)
    count = len(task.truths)
    batches = -(-count // recipe.batch)
    # A small file needs more rounds to come to as many steps.
    rounds = max(recipe.rounds, LEAST_STEPS // batches)
    steps, step = rounds * batches, 0
    mean, spread, state, kept = np.zeros((4, task.shape[0] * task.shape[1] + task.members.shape[1]))
    for _ in range(rounds):
        for chosen in np.array_split(random.permutation(count), batches):
            step += 1
            slope = gradient(task.rows(chosen), state, recipe, random)
            mean += 0.1 * (slope - mean)
            spread += 0.01 * (slope**2 - spread)
            pace = recipe.pace * (1 - 0.95 * step / steps)
            state -= pace * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-8)
            if step > steps // 2:
                kept += state / (steps - steps // 2)
    return task.parts(kept)


def gradient(task: Task, state: Array, recipe: Recipe, random: np.random.Generator) -> Array:
    """How the loss over these rows changes with the state, half of the features hidden."""
    table, truths = task.table, task.truths
    weights, bias = task.parts(state)
    shown = random.random(len(table.columns)) >= recipe.hidden
    strengths = table.strengths * shown / (1 - recipe.hidden) ** 0.5
    error = chances(totals(replace(table, strengths=strengths), weights) @ task.members + bias)
    error[np.arange(len(truths)), truths] -= 1
    error *= task.weigh[:, None] / len(truths)
    by_label = np.repeat(error @ task.members.T, np.diff(table.starts), axis=0) * strengths[:, None]
    slopes = [np.bincount(table.columns, one, task.shape[0]) for one in by_label.T]
    decay = np.where(weights < 0, recipe.against, 1.0) * recipe.decay * weights
    return np.concatenate([(np.stack(slopes, axis=1) + decay).ravel(), error.sum(axis=0)])

"""How much a graph adds to its models: the same questions to single models, to the graph, and to the graph without a part.

    python benchmarks/population.py [--seeds N] [--items N] [--profile hard] [--json]       # a simulated population
    python benchmarks/population.py --ollama http://127.0.0.1:11434 [--items N] [--json]    # real models

Questions with their answers are made from a seed. The simulated models err as often as published figures say, together
on hard questions, and know a question only by its text. Seed 0 is for developing; reports use the seeds from 1 on. Every
figure of the simulation is one of a *simulated population* and says nothing about any real model; the second command asks
real ones the same. `--no-ablate` leaves out the graph without each of its parts.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import yaml

from tinyllm.checks import EVIDENCE
from tinyllm.errors import TinyError
from tinyllm.paired import bootstrap, wilson
from tinyllm.settings import shipped
from tinyllm.testing.bank.drawing import drawn
from tinyllm.testing.bank.item import LABELS, Item
from tinyllm.testing.bank.people import BIG, PROFILES, population
from tinyllm.testing.bank.served import served
from tinyllm.testing.bank.trial import Outcome, tried
from tinyllm.testing.bank.variants import VARIANTS, single, without_big

VERIFIABLE = ("code", "math")
SMALL, SEVEN, WORKER, JUDGE = "single 3B", "single 7B", "single 8B", "single 14B"
GRAPH, SMALL_GRAPH, UNGATED = "graph, all models", "graph, ≤ 3B", "graph without gates"
SMALL_ONCE = "graph, ≤ 3B, nothing asked afresh"
MANGLED, JUDGED, SMALL_JUDGED = (
    "graph, question mangled",
    "judge as only evidence",
    "judge as only evidence, ≤ 3B",
)
SINGLES = {
    SMALL: "qwen2.5:3b",
    "coder 3B alone": "granite-code:3b",
    "mathematician alone": "phi3:mini",
    SEVEN: "qwen2.5:7b",
    WORKER: "qwen3:8b",
    JUDGE: "qwen3:14b",
}
SHM = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one seed gave for the questions of one label."""

    accuracy: float
    wrong: float
    refused: float
    big: float
    looked_at: int
    turned_down: int
    evidence: dict[str, list[bool]]


def main() -> int:
    given = _arguments()
    began = perf_counter()
    graph = yaml.safe_load((shipped() / "assistant.yaml").read_text("utf-8"))
    conditions = tuple(given.only or _conditions(given))
    seeds = [0] if given.develop else [given.first + n for n in range(1 if given.ollama else given.seeds)]
    jobs = [(seed, name, graph, given) for seed in seeds for name in conditions]
    with ProcessPoolExecutor(1 if given.ollama else given.jobs) as pool:
        cells = list(pool.map(_cells, jobs))
    table: dict[str, dict[str, list[Cell]]] = {name: {} for name in conditions}
    for (_, name, _, _), found in zip(jobs, cells, strict=True):
        for label, cell in found.items():
            table[name].setdefault(label, []).append(cell)
    report = {
        "what": "real models" if given.ollama else f"simulated population, profile {given.profile}",
        "seeds": seeds,
        "items": given.items,
        "seconds": round(perf_counter() - began, 1),
        "conditions": {name: _summary(by_label) for name, by_label in table.items()},
        "bars": _bars(table),
        "evidence": _evidence(table.get(GRAPH, {})),
    }
    print(json.dumps(report, indent=1, ensure_ascii=False) if given.json else _told(report))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seeds", type=int, default=2, help="how many populations and banks (a report uses 10)"
    )
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them")
    parser.add_argument("--items", type=int, default=24, help="questions per label (a report uses 40)")
    parser.add_argument(
        "--profile", choices=PROFILES, default="hard", help="whose published figures the models have"
    )
    parser.add_argument("--ollama", default="", metavar="HOST", help="ask the models of this server instead")
    parser.add_argument("--ablate", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--develop", action="store_true", help="seed 0 only")
    parser.add_argument("--only", action="append", help="one condition by its name; may be repeated")
    parser.add_argument(
        "--explain", action="store_true", help="print each wrong answer that went out, and why"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _conditions(given: argparse.Namespace) -> list[str]:
    base = [*SINGLES, SMALL_GRAPH, GRAPH, UNGATED, JUDGED, SMALL_JUDGED, MANGLED]
    return [*base, *(name for name in (SMALL_ONCE, *VARIANTS) if given.ablate and name not in base)]


def _graph(name: str, graph: dict[str, Any]) -> dict[str, Any]:
    if name in SINGLES:
        return single(SINGLES[name])
    if name == SMALL_GRAPH:
        return without_big(graph, BIG)
    if name == SMALL_ONCE:
        return without_big(VARIANTS["without asking afresh"](graph), BIG)
    if name == SMALL_JUDGED:
        return without_big(VARIANTS[JUDGED](graph), BIG)
    change: Callable[[dict[str, Any]], dict[str, Any]] = VARIANTS.get(name, lambda same: same)
    return change(graph)


def _cells(job: tuple[int, str, dict[str, Any], argparse.Namespace]) -> dict[str, Cell]:
    """One condition with one seed, in a process of its own."""
    try:
        return _measured(*job)
    except TinyError as failure:  # ours carry more than a process can hand over
        raise RuntimeError(f"{job[1]}: {failure.message}") from None


def _measured(seed: int, name: str, graph: dict[str, Any], given: argparse.Namespace) -> dict[str, Cell]:
    items = drawn(seed, given.items)
    asked = [mangled(item) for item in items] if name == MANGLED else items
    with TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as folder:
        there = Path(folder)
        if given.ollama:
            outcomes = asyncio.run(tried(asked, _graph(name, graph), given.ollama, there))
        else:
            with served(population(items, seed, given.profile), there) as host:
                outcomes = asyncio.run(tried(asked, _graph(name, graph), host, there))
    print(f"seed {seed}: {name}", file=sys.stderr)
    if given.explain:
        _explain(name, outcomes)
    return {label: _cell([each for each in outcomes if each.label == label]) for label in LABELS}


def mangled(item: Item) -> Item:
    """The question as a careless prompt gives it on: every seventh word is lost."""
    words = item.question.split(" ")
    return replace(item, question=" ".join(word for place, word in enumerate(words) if place % 7 != 3))


def _cell(outcomes: Sequence[Outcome]) -> Cell:
    return Cell(
        accuracy=fmean(each.right for each in outcomes),
        wrong=fmean(each.wrong_shipped for each in outcomes),
        refused=fmean(not each.shipped for each in outcomes),
        big=fmean(each.reached(BIG) for each in outcomes),
        looked_at=sum(each.right_looked_at for each in outcomes),
        turned_down=sum(each.right_turned_down for each in outcomes),
        evidence={
            kind: [each.right for each in outcomes if each.shipped and each.evidence == kind]
            for kind in EVIDENCE
        },
    )


def _explain(name: str, outcomes: Sequence[Outcome]) -> None:
    for each in outcomes:
        if not each.right or each.right_turned_down:
            fate = "right" if each.right else "WRONG" if each.shipped else "refused"
            print(
                f"{name} | {each.label} | {fate} | {each.evidence} | {' '.join(each.path)} | {' '.join(each.models)} | "
                f"{each.question[:70]!r} | {each.answer[-50:]!r} | {'; '.join(each.complaints)[:300]}",
                file=sys.stderr,
            )


def _summary(by_label: dict[str, list[Cell]]) -> dict[str, Any]:
    return {label: _figures(cells) for label, cells in by_label.items()}


def _figures(cells: Sequence[Cell]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("accuracy", "wrong", "refused", "big"):
        values = [getattr(cell, name) for cell in cells]
        low, high = bootstrap(values)
        found[name] = {"mean": round(fmean(values), 4), "low": round(low, 4), "high": round(high, 4)}
    found["false_rejections"] = round(_turned_down(cells), 4)
    return found


def _turned_down(cells: Sequence[Cell]) -> float:
    """Of the right answers that a gate looked at, the part that it sent back."""
    return sum(cell.turned_down for cell in cells) / max(1, sum(cell.looked_at for cell in cells))


def _evidence(by_label: dict[str, list[Cell]]) -> list[dict[str, Any]]:
    """What a kind of evidence was worth: how many answers went out on it, and how many of them were right."""
    found = []
    for label, cells in by_label.items():
        for kind in EVIDENCE:
            rights = [right for cell in cells for right in cell.evidence[kind]]
            if rights:
                low, high = wilson(sum(rights), len(rights))
                figures = {"answers": len(rights), "right": round(fmean(rights), 4)}
                found.append(
                    {
                        "label": label,
                        "evidence": kind,
                        **figures,
                        "low": round(low, 4),
                        "high": round(high, 4),
                    }
                )
    return found


def _mean(table: dict[str, dict[str, list[Cell]]], name: str, label: str, what: str = "accuracy") -> float:
    return fmean(getattr(cell, what) for cell in table[name][label])


def _bars(table: dict[str, dict[str, list[Cell]]]) -> list[dict[str, Any]]:
    """What the figures have to show, as far as they were taken."""
    found: list[dict[str, Any]] = []

    def bar(says: str, value: float, least: float = -1e9, most: float = 1e9) -> None:
        found.append({"says": says, "value": round(value, 4), "holds": least - 1e-9 <= value <= most + 1e-9})

    def at(name: str, label: str, what: str = "accuracy") -> float:
        return _mean(table, name, label, what)

    if not {*SINGLES, GRAPH, SMALL_GRAPH, UNGATED, JUDGED, SMALL_JUDGED, MANGLED} <= set(table):
        return found
    for label in VERIFIABLE:
        bar(
            f"{label}: graph of ≤ 3B less a single 7B, at least 0",
            at(SMALL_GRAPH, label) - at(SEVEN, label),
            0,
        )
        big = max(at(WORKER, label), at(JUDGE, label))
        gap = (at(GRAPH, label) - at(SMALL, label)) / max(big - at(SMALL, label), 1e-9)
        bar(f"{label}: part of the gap from 3B to the best big model that is closed, at least 0.8", gap, 0.8)
        bar(f"{label}: questions that reach the big tier, at most 0.35", at(GRAPH, label, "big"), most=0.35)
        for name in (GRAPH, SMALL_GRAPH):
            ratio = at(name, label, "wrong") / max(at(UNGATED, label, "wrong"), 1e-9)
            bar(
                f"{label}: wrong answers out, {name}, as a part of without gates, at most 0.33",
                ratio,
                most=1 / 3,
            )
            bar(
                f"{label}: right answers sent back, {name}, at most 0.05",
                _turned_down(table[name][label]),
                most=0.05,
            )
    for label in (*VERIFIABLE, "general"):
        for name in (GRAPH, SMALL_GRAPH, JUDGED, SMALL_JUDGED):
            bar(f"{label}: {name} less a single 3B, at least 0", at(name, label) - at(SMALL, label), 0)
        lost = at(GRAPH, label) - at(MANGLED, label)
        bar(f"{label}: accuracy that a mangled question costs, at least 0.3", lost, 0.3)
    return found


def _told(report: dict[str, Any]) -> str:
    seeds = report["seeds"]
    where = f"seeds {seeds[0]} to {seeds[-1]}, {report['items']} questions per label"
    lines = [f"*{report['what']}*: {where}, 95 % intervals over seeds, {report['seconds']} s"]
    for label in LABELS:
        lines += [
            "",
            f"**{label}**",
            "",
            "| | right | wrong, sent out | refused | reached big | right, sent back |",
        ]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        lines += [_row(name, found[label]) for name, found in report["conditions"].items()]
    lines += (
        ["", "| graph, all models: went out as | answers | right |", "| --- | --- | --- |"]
        if report["evidence"]
        else []
    )
    lines += [
        f"| {each['label']}, {each['evidence']} | {each['answers']} "
        f"| {100 * each['right']:.1f} ({100 * each['low']:.1f}–{100 * each['high']:.1f}) |"
        for each in report["evidence"]
    ]
    lines += ["", "| bar | found | holds |", "| --- | --- | --- |"] if report["bars"] else []
    lines += [
        f"| {bar['says']} | {bar['value']} | {'yes' if bar['holds'] else 'NO'} |" for bar in report["bars"]
    ]
    return "\n".join(lines)


def _row(name: str, found: dict[str, Any]) -> str:
    cells = [
        f"{100 * found[what]['mean']:.1f} ({100 * found[what]['low']:.1f}–{100 * found[what]['high']:.1f})"
        for what in ("accuracy", "wrong")
    ]
    more = [f"{100 * found[what]['mean']:.1f}" for what in ("refused", "big")]
    return f"| {name} | {' | '.join([*cells, *more])} | {100 * found['false_rejections']:.1f} |"


if __name__ == "__main__":
    sys.exit(main())

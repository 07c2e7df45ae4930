"""`run --only exact|route`: the parts that need no model, each by itself."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinyllm.cli import say
from tinyllm.errors import UsageError
from tinyllm.inputs import readable
from tinyllm.state import SCHEMA

DECLINED = 5


def alone(part: str, question: str, files: Sequence[Path], graph: str, *, as_json: bool, trace: bool) -> int:
    """Answer with that part, or decline; gives the exit code."""
    if not question:
        raise UsageError("there is no question", hint=f'ask one: tinyllm run --only {part} "What is 2 + 2?"')
    if part == "route":
        return _route(question, graph, as_json)
    return _exact(question, [readable(path) for path in files], as_json, trace)


def _exact(question: str, files: Sequence[Path], as_json: bool, trace: bool) -> int:
    from tinyllm.solvers import solve

    started = time.perf_counter()
    found = solve(question, files)
    took = round((time.perf_counter() - started) * 1000, 3)
    if as_json:
        more = {} if found is None else {
            "value": found.value if isinstance(found.value, (bool, list, tuple)) else str(found.value),
            "field": found.field,
            "steps": list(found.steps),
        }  # fmt: skip
        said = {"answer": found.answer, "evidence": "proved"} if found else {"status": "refused"}
        say.data({**_result(took, **said), **more})
    elif found is None:
        say.line("declined  this cannot be proved without a model")
        say.line("try       the same without --only: the graph asks a model then")
    else:
        for step in found.steps if trace else ():
            say.note(step)
        say.answer(found.answer)
    return DECLINED if found is None else 0


def _result(took: float, **known: Any) -> dict[str, Any]:
    """As `run --json` prints it; nothing where no run and no graph was there to say it."""
    missing = dict.fromkeys(("answer", "evidence", "route", "path"))
    asked = {"models": [], "tokens": {"in": 0, "out": 0}, "elapsed_ms": took}
    return {"schema": SCHEMA, "run": None, "status": "committed", **missing, **asked, **known}


def _weights(graph: str) -> str:
    """The weights of the graph's own router, when a graph is named and has some."""
    from tinyllm import settings
    from tinyllm.spec import find, read_file

    loaded = settings.load()
    spec = read_file(find(graph, loaded), loaded)
    return next(
        (str(weights) for node in spec.nodes.values() if (weights := getattr(node, "weights", ""))), ""
    )


def _route(question: str, graph: str, as_json: bool) -> int:
    from tinyllm.routing import Router, route

    weights = _weights(graph) if graph else ""
    started = time.perf_counter()
    found = route(question, Router.load(weights) if weights else None)
    if as_json:
        took = round((time.perf_counter() - started) * 1000, 3)
        labels = list(found.labels)
        say.data(
            {
                **_result(took, answer=" + ".join(labels), route=labels),
                "labels": labels,
                "probabilities": {label: round(share, 4) for label, share in found.probabilities.items()},
                "confidence": round(found.confidence, 4),
                "because": [{"feature": name, "weight": weight} for name, weight in found.because],
            }
        )
        return 0
    say.answer(" + ".join(found.labels) or "(none)")
    shares = sorted(found.probabilities.items(), key=lambda item: -item[1])
    say.note(
        f"confidence {found.confidence:.2f}; " + ", ".join(f"{label} {share:.2f}" for label, share in shares)
    )
    say.note("because of: " + ", ".join(name for name, _ in found.because))
    return 0

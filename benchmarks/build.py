"""How long a graph of 1,000 nodes takes from its file to a state machine, beside LangGraph's own compile.

A wide one (one node leads to 998, which meet in one) and a deep one (a chain). Ours reads the text, checks it, lowers
it and builds it; LangGraph's compiles the same nodes and edges, written by hand. The file is JSON: what parsing YAML
costs is its library's affair, and is printed beside.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import yaml
from langgraph.graph import END, START, StateGraph

from tinyllm.build import build
from tinyllm.engine import Engine
from tinyllm.settings import Settings
from tinyllm.spec import read
from tinyllm.state import State

LIMIT = 3.0
NODES = 1_000


def wide() -> dict[str, Any]:
    middle = [f"n{index}" for index in range(NODES - 2)]
    return {
        "fork": {"kind": "transform", "value": "1", "to": middle},
        **{id: {"kind": "transform", "value": "outputs.fork + 1", "to": "meet"} for id in middle},
        "meet": {"kind": "transform", "value": "2"},
    }


def deep() -> dict[str, Any]:
    return {
        f"n{index}": {
            "kind": "transform",
            "value": "1",
            "to": f"n{index + 1}" if index < NODES - 1 else "end",
        }
        for index in range(NODES)
    }


async def nothing(_state: State) -> State:
    return {}


def by_hand(nodes: dict[str, Any]) -> None:
    """The same graph as a user of LangGraph writes it."""
    graph = StateGraph(State)
    graph.add_edge(START, next(iter(nodes)))
    for id, body in nodes.items():
        graph.add_node(id, nothing)
        targets = body.get("to", "end")
        for target in [targets] if isinstance(targets, str) else targets:
            graph.add_edge(id, END if target == "end" else target)
    graph.compile()


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> int:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--runs", type=int, default=7)
    runs = reading.parse_args().runs
    services = Engine({"nodes": {"a": {"kind": "transform", "value": "1"}}}, settings=Settings()).services
    worst = 0.0
    for name, nodes in {"wide": wide(), "deep": deep()}.items():
        text = json.dumps({"nodes": nodes}, indent=1)
        in_yaml = yaml.safe_dump({"nodes": nodes}, sort_keys=False)
        ours: list[float] = []
        theirs: list[float] = []
        parsing: list[float] = []
        for turn in range(runs + 1):
            theirs.append(seconds(lambda nodes=nodes: by_hand(nodes)))
            ours.append(seconds(lambda text=text: build(read(text), services)))
            parsing.append(seconds(lambda text=in_yaml: read(text)))
            if not turn:  # what is loaded late is loaded now
                for times in (ours, theirs, parsing):
                    times.clear()
        mine, its = statistics.median(ours), statistics.median(theirs)
        worst = max(worst, mine / its)
        print(
            f"{name}: read, check and build {mine * 1000:6.1f} ms; compile by hand {its * 1000:6.1f} ms; "
            f"{mine / its:4.2f} x   (read and check the same as YAML {statistics.median(parsing) * 1000:6.1f} ms)"
        )
    print(f"{'ok' if worst <= LIMIT else 'TOO SLOW'}: at most {LIMIT} x, medians of {runs} runs")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

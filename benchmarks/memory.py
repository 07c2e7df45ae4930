"""What a message costs the working memory, from the tenth to the millionth, pruning included.

`python benchmarks/memory.py [--most N]` prints one line of JSON: microseconds per message of whole conversations of 10 to
N messages, as the median of several, in a context that they overflow again and again.
"""

import argparse
import gc
import json
import statistics
import time
from typing import Any

from tinyllm.memory.window import Window

CONTEXT = 256  # tokens: even ten messages overflow it
REPEATS = 9
SAMPLE = 100_000  # messages of a measurement at least


def conversation(length: int) -> list[dict[str, Any]]:
    """Questions, answers, and now and then a tool call with its result."""
    text = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 4
    turn = [
        {"role": "user", "content": text[:200]},
        {"role": "assistant", "content": text[:300]},
        {"role": "user", "content": text[:150]},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "name": "calc", "args": {"a": 1}}]},
        {"role": "tool", "call": "c", "content": "42"},
        {"role": "assistant", "content": text[:250]},
    ]
    return [turn[place % len(turn)] for place in range(length)]


def held(messages: list[dict[str, Any]], times: int) -> tuple[float, int]:
    """Microseconds per message, and how many messages left."""
    left = 0
    windows = [Window(CONTEXT) for _ in range(times)]
    started = time.process_time()
    for window in windows:
        for message in messages:
            window.add(message)
            if window.left:
                left += len(window.take())
    return (time.process_time() - started) * 1e6 / (times * len(messages)), left // times


def main(most: int) -> dict[str, Any]:
    lengths = [10**power for power in range(1, 10) if 10**power <= most]
    took: dict[int, list[float]] = {length: [] for length in lengths}
    left: dict[int, int] = {}
    for _ in range(REPEATS):  # all lengths in turns, so that all meet the same machine
        for length in lengths:
            messages = conversation(length)
            gc.collect()
            found, left[length] = held(messages, max(1, SAMPLE // length))
            took[length].append(found)
    medians = {length: statistics.median(times) for length, times in took.items()}
    return {
        "microseconds": {str(length): round(median, 3) for length, median in medians.items()},
        "left": {str(length): count for length, count in left.items()},
        "mean": round(statistics.mean(medians.values()), 3),
        "ratio": round(medians[lengths[-1]] / medians[lengths[0]], 3),
        "highest_to_lowest": round(max(medians.values()) / min(medians.values()), 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=1_000_000)
    print(json.dumps(main(parser.parse_args().most)))

"""Paraphrases: two hundred questions that share hardly a word with what answers them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinyllm.memory.words import words
from tinyllm.testing.minilm import INSTALL, weights

ROOT = Path(__file__).parents[2]


def test_the_set_is_two_hundred_pairs_that_share_hardly_a_word() -> None:
    lines = (ROOT / "benchmarks" / "paraphrases.jsonl").read_text("utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    assert len({pair["text"] for pair in pairs}) == len({pair["question"] for pair in pairs}) == 200
    assert sum(bool(set(words(pair["text"])) & set(words(pair["question"]))) for pair in pairs) < 10


def test_words_alone_miss_what_meaning_finds() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/recall.py"],
        capture_output=True, text=True, cwd=ROOT, timeout=110, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["words"] < 0.2
    if weights() is None:
        assert found["fused"] == "unmeasured"
        pytest.skip(f"no model that embeds is installed ({INSTALL})")
    assert found["fused"] >= 0.9

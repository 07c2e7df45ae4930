"""The page on the solvers lists every phrase that they know: a reader can predict what is declined."""

from pathlib import Path

import tinyllm
from tinyllm.solvers.catalogue import phrases

PAGE = Path(tinyllm.__file__).parents[2] / "docs" / "solvers.md"


def test_every_phrase_stands_on_the_page() -> None:
    page = set(PAGE.read_text("utf-8").splitlines())
    missing = [text for texts in phrases().values() for text in texts if text not in page]
    assert missing == [], "run `python benchmarks/solvers.py --phrases docs/solvers.md`"

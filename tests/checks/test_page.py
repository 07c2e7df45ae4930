"""What the page about gates shows, runs."""

import re
from pathlib import Path

from tests.checks.conftest import Ask
from tinyllm.checks import CHECKS, EVIDENCE
from tinyllm.spec import read

PAGE = (Path(__file__).parents[2] / "docs" / "gates.md").read_text("utf-8")


def test_every_check_and_every_kind_of_evidence_stands_on_the_page() -> None:
    for name, each in CHECKS.items():
        row = re.search(rf"^\| `{name}` \|([^|]*)\|", PAGE, re.MULTILINE)
        assert row, name
        assert set(each.parameters) <= set(re.findall(r"\w+", row[1])), name
    assert all(f"| `{evidence}` |" in PAGE for evidence in EVIDENCE)


def test_the_gate_on_the_page_is_a_gate() -> None:
    gate = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert gate is not None
    names = ("judge", "worker", "coder", "general", "mathy")
    models = "models: {" + ", ".join(f"{name}: '{name}:1b'" for name in names) + "}\n"
    nodes = "nodes:\n  draft: {prompt: x, to: check}\n" + re.sub(r"^", "  ", gate[1], flags=re.MULTILINE)
    assert "check" in read(models + nodes).nodes


async def test_the_check_on_the_page_can_be_written(ask: Ask) -> None:
    written = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert written is not None
    try:
        exec(compile(written[1], "gates.md", "exec"), {})
        answer = await ask("q", [{"polite": {"word": "thanks"}}], gate={"tries": 1}, a="No.")
        assert (answer.status, answer.tried[0]["because"]) == ("refused", "it does not say thanks")
    finally:
        CHECKS.pop("polite", None)

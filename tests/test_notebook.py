"""The notebook runs from top to bottom, and what it shows is safe to show."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tinyllm import Engine
from tinyllm.notebook import timeline
from tinyllm.testing.simulator import Model, Script, Simulator

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "tinyllm.toml").write_text("")
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home / "jupyter"))
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    models = [Model(name="qwen2.5:3b", capabilities=("completion", "tools"))]
    with Simulator(Script({"*": "Penguins walk a lot."}, models=models)) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(home)}}).execute()
    kinds = {
        kind for cell in notebook.cells for out in cell.get("outputs", ()) for kind in out.get("data", ())
    }
    assert {"image/svg+xml", "text/html", "text/plain"} <= kinds
    shown = json.dumps([cell.get("outputs", ()) for cell in notebook.cells])
    assert "Penguins walk a lot." in shown
    assert "rolled_back" in shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert "/home/" not in path.read_text("utf-8")


async def test_an_answer_and_a_run_show_themselves_without_obeying_what_was_said(home: Path) -> None:
    body: dict[str, Any] = {
        "name": EVIL,
        "nodes": {
            "one": {"kind": "transform", "value": "inputs.question", "to": "two"},
            "two": {"kind": "transform", "value": "outputs.one"},
        },
    }
    async with Engine(body) as engine:
        answer = await engine.ask(EVIL)
        row = await engine.transactions.run(answer.run)
        for html in (answer._repr_html_(), row._repr_html_()):
            ET.fromstring(html)
            assert "<script" not in html
            assert "&lt;script&gt;" in html
        assert answer._repr_html_().count("<tr><td") > 4
        assert [step["node"] for step in answer.steps] == ["one", "two"]
        ET.fromstring(engine._repr_svg_())
    assert "steps" not in answer.as_dict()


def test_a_long_timeline_is_cut() -> None:
    step = {"node": "a", "kind": "llm", "exits": ("end",), "seconds": 0.5, "value": "x" * 9_000}
    html = timeline([step] * 5_000)
    ET.fromstring(f"<div>{html}</div>")
    assert len(html) < 200_000
    assert "4800 more steps" in html

"""The pages about tools say what the code says, and their examples run."""

import shutil
from pathlib import Path

import pytest

import tinyllm
from tests.tools.conftest import Open
from tests.tools.counterparts import Counterpart
from tinyllm.tools.pages import ANSWERS, pages

DOCS = Path(tinyllm.__file__).parents[2] / "docs" / "tools"
EXAMPLES = sorted((DOCS / "examples").glob("*.yaml"))


def test_the_pages_are_what_the_code_says() -> None:
    fresh = pages(DOCS)
    assert {path.name for path in DOCS.glob("*.md")} == set(fresh)
    stale = [name for name, text in fresh.items() if (DOCS / name).read_text("utf-8") != text]
    assert stale == [], "run `python -m tinyllm.tools.pages docs/tools`"


def test_every_local_domain_has_an_example() -> None:
    assert {"calc", "code", "data", "files", "git", "json", "shell", "sql", "system", "text", "web"} <= {
        path.stem for path in EXAMPLES
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
async def test_an_example_gives_the_answer_on_its_page(
    path: Path,
    open_engine: Open,
    workspace: Path,
    counterpart: Counterpart,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(DOCS / "examples" / "data", workspace / "data", dirs_exist_ok=True)
    (workspace / "shop.db").unlink()
    monkeypatch.setenv("LANG", "C.UTF-8")
    (graph := tmp_path / path.name).write_text(counterpart.said(path.read_text("utf-8")))
    answer = await open_engine(graph).ask("go")
    assert str(answer) == path.read_text("utf-8").splitlines()[0].removeprefix(ANSWERS)

"""What the README and the pages show is run: no example may go stale."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.started import on_path
from tinyllm.spec import read
from tinyllm.testing.simulator import Model, Request, Script, Simulator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BINARIES = str(Path(sys.executable).parent)
# What needs minutes or never ends has its own test elsewhere.
ELSEWHERE = ("make ", "source ", "tinyllm sim serve", "git ", "pip ", "langgraph dev")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    """Each command that is shown, and what is shown of its output."""
    for block in blocks(README, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if not command.startswith(ELSEWHERE):
                yield command, output.strip()


CODE = "```python\ndef reverse(items: list) -> list:\n    return items[::-1]\n```"


def said(request: Request) -> str:
    return CODE if "Python" in request.text else "said by a model"


@pytest.mark.timeout(180)
def test_every_command_of_the_readme_works(home: Path, tmp_path: Path) -> None:
    (home / "draft.txt").write_text("A text about penguins.")
    (home / "notes.txt").write_text("Penguins walk a lot.")
    (home / "sales.csv").write_text("item,price\npen,2\nbook,4\n")
    models = [Model(name="qwen2.5:3b", capabilities=("completion", "tools")), Model(name="phi3:mini")]
    folder = home
    (programs := tmp_path / "programs").mkdir()
    starter = on_path(programs)
    with Simulator(Script({"*": said}, models=models)) as simulator:
        path = f"{programs}:{BINARIES}:{os.environ['PATH']}"
        environment = {**os.environ, "OLLAMA_HOST": simulator.url, "PATH": path}
        for command, output in commands():
            done = subprocess.run(
                ["bash", "-ec", f"{command}\npwd >&2"],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
                pass_fds=[starter],
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert output in done.stdout, command
            folder = Path(done.stderr.splitlines()[-1])


def test_the_first_command_answers_what_is_shown() -> None:
    assert '$ make ask Q="What is 2 + 2?"\n4\n' in README
    makefile = (ROOT / "Makefile").read_text("utf-8")
    shown = re.findall(r"^\$ make (\w+)", README, re.MULTILINE)
    assert set(shown) <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_every_graph_of_the_readme_is_valid() -> None:
    for block in blocks(README, "yaml"):
        assert read(block).nodes


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(README, "python"):
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out == "4 committed ('exact',)\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target

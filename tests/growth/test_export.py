"""Where the growth of a graph is written: beside a graph of the project, and beside no other."""

from pathlib import Path

import pytest

from tests.cli.conftest import Call, tinyllm  # noqa: F401 - a fixture
from tinyllm.settings import shipped

GRAPH = 'name: mine\nnodes:\n  say: {kind: transform, value: "1"}\n'


@pytest.mark.parametrize("project", [True, False])
def test_it_is_written_beside_a_graph_of_the_project(tinyllm: Call, home: Path, project: bool) -> None:  # noqa: F811
    if project:
        (home / "tinyllm.toml").touch()
    (home / "mine.yaml").write_text(GRAPH)
    assert tinyllm("growth", "export", "-g", "mine.yaml").code == 0
    assert "graph: mine" in (home / "mine.growth.yaml").read_text()


def test_a_graph_of_every_project_needs_the_name_of_a_file(tinyllm: Call, home: Path) -> None:  # noqa: F811
    done = tinyllm("growth", "export", "-g", "assistant")
    assert done.code == 2
    assert "-o assistant.growth.yaml" in done.err
    assert not list(shipped().glob("*.growth.yaml"))
    assert tinyllm("growth", "export", "-g", "assistant", "-o", "a.growth.yaml").code == 0
    assert "graph: assistant" in (home / "a.growth.yaml").read_text()
    assert "graph: assistant" in tinyllm("growth", "export", "-g", "assistant", "-o", "-").out


def test_a_graph_of_another_project_needs_it_as_well(tinyllm: Call, home: Path) -> None:  # noqa: F811
    other = home.parent / "elsewhere"
    other.mkdir()
    (other / "mine.yaml").write_text(GRAPH)
    assert tinyllm("growth", "export", "-g", str(other / "mine.yaml")).code == 2
    assert [each.name for each in other.iterdir()] == ["mine.yaml"]

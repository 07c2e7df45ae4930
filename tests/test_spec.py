"""Graph files: what is wrong with them is said line by line, and whatever comes in, nothing else happens."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from tests.broken import FAULTS
from tests.sound import almost_graphs, junk, sound_graphs, texts
from tinyllm import settings as settings_of
from tinyllm.build import build
from tinyllm.cli import main
from tinyllm.engine import Engine
from tinyllm.errors import GraphError, UsageError
from tinyllm.kinds import kinds
from tinyllm.problems import Faulty
from tinyllm.spec import GraphSpec, find, read, read_file, schema
from tinyllm.spec.prompts import Prompts

BROKEN = Path(__file__).parent / "broken"
SHIPPED = sorted(settings_of.shipped().glob("*.yaml"))


def test_there_are_thirty_broken_files_and_each_is_expected() -> None:
    there = {path.name for path in BROKEN.iterdir() if path.suffix in (".yaml", ".json")}
    assert there == set(FAULTS)
    assert len(there) >= 30


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_broken_file_gets_one_precise_line_per_fault(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(BROKEN)
    with pytest.raises(SystemExit) as end:
        main(["graph", "validate", name])
    out, err = capsys.readouterr()
    said = [line[7:] for line in err.splitlines() if not line.startswith("try")]
    assert said == [f"{name}:{fault}" for fault in FAULTS[name]]
    assert (end.value.code, out) == (3, "")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_graphs_are_valid(path: Path) -> None:
    assert read_file(path, settings_of.load()).description


def step(**more: Any) -> dict[str, Any]:
    return {"kind": "transform", "value": "1", **more}


def test_json_and_yaml_say_the_same() -> None:
    body = {"name": "g", "nodes": {"a": step(to="b"), "b": step()}}
    yaml = "name: g\nnodes:\n  a: {kind: transform, value: '1', to: b}\n  b: {kind: transform, value: '1'}\n"
    assert read(json.dumps(body)).fingerprint == read(yaml).fingerprint == read(body).fingerprint


def test_steps_are_nodes_that_lead_to_the_next_one() -> None:
    spec = read({"steps": [{"id": "a", **step()}, {"id": "b", **step()}]})
    assert {id: node.to for id, node in spec.nodes.items()} == {"a": "b", "b": "end"}


def test_the_prompt_of_a_step_is_the_question_and_that_of_a_node_leads_the_conversation() -> None:
    steps = read({"steps": [{"id": "a", "prompt": "Hello"}]})
    nodes = read({"nodes": {"a": {"prompt": "Hello"}}})
    assert [spec.nodes["a"].window for spec in (steps, nodes)] == [False, True]  # type: ignore[attr-defined]


def test_faults_in_the_shape_do_not_hide_faults_in_the_whole() -> None:
    with pytest.raises(Faulty) as failure:
        read({"nodes": {"a": {"kind": "transform", "vale": "1", "to": "b"}, "b": step(to="c")}})
    said = [problem.message for problem in failure.value.problems]
    assert said == [
        "'value' is missing",
        "there is no field 'vale' here",
        "to leads to 'c', which is no node",
    ]


def test_the_lines_are_those_of_the_file() -> None:
    text = "name: g\n\n# a comment\nnodes:\n  a:\n    kind: transform\n    value: '1'\n    to: nowhere\n"
    with pytest.raises(Faulty, match=r"^g\.yaml:8: to leads to 'nowhere'"):
        read(text, "g.yaml")


def test_plain_data_with_odd_keys_is_refused_as_a_graph() -> None:
    odd: list[Any] = [{1: 2}, {"nodes": {"a": {1: 2}}}, {"models": {None: "x:1"}}]
    for body in odd:
        with pytest.raises(GraphError):
            read({"nodes": {"a": step()}, **body} if "nodes" not in body else body)


# --- finding files and prompts


def test_a_project_graph_wins_over_a_shipped_one(home: Path) -> None:
    (home / "tinyllm.toml").touch()
    (home / "graphs").mkdir()
    mine = home / "graphs" / "assistant.yaml"
    mine.write_text("nodes: {a: {kind: transform, value: '1'}}")
    assert find("assistant", settings_of.load()) == mine


def test_a_name_that_is_nearly_a_graph_is_asked_about() -> None:
    with pytest.raises(UsageError) as failure:
        find("asistant", settings_of.load())
    assert failure.value.hint == 'did you mean "assistant"?'


@pytest.mark.parametrize(
    "name", ["a" * 5000, "a" * 300 + ".yaml", "~nobody-of-this-name/g.yaml", "no\0name", "", "\ud800"]
)
def test_an_impossible_name_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError) as failure:
        read_file(find(name, settings_of.load()), settings_of.load())
    assert failure.value.hint


def test_a_folder_is_no_graph(home: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_file(home, settings_of.load())


def test_prompts_are_looked_up_beside_the_graph_then_in_the_project_then_in_ours(home: Path) -> None:
    (home / "tinyllm.toml").touch()
    project, beside = home / "graphs" / "prompts", home / "elsewhere" / "prompts"
    for folder in (project, beside):
        folder.mkdir(parents=True)
    graph = beside.parent / "g.yaml"

    def prompt() -> str:
        return Prompts.beside(graph, settings_of.load()).text("general.md")

    ours = prompt()
    (project / "general.md").write_text("of the project")
    assert (ours != "of the project", prompt()) == (True, "of the project")
    (beside / "general.md").write_text("---\nrole: for people\n---\nbeside the graph\n")
    assert prompt() == "beside the graph"


@pytest.mark.parametrize("body", [b"\xff\xfe", None])
def test_a_prompt_that_is_no_text_is_a_fault_of_the_graph(home: Path, body: bytes | None) -> None:
    path = home / "p.md"
    path.write_bytes(body) if body else path.mkdir()
    (home / "g.yaml").write_text("nodes:\n  a: {prompt: p.md}\n")
    with pytest.raises(GraphError, match=r"g\.yaml:2: .*prompt file 'p\.md'"):
        read_file(home / "g.yaml", settings_of.load())


@pytest.mark.parametrize("name", ["n" * 4000 + ".md", "no\0name.md", "/etc/passwd.md", "~/x.md"])
def test_an_impossible_prompt_name_is_a_fault_of_the_graph(name: str) -> None:
    with pytest.raises(GraphError):
        read({"nodes": {"a": {"prompt": name}}})


# --- the value


def test_replacing_a_node_keeps_its_place_and_its_id() -> None:
    spec = read({"nodes": {"a": step(to="b"), "b": step(to="c"), "c": step()}})
    b = spec.nodes["b"]
    swapped = spec.replacing(
        "b", {"b": b.model_copy(update={"to": "b2"}), "b2": b.model_copy(update={"id": "b2"})}
    )
    assert list(swapped.nodes) == ["a", "b", "b2", "c"]
    assert swapped.reachable() == {"a", "b", "b2", "c"}
    assert list(spec.nodes) == ["a", "b", "c"]


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "from tinyllm.settings import load\nfrom tinyllm.spec import find, read_file\n"
        "print(read_file(find('assistant', load()), load()).fingerprint)"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    here = read_file(find("assistant", settings_of.load()), settings_of.load()).fingerprint
    assert prints == {here}


def test_the_fingerprint_follows_the_meaning_and_not_the_spelling() -> None:
    plain = read("nodes: {a: {kind: transform, value: '1'}}")
    spelled = read(
        "nodes:\n  a: # the only one\n    value: '1'\n    kind: transform\n    to: end\n    max_visits: 25\n"
    )
    other = read("nodes: {a: {kind: transform, value: '2'}}")
    assert plain.fingerprint == spelled.fingerprint != other.fingerprint


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_graph_written_out_reads_back_as_itself(path: Path) -> None:
    spec = read_file(path, settings_of.load())
    assert read(json.dumps(spec.as_dict()), str(path)).fingerprint == spec.fingerprint


def test_a_specialist_with_tools_becomes_two_nodes() -> None:
    spec = read({"nodes": {"a": {"prompt": "Hello", "tools": ["calc_*"]}}}).lowered()
    assert [(id, node.kind) for id, node in spec.nodes.items()] == [("a", "llm"), ("a.use", "use")]


def test_a_gate_is_told_whom_it_judges() -> None:
    nodes = {
        "a": {"prompt": "x", "to": "c"},
        "c": {"kind": "condition", "when": "true", "then": "g"},
        "g": {"kind": "gate"},
    }
    assert read({"nodes": nodes}).lowered().nodes["g"].judges == ("a",)  # type: ignore[attr-defined]


# --- the schema for editors


def test_the_json_schema_knows_every_kind_and_no_field_that_is_filled_in() -> None:
    shapes = schema()["properties"]["nodes"]["additionalProperties"]["oneOf"]
    assert {shape["title"] for shape in shapes} == {k.name for k in kinds().values() if not k.internal}
    assert not {"id", "use", "judges", "beside"} & {name for shape in shapes for name in shape["properties"]}


def test_the_json_schema_takes_the_shipped_graphs_and_refuses_a_broken_one() -> None:
    import yaml

    jsonschema = pytest.importorskip("jsonschema_rs", reason="comes with the development tools")
    validator = jsonschema.validator_for(schema())
    for path in SHIPPED:
        assert validator.is_valid(yaml.safe_load(path.read_text("utf-8"))), path
    for name in ("unknown_field", "unknown_kind", "wrong_types", "written_internals"):
        assert not validator.is_valid(yaml.safe_load((BROKEN / f"{name}.yaml").read_text("utf-8"))), name


# --- fuzz: whatever comes in, a graph or a TinyError comes out, and every graph builds


def only_typed(body: Any) -> None:
    """A graph that builds, or a typed error with something in it for a person."""
    try:
        spec = read(body, "g.yaml")
    except GraphError as failure:
        said = str(failure)
        assert said.startswith("g.yaml:"), said
        return
    target(len(spec.nodes))
    builds(spec)


def builds(spec: GraphSpec) -> None:
    services = Engine(spec, settings=settings_of.Settings()).services
    build(spec, services).get_graph()
    assert read(json.dumps(spec.as_dict())).fingerprint == spec.fingerprint


def fuzz(examples: int) -> Any:
    return settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


bodies = texts | texts.map(str.encode) | st.binary(max_size=60) | junk.map(json.dumps)


@fuzz(800)
@given(bodies)
def test_any_text_is_a_graph_or_a_typed_error(body: str | bytes) -> None:
    only_typed(body)


@fuzz(400)
@given(almost_graphs().map(json.dumps))
def test_almost_a_graph_in_json_is_a_graph_or_a_typed_error(body: str) -> None:
    only_typed(body)


@fuzz(500)
@given(almost_graphs())
def test_almost_a_graph_is_a_graph_that_builds_or_a_typed_error(body: Any) -> None:
    only_typed(body)


@fuzz(300)
@given(sound_graphs())
def test_every_sound_graph_builds(body: Any) -> None:
    builds(read(body))


@pytest.mark.evidence
@fuzz(10_000)
@given(bodies)
def test_any_text_is_a_graph_or_a_typed_error_ten_thousand_times(body: str | bytes) -> None:
    only_typed(body)


@pytest.mark.evidence
@fuzz(10_000)
@given(almost_graphs())
def test_almost_a_graph_is_a_graph_that_builds_ten_thousand_times(body: Any) -> None:
    only_typed(body)

"""Pictures of graphs, drawn here and offline."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sound import sound_graphs
from tinyllm import settings as settings_of
from tinyllm.draw import Format, arrows, draw
from tinyllm.spec import read, read_file

SHIPPED = sorted(settings_of.shipped().glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_node_and_every_exit_is_in_every_picture(path: object) -> None:
    spec = read_file(path, settings_of.load())  # type: ignore[arg-type]
    for form in ("mermaid", "svg", "text"):
        picture = draw(spec, form)
        assert all(id in picture for id in spec.nodes), form
    targets = {arrow.target for arrow in arrows(spec)}
    assert targets <= {*spec.nodes, "end", "refuse"}


def test_the_picture_names_the_ways_out() -> None:
    nodes = {"a": {"kind": "condition", "when": "true", "then": "b"}, "b": {"kind": "solve"}}
    assert "then: b | otherwise: end" in draw(read({"nodes": nodes}), "text")


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(sound_graphs(), st.sampled_from(["mermaid", "svg", "text"]))
def test_every_sound_graph_is_drawn(body: object, form: Format) -> None:
    picture = draw(read(body), form)  # type: ignore[arg-type]
    if form == "svg":
        ET.fromstring(picture)
    if form == "mermaid":
        assert "\n  end " not in picture  # a word that closes a block there


def test_a_name_with_signs_is_escaped() -> None:
    body = {"name": "<&>\"'", "nodes": {"a": {"kind": "solve"}}}
    ET.fromstring(draw(read(body), "svg"))

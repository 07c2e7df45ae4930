"""Whatever is sent, the simulator answers; whatever the schema, what it makes obeys it."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.testing.clients import http
from tinyllm.testing.simulator import Population, Request, Simulator
from tinyllm.testing.simulator.gojson import duration, encode
from tinyllm.testing.simulator.model import Name
from tinyllm.testing.simulator.schemas import conforms, constrained, example, violating

FIELDS = [
    "model",
    "name",
    "messages",
    "prompt",
    "stream",
    "format",
    "keep_alive",
    "tools",
    "options",
    "think",
    "truncate",
    "shift",
    "logprobs",
    "top_logprobs",
    "suffix",
    "system",
    "raw",
    "images",
    "input",
    "dimensions",
    "source",
    "destination",
    "verbose",
    "role",
    "content",
    "tool_calls",
    "function",
    "arguments",
    "num_ctx",
    "num_predict",
    "stop",
    "seed",
    "temperature",
    "type",
    "properties",
    "items",
    "enum",
    "required",
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**6),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(FIELDS),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)
# Mostly the right containers, with anything inside: what is refused at the door tells little.
CONTAINERS = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES)) | VALUES, max_size=3
        ),
        "tools": st.lists(st.fixed_dictionaries({}, optional={"function": VALUES}) | VALUES, max_size=2),
        "options": st.dictionaries(st.sampled_from(FIELDS), st.integers(-3, 10**6) | VALUES, max_size=3),
        "format": st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
        "think": LEAVES,
        "keep_alive": LEAVES,
        "stream": st.booleans(),
        "truncate": st.booleans(),
        "logprobs": st.booleans(),
        "input": VALUES,
        "dimensions": st.integers(-3, 99),
        "raw": st.booleans(),
    },
)
STARTS: tuple[dict[str, Any], ...] = (
    {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    {"model": "m", "prompt": "hi"},
    {"model": "m", "input": "hi"},
    {},
)
BODIES = st.builds(
    lambda start, more, odd: {**start, **more, **odd},
    st.sampled_from(STARTS),
    CONTAINERS,
    st.just({}) | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=2),
)


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed"])
async def test_any_body_gets_an_answer(path: str) -> None:
    crowd = Population.model_validate(
        {"models": {"m": {"capabilities": ["completion", "tools", "thinking"]}}}
    )
    async with Simulator(crowd, scale=0) as simulator:
        calls = http(simulator)

        async def answered(body: Any) -> None:
            response = await calls.post(path, content=json.dumps(body).encode())
            assert response.status_code in (200, 400, 403, 404, 500)
            for line in response.text.splitlines():
                assert isinstance(json.loads(line), dict)

        for body in _examples(50):
            await answered(body)


def _examples(count: int) -> list[Any]:
    found: list[Any] = []

    @settings(max_examples=count, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(BODIES)
    def collect(body: Any) -> None:
        found.append(body)

    collect()
    return found


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"type": "number", "minimum": 3},
            {"type": "boolean"},
            {"type": "null"},
            {"const": 7},
            {"enum": ["a", "b"]},
            {"$ref": "#/$defs/leaf"},
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            {},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 2}, inner),
        st.builds(
            lambda parts: {"type": "object", "properties": parts, "required": list(parts)},
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        ),
    ),
    max_leaves=6,
)


@given(SCHEMAS, st.text(max_size=10))
@settings(max_examples=200, deadline=None)
def test_what_is_made_from_a_schema_obeys_it(schema: Any, text: str) -> None:
    root = {
        "type": "object",
        "properties": {"x": schema},
        "required": ["x"],
        "$defs": {"leaf": {"type": "string"}},
    }
    assert conforms(example(root, root, text), root, root)
    assert conforms(json.loads(constrained(text, root)), root, root)
    assert not conforms(json.loads(violating(root)), root, root)


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "name": {"type": "string"}},
        "required": ["name"],
    }
    loop = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert conforms(example(tree, tree, "x"), tree, tree)
    assert isinstance(example(loop, loop, "x"), str)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_name_or_not(text: str) -> None:
    name = Name.read(text)
    assert name is None or Name.read(name.full) == name
    assert duration(text) is None or isinstance(duration(text), float)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_what_go_writes_python_reads(value: Any) -> None:
    written = encode(value)
    assert json.loads(written) == value
    assert not set(b"<>&\n") & set(written)


async def test_a_script_that_fails_fails_the_test() -> None:
    def broken(request: Request) -> str:
        raise ZeroDivisionError(request.path)

    simulator = await Simulator(broken).start()
    with pytest.raises(httpx.RemoteProtocolError):
        await http(simulator).post("/api/generate", json={"model": "m", "prompt": "hi"})
    with pytest.raises(ZeroDivisionError, match="/api/generate"):
        await simulator.__aexit__(None, None, None)

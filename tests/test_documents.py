"""Reading a file: the value, the lines, and every way to be wrong."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tinyllm.documents import Plain, read
from tinyllm.errors import GraphError
from tinyllm.problems import CONSIDERED, SHOWN, Faulty, Problem, did_you_mean, raise_all

GRAPH = """\
name: digest   # a comment
nodes:
  draft: {kind: llm, to: [check,
    end]}
  check:
    kind: gate
    tries: 2
"""


def faults(text: str | bytes, where: str = "g.yaml") -> Faulty:
    with pytest.raises(Faulty) as caught:
        read(text, where)
    return caught.value


def test_yaml_becomes_plain_data() -> None:
    assert read(GRAPH, "g.yaml").value == {
        "name": "digest",
        "nodes": {"draft": {"kind": "llm", "to": ["check", "end"]}, "check": {"kind": "gate", "tries": 2}},
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("nodes",), 2),
        (("nodes", "draft", "to", 0), 3),
        (("nodes", "draft", "to", 1), 4),
        (("nodes", "draft", "to", 7), 3),
        (("nodes", "check", "tries"), 7),
        (("nodes", "check", "missing"), 5),
        (("nowhere", "at", 1), 1),
        ((3,), 1),
    ],
)
def test_every_value_has_a_line(path: tuple[str | int, ...], line: int) -> None:
    assert read(GRAPH, "g.yaml").line(path) == line


def test_json_has_the_same_lines_as_the_same_text_in_yaml() -> None:
    text = json.dumps({"a": {"b": [1, {"c": "d"}]}, "e": '\U0001f600 \\ " /'}, indent=2)
    document = read(text, "g.json")
    assert document.value == json.loads(text)
    assert [document.line(path) for path in [("a",), ("a", "b", 0), ("a", "b", 1, "c"), ("e",)]] == [
        2,
        4,
        6,
        10,
    ]


def test_a_problem_tells_file_line_and_fix() -> None:
    problem = read(GRAPH, "g.yaml").problem(
        ("nodes", "check", "kind"), 'no kind "gat"', 'did you mean "gate"?'
    )
    assert str(problem) == 'g.yaml:6: no kind "gat" (did you mean "gate"?)'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("012", "012"),
        ("12:30:45", "12:30:45"),
        ("2026-11-21", "2026-11-21"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("-7", -7),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("NaN", "NaN"),
        ("null", None),
        ("~", None),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("", None),
        ("{a: b, c: 'd'}", {"a": "b", "c": "d"}),
        ("- &x {k: v}\n- *x", [{"k": "v"}, {"k": "v"}]),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_words_mean_what_they_look_like(text: str, value: Plain) -> None:
    assert read(text.encode(), "g.yaml").value == value


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("a: 1\nb: 2\na: 3", "YAML_DUPLICATE_KEY", "g.yaml:3: 'a' is already in line 1"),
        ('{"a": 1,\n"a": 2}', "YAML_DUPLICATE_KEY", "g.yaml:2: 'a' is already in line 1"),
        ("a: !!python/object/apply:os.system [id]", "YAML_UNSAFE_TAG", "g.yaml:1: the tag !!python/object"),
        ("a: !secret x", "YAML_UNSAFE_TAG", "the tag !secret is not allowed"),
        ("a: !!binary aGk=", "YAML_UNSAFE_TAG", "!!binary"),
        ("a: [1,\n2", "YAML_SYNTAX", "a bracket is not closed"),
        ("a:\n\tb: 1", "YAML_SYNTAX", "g.yaml:2: not YAML"),
        ("when: a: b", "YAML_SYNTAX", 'quote text that contains ": "'),
        ("a: *nothing", "YAML_SYNTAX", "no anchor &nothing"),
        ("a: &a [*a]", "YAML_SYNTAX", "no anchor &a"),
        ("a: 1\n---\nb: 2", "YAML_SYNTAX", "g.yaml:2: a second document"),
        ("<<: {a: 1}", "YAML_SYNTAX", "merge keys"),
        ("1: one", "YAML_SYNTAX", "a key must be text, not 1"),
        ("true: one", "YAML_SYNTAX", "a key must be text, not true"),
        ("~: one", "YAML_SYNTAX", "a key must be text, not null"),
        ("? [a]\n: b", "YAML_SYNTAX", "a key must be text, not a list or a mapping"),
        ("a: 123456789012345678901", "YAML_SYNTAX", "more than 64 bits"),
        ("a: 1" + "0" * 5000, "YAML_SYNTAX", "more than 64 bits"),
        ("a: 1e999", "YAML_SYNTAX", "too large to hold"),
        ("a: -.inf", "YAML_SYNTAX", "not a number that JSON knows"),
        ('{"a": NaN}', "YAML_SYNTAX", "NaN is not JSON"),
        ('{"a": "\\ud800"}', "NOT_TEXT", "half a character"),
        ("[" * 51 + "]" * 51, "INPUT_TOO_DEEP", "nested deeper than 50"),
        ("[" * 3000, "INPUT_TOO_DEEP", "nested deeper than 50"),
        ("[" * 200_000, "INPUT_TOO_DEEP", "nested deeper than 50"),
        ("- " * 3000 + "x", "INPUT_TOO_DEEP", "nested deeper than 50"),
        ("[" + "1," * 100_001 + "1]", "TOO_LARGE", "more than 100,000 values"),
        ("a" * 1_000_001, "TOO_LARGE", "larger than 1,000 kB"),
        ("- &a x\n" + "- *a\n" * 51, "TOO_LARGE", "more than 50 aliases"),
        ("a: \0", "NOT_TEXT", "g.yaml:1: a NUL character"),
        ("a: \ud800", "NOT_TEXT", "not UTF-8"),
        ("a: \x01", "YAML_SYNTAX", "control characters"),
        ('"\\UFFFFFFFF"', "YAML_SYNTAX", "not YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, code: str, told: str) -> None:
    error = faults(text)
    assert error.code == code
    assert told in str(error)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert faults(b"\xff\xfe\x00a").code == "NOT_TEXT"
    assert faults(b"\x89PNG\r\n\x1a\n\x00\x00").code == "NOT_TEXT"


def test_an_alias_bomb_stays_small() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 5)}]\n" for i in range(1, 10)
    )
    assert faults(bomb).code == "TOO_LARGE"


def test_broken_json_is_told_as_json_only_in_a_json_file() -> None:
    assert "g.json:2: not JSON" in str(faults('{"a": 1,\n}', "g.json"))
    assert read('{"a": 1,\n}', "g.yaml").value == {"a": 1}


def test_all_faults_of_a_file_are_told_at_once() -> None:
    error = faults("a: 1\na: 2\nb: !x 3\n4: c\n")
    assert str(error).splitlines() == [
        "g.yaml:2: 'a' is already in line 1 (keep one of them)",
        "g.yaml:3: the tag !x is not allowed (leave the tag out)",
        "g.yaml:4: a key must be text, not 4 (put the key in quotes)",
    ]
    assert [problem.line for problem in error.problems] == [2, 3, 4]
    assert error.exit_code == 3


def test_a_flood_of_problems_is_cut() -> None:
    with pytest.raises(GraphError) as caught:
        raise_all(Problem("f", line, "wrong") for line in range(1, 200))
    assert len(str(caught.value).splitlines()) == SHOWN + 1
    raise_all([])


def test_a_near_word_is_suggested() -> None:
    assert did_you_mean("chekc", ["route", "check"]) == 'did you mean "check"?'
    assert did_you_mean("END", ["end"]) == 'did you mean "end"?'
    assert did_you_mean("zzz", ["route", "check"]) == ""
    assert did_you_mean("x" * 10_000, ["y" * 10_000]) == ""
    assert did_you_mean("n10001", (f"n{i}" for i in range(10_000, 10_000 + CONSIDERED))) != ""


def test_importing_it_loads_no_yaml() -> None:
    code = "import sys, tinyllm.documents; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_reads_without_libyaml_too() -> None:
    broken = ["a: [1", "a:\n\tb: 1", "- " * 3000, '"\\UFFFFFFFF"', "a: &a [*a]"]
    code = f"""
import sys
sys.modules["yaml._yaml"] = None
from tinyllm.documents import read
from tinyllm.problems import Faulty
assert read({GRAPH!r}, "g").line(("nodes", "check", "tries")) == 7
for text in {broken!r}:
    try:
        read(text, "g")
    except Faulty:
        continue
    sys.exit(text)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.text("abc: #é\"'\\\n", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values, some.sampled_from([None, 1, "\t"]), some.booleans())
@settings(max_examples=200, deadline=None)
def test_any_json_reads_as_itself(value: Plain, indent: int | str | None, escaped: bool) -> None:
    text = json.dumps([value], indent=indent, ensure_ascii=escaped)
    assert read(text, "g.json").value == [value]


pieces = some.lists(
    some.sampled_from(
        ["a", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!x ", "!!str ", "'", '"', "|\n", ">\n", "#",
         "---\n", "...", "%YAML 1.1\n", "? ", "<<", "1", "\t", "\\", "\\x41", "\\ud83d", "~", "true", "\r", "\u2028", "é"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(pieces | some.text() | some.binary())
@settings(max_examples=800, deadline=None)
def test_noise_is_read_or_refused_in_our_words(noise: str | bytes) -> None:
    try:
        document = read(noise, "noise")
    except Faulty as error:
        told = str(error)
    else:
        told = json.dumps(document.value, allow_nan=False)
    told.encode()

"""A suite file says what is right, or everything that is wrong with it at once."""

from pathlib import Path

import pytest

from tinyllm.errors import GraphError, UsageError
from tinyllm.evals.case import SCORERS
from tinyllm.evals.scorers import SCORERS as FUNCTIONS
from tinyllm.evals.suite import chosen, find, listed, parsed, read
from tinyllm.settings import Settings

BAD = """\
name: bad
grph: assistant
cases:
  - id: a
    question: What is 2 + 2?
    equels: 4
  - id: a
    question: nothing is right here
  - question: x
    schema: {type: strin}
  - question: y
    numeric: many
    code: "def test_("
  - just text
  - {id: b, equals: 3}
  - {question: z, numeric: {value: 3, within: -1}}
  - {question: z, equals: 1, attach: nofile.csv}
"""


def faults(text: str, where: str = "s.yaml") -> list[str]:
    with pytest.raises(GraphError) as raised:
        parsed(text.encode(), where)
    assert raised.value.exit_code == 3
    return str(raised.value).splitlines()


def test_every_fault_is_told_at_once_with_its_line_and_its_fix() -> None:
    told = faults(BAD)
    assert [line.split(": ", 1)[0] for line in told] == [
        f"s.yaml:{line}" for line in (2, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17)
    ]
    assert told[0].endswith("""there is no field 'grph' here (did you mean "graph"?)""")
    assert told[1].endswith("""there is no field 'equels' here (did you mean "equals"?)""")
    assert "there are two cases 'a'" in told[2]
    assert "nothing says what is right (add one of contains," in told[3]
    assert "this is not a JSON schema" in told[4]
    assert "'many' is not a number" in told[5]
    assert "never closed" in told[6]
    assert "a case is a map" in told[7]
    assert "'question' is missing" in told[8]
    assert "numeric.within: should be at least 0" in told[9]
    assert "there is no file nofile.csv" in told[10]


def test_a_fault_in_json_lines_has_the_number_of_its_line() -> None:
    lines = [
        '{"question": "q", "equals": "4"}',
        '{"question": "r", equals}',
        "",
        '{"questn": "s", "equals": 1}',
    ]
    told = faults("\n".join(lines), "s.jsonl")
    assert told[0].startswith("s.jsonl:2: not JSON")
    assert told[1:] == [
        "s.jsonl:4: 'question' is missing (add `question:`)",
        """s.jsonl:4: there is no field 'questn' here (did you mean "question"?)""",
    ]


@pytest.mark.parametrize("text", ["", "cases: []", "name: x", "cases: {a: 1}", "3"])
def test_a_suite_without_cases_is_none(text: str) -> None:
    assert faults(text)


def test_yaml_json_and_json_lines_say_the_same(tmp_path: Path) -> None:
    yaml = "name: s\ncases:\n  - {id: a, question: q, equals: 4, tags: x}\n"
    json = '{"name": "s", "cases": [{"id": "a", "question": "q", "equals": "4", "tags": ["x"]}]}'
    lines = '{"name": "s"}\n{"id": "a", "question": "q", "equals": [4], "tags": ["x"]}\n'
    found = [
        parsed(text.encode(), f"s.{ending}")
        for text, ending in ((yaml, "yaml"), (json, "json"), (lines, "jsonl"))
    ]
    assert [suite.name for suite in found] == ["s", "s", "s"]
    assert found[0].cases == found[1].cases == found[2].cases
    assert len({suite.cases[0].fingerprint for suite in found}) == 1


def test_a_graph_in_a_suite_is_checked_with_it() -> None:
    graph = "graph:\n  nodes:\n    a: {kind: solve, declines: nowhere}\n"
    told = faults(f"name: s\n{graph}cases:\n  - {{question: q}}\n")
    assert told[0].startswith("s.yaml:2: ")
    assert "'nowhere'" in told[0]
    assert told[1].startswith("s.yaml:6: nothing says what is right")


def test_a_list_alone_is_a_suite_named_by_its_file() -> None:
    suite = parsed(b"- {question: q, equals: yes}\n- {question: r, equals: 3.5}", "some/mine.yaml")
    assert suite.name == "mine"
    assert [case.id for case in suite.cases] == ["case-1", "case-2"]
    assert [case.wanted for case in suite.cases] == [{"equals": ("yes",)}, {"equals": ("3.5",)}]


def test_a_name_is_looked_up_in_the_project_first(tmp_path: Path) -> None:
    settings = Settings(project=tmp_path)
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.jsonl").write_text('{"question": "q", "equals": "1"}')
    assert find("mine", settings) == tmp_path / "evals" / "mine.jsonl" == listed(settings)["mine"]
    with pytest.raises(UsageError, match="no suite 'mind'") as raised:
        find("mind", settings)
    assert raised.value.hint == 'did you mean "mine"?'
    with pytest.raises(UsageError, match="there is no file"):
        read(find("gone.yaml", settings))


def test_the_fingerprint_is_of_what_decides() -> None:
    a, b, c, d = parsed(
        b"- {id: a, question: q, equals: 1}\n- {id: b, question: q, equals: 1, tags: x}\n"
        b"- {id: c, question: q, equals: 2}\n- {id: d, question: r, equals: 1}",
        "s.yaml",
    ).cases
    assert a.fingerprint == b.fingerprint
    assert len({case.fingerprint for case in (a, c, d)}) == 3


def test_cases_are_drawn_repeatably() -> None:
    text = "\n".join(f"- {{question: q{n}, equals: {n}}}" for n in range(40))
    suite = parsed(text.encode(), "s.yaml")
    first = [case.question for case in chosen(suite, 5, seed=3)]
    assert first == [case.question for case in chosen(suite, 5, seed=3)]
    assert first != [case.question for case in chosen(suite, 5, seed=4)]
    assert [case.question for case in chosen(suite, 5)] == ["q0", "q1", "q2", "q3", "q4"]
    assert len(chosen(suite)) == 40


def test_every_demand_has_its_scorer() -> None:
    assert set(FUNCTIONS) == set(SCORERS)

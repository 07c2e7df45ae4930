"""Reports: tables that show strangers' text as text, plots without a script, and XML that can be read."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tinyllm import evals
from tinyllm.evals.reports import told
from tinyllm.evals.results import Results, Row

HOSTILE = '<script>alert(1)</script> | **bold** & "quoted" \x00\x1b[31m ]]> ￿'


@pytest.fixture
def results(tmp_path: Path) -> Results:
    found = Results(tmp_path / "r.jsonl")
    for graph, outcomes in (("old", "rrrwxf"), ("new", "rrrrrw")):
        for n, letter in enumerate(outcomes):
            outcome = {"r": "right", "w": "wrong", "x": "refused", "f": "failed"}[letter]
            found.add(
                Row(
                    suite="mine", graph=graph, case=f"c{n}", fingerprint="f", about=f"a{n}",
                    outcome=outcome,  # type: ignore[arg-type]
                    scores={"equals": "" if letter == "r" else HOSTILE}, question=f"What? {HOSTILE}", answer=HOSTILE,
                    status="committed" if letter in "rw" else "refused", evidence="executed" if n % 2 else "",
                    tags=("even",) if n % 2 == 0 else ("odd",), tier=n % 3, calls=1, tokens_in=10 * n, tokens_out=5,
                    ms=100.0 * (n + 1),
                )
            )  # fmt: skip
    return Results.read(found.path)


def test_markdown_has_the_figures_and_the_comparison(results: Results) -> None:
    text = evals.report(results, "markdown")
    assert "| right | 3/6 = 50.0% (18.8% to 81.2%) | 5/6 = 83.3% (43.6% to 97.0%) |" in text
    assert "| ms p50 / p90 / p99 | 350.0 / 550.0 / 595.0 | 350.0 / 550.0 / 595.0 |" in text
    assert (
        "| evidence: executed | 2/2 = 100.0% (34.2% to 100.0%)" not in text
    )  # c3 of old is shipped and wrong
    assert "| of wrong answers, shipped | 1/2 = 50.0%" in text
    assert "| reached tier 2 | 2 | 2 |" in text
    assert "B − A = +33.3%" in text
    assert "<script>" not in text


def test_junit_is_read_by_a_parser(results: Results) -> None:
    root = ET.fromstring(evals.report(results, "junit"))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("12", "3", "1")
    old = root.findall("testsuite")[0]
    assert (old.get("name"), old.get("tests"), old.get("failures"), old.get("errors")) == (
        "mine.old",
        "6",
        "2",
        "1",
    )
    cases = old.findall("testcase")
    assert [case.get("name") for case in cases] == [f"c{n}" for n in range(6)]
    assert [len(case) for case in cases] == [0, 0, 0, 1, 1, 1]
    assert [case[0].tag for case in cases[3:]] == ["failure", "failure", "error"]
    assert "<script>alert(1)</script>" in (cases[3][0].text or "")
    assert float(cases[0].get("time") or 0) == 0.1


def test_html_stands_alone_and_has_its_plots(results: Results) -> None:
    text = evals.report(results, "html")
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 4
    drawn = [ET.fromstring(picture) for picture in pictures]
    titles = [next(drawn_.iter("{http://www.w3.org/2000/svg}text")).text for drawn_ in drawn]
    assert titles == [
        "What came of it",
        "Right, with 95 % intervals",
        "Of the answers shipped, right by evidence",
        "Answered within",
    ]
    assert "<script" not in text
    assert not re.search(r"(?:src|href)\s*=|@import|url\(", text)
    widths = [float(bar.get("width", 0)) for bar in drawn[0].iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[:2] == pytest.approx(
        [widths[4] * 3 / 5, widths[4] / 5], abs=0.2
    )  # 3 and 1 of 6 against 5 of 6


def test_rows_stand_in_the_order_of_the_suite_and_the_model_in_the_name(tmp_path: Path) -> None:
    for file, model in (("a", "small:1b"), ("b", "large:9b")):
        found = Results(tmp_path / file)
        for n in (2, 0, 11, 1):
            found.add(
                Row(
                    suite="s", graph="hello", case=f"x{99 - n}", fingerprint="f", about=f"{n}", outcome="wrong",
                    number=n, model=model,
                )
            )  # fmt: skip
    read = Results.read(tmp_path / "a")
    root = ET.fromstring(evals.report(read, "junit"))
    assert [case.get("name") for case in root.iter("testcase")] == ["x99", "x98", "x97", "x88"]
    assert re.findall(r"</span> (x\d+):", evals.report(read, "html")) == ["x99", "x98", "x97", "x88"]
    between = evals.compare(tmp_path / "a", tmp_path / "b")
    assert told(between)[0].startswith("A is hello with small:1b, B is hello with large:9b: 4 cases")
    assert (between.as_dict()["a"], evals.Summary(read.of()).as_dict()["graph"]) == (
        "hello with small:1b",
        "hello",
    )


def test_one_graph_is_reported_without_a_comparison(results: Results) -> None:
    alone = Results(results.path, {key: row for key, row in results.rows.items() if key[0] == "old"})
    assert "Compared" not in evals.report(alone, "markdown")
    assert "Compared" not in evals.report(alone, "html")

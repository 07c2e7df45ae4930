"""A report of results: Markdown for a pull request, HTML for people, JUnit for a build server."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from tinyllm.evals.comparison import Comparison, compare
from tinyllm.evals.page import page
from tinyllm.evals.results import Results, Row
from tinyllm.evals.summary import Summary
from tinyllm.paired import Paired

Format = Literal["markdown", "html", "junit"]
SHOWN = 20
NOT_RIGHT = {"wrong": "wrong, shipped", "refused": "refused", "failed": "failed"}
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(results: Results, format: Format = "markdown") -> str:
    """The results, and where there are two graphs, their comparison."""
    summaries = [Summary(results.of(graph)) for graph in results.graphs]
    between = compare(summaries[0].side, summaries[1].side) if len(summaries) == 2 else None
    if format == "junit":
        return _junit(summaries)
    return page(summaries, between) if format == "html" else _markdown(summaries, between)


def _markdown(summaries: Sequence[Summary], between: Comparison | None) -> str:
    suite = next((row.suite for summary in summaries for row in summary.rows), "")
    head = ("", *(_cell(summary.side.name) for summary in summaries))
    lines = [f"# Evaluation of {_cell(suite)}", "", *_table(head, figures(summaries))]
    for summary in summaries:
        wrong = [row for row in summary.rows if not row.right]
        if wrong:
            lines += ["", f"## Not right: {_cell(summary.side.name)}", ""]
            rows = [(row.case, row.outcome, row.why) for row in wrong[:SHOWN]]
            lines += _table(("case", "outcome", "why"), rows)
            lines += [f"\n… and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    if between is not None:
        lines += ["", "## Compared", "", *(f"- {_cell(line)}" for line in told(between))]
    return "\n".join([*lines, ""])


def figures(summaries: Sequence[Summary]) -> list[tuple[str, ...]]:
    """The figures of each graph, a line for each figure."""
    rows = [
        ("right", *(str(each.right) for each in summaries)),
        *((what, *(str(each.outcomes[name]) for each in summaries)) for name, what in NOT_RIGHT.items()),
        ("of wrong answers, shipped", *(str(each.shipped) for each in summaries)),
        ("of right answers, refused", *(str(each.rejected) for each in summaries)),
        *_groups("evidence: ", [each.evidence for each in summaries]),
        *_groups("tag: ", [each.tags for each in summaries]),
        *_groups("reached ", [each.tiers for each in summaries]),
        ("ms p50 / p90 / p99", *(_points(each.ms) for each in summaries)),
        ("tokens p50 / p90 / p99", *(_points(each.tokens) for each in summaries)),
    ]
    costs = {name: name.replace("_", " ") for name in summaries[0].cost}
    return rows + [(what, *(f"{each.cost[name]:,}" for each in summaries)) for name, what in costs.items()]


def _groups(what: str, groups: Sequence[Mapping[str, object]]) -> list[tuple[str, ...]]:
    """A line for each group that one of the graphs has."""
    names = sorted({name for group in groups for name in group})
    return [(f"{what}{name}", *(str(group.get(name, "none")) for group in groups)) for name in names]


def told(found: Comparison) -> list[str]:
    """A comparison in sentences."""
    paired = found.paired
    slower, more = found.slower_ms, found.more_tokens
    lines = [
        f"A is {found.a.name}, B is {found.b.name}: {paired.cases} cases in common"
        + (f", {found.dropped} left out (changed, or only one has them)" if found.dropped else ""),
        f"both right {paired.both}, only A {paired.only_a}, only B {paired.only_b}, neither {paired.neither}",
        _difference(paired),
        f"wrong answers shipped: B − A = {-found.shipped.difference:+z.1%}, p = {found.shipped.p_value:.3g}",
        f"ms per case: B − A = {slower[0]:+z.1f} (95 %: {slower[1].low:+z.1f} to {slower[1].high:+z.1f}, bootstrap of the median)",
        f"tokens per case: B − A = {more[0]:+z.0f} (95 %: {more[1].low:+z.0f} to {more[1].high:+z.0f})",
    ]
    for name, rows in (("lost", found.lost), ("won", found.won)):
        if rows:
            cases = ", ".join(row.case for row in rows[:SHOWN])
            lines.append(f"{name}: {cases}{' …' if len(rows) > SHOWN else ''}")
    return [*lines, found.verdict]


def _difference(paired: Paired) -> str:
    low, high = paired.interval()
    interval = f"(95 %: {low:+z.1%} to {high:+z.1%}, Newcombe for pairs)"
    return f"B − A = {paired.difference:+z.1%} {interval}; McNemar exact p = {paired.p_value:.3g}"


def _points(values: dict[str, float]) -> str:
    return " / ".join(f"{value:,.1f}" for value in values.values()) or "none"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _cell(text: str) -> str:
    """Text of strangers in a table: it may say what it likes, and mean nothing."""
    line = " ".join(text.split())[:300]
    return re.sub(r"([\\`*_{}\[\]<>|#!])", r"\\\1", line)


def _junit(summaries: Sequence[Summary]) -> str:
    """A test case for each case; what was refused or wrong failed, what broke is an error."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    total = sum(len(each.rows) for each in summaries)
    bad = sum(each.outcomes["wrong"] + each.outcomes["refused"] for each in summaries)
    broken = sum(each.outcomes["failed"] for each in summaries)
    lines.append(f'<testsuites tests="{total}" failures="{bad}" errors="{broken}">')
    for each in summaries:
        suite = next((row.suite for row in each.rows), "")
        seconds = sum(row.ms for row in each.rows) / 1000
        name = quoteattr(_printable(f"{suite}.{each.side.name}"))
        out = each.outcomes
        lines.append(
            f'<testsuite name={name} tests="{len(each.rows)}" failures="{out["wrong"] + out["refused"]}" '
            f'errors="{out["failed"]}" skipped="0" time="{seconds:.3f}">'
        )
        lines += [_testcase(row, name) for row in each.rows]
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _testcase(row: Row, suite: str) -> str:
    opened = f'<testcase classname={suite} name={quoteattr(_printable(row.case))} time="{row.ms / 1000:.3f}"'
    if row.right:
        return f"{opened}/>"
    kind = "error" if row.outcome == "failed" else "failure"
    body = escape(_printable(f"question: {row.question}\nanswer: {row.answer}\n{row.why}"))
    return f"{opened}><{kind} message={quoteattr(_printable(row.why))} type={quoteattr(row.outcome)}>{body}</{kind}></testcase>"


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return UNPRINTABLE.sub("\ufffd", text)

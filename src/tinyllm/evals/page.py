"""Results as one page of HTML that needs nothing else: no script, no font, no address."""

from collections.abc import Sequence
from html import escape

from tinyllm.evals import plots
from tinyllm.evals.comparison import Comparison
from tinyllm.evals.results import Row
from tinyllm.evals.summary import Share, Summary

STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#202124}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #dadce0;padding:.25rem .6rem;text-align:left;
vertical-align:top}svg{max-width:100%;height:auto;display:block;margin:1rem 0}.right{color:#188038}.wrong{color:#d93025}
.refused{color:#b06000}.failed{color:#5f6368}details{margin:.3rem 0}pre{white-space:pre-wrap;background:#f1f3f4;padding:.5rem}"""
MOST = 2_000  # cases that are shown
LONGEST = 4_000  # characters of an answer that are shown


def page(summaries: Sequence[Summary], between: Comparison | None) -> str:
    """Figures, plots, and every case with its answer."""
    from tinyllm.evals.reports import figures, told

    suite = next((row.suite for summary in summaries for row in summary.rows), "")
    title = f"Evaluation of {suite}"
    head = "".join(f"<th>{escape(each.side.name)}</th>" for each in summaries)
    body = [f"<h1>{escape(title)}</h1>", f"<table><tr><th></th>{head}</tr>"]
    body += [f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in figures(summaries)]
    body.append("</table>")
    if between is not None:
        body.append(
            f"<h2>Compared</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in told(between))}</ul>"
        )
    body += _pictures(summaries)
    for each in summaries:
        body.append(f"<h2>{escape(each.side.name)}</h2>")
        body += [_case(row) for row in each.rows[:MOST]]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _pictures(summaries: Sequence[Summary]) -> list[str]:
    def by(groups: Sequence[dict[str, Share]]) -> dict[str, dict[str, Share]]:
        return {each.side.name: group for each, group in zip(summaries, groups, strict=True)}

    every = by([{"all": each.right, **each.tags} for each in summaries])
    pictures = [
        plots.outcomes("What came of it", {each.side.name: each.outcomes for each in summaries}),
        plots.shares("Right, with 95 % intervals", every),
    ]
    if any(each.evidence for each in summaries):
        pictures.append(
            plots.shares(
                "Of the answers shipped, right by evidence", by([each.evidence for each in summaries])
            )
        )
    times = {each.side.name: [row.ms for row in each.rows] for each in summaries}
    return [*pictures, plots.times("Answered within", times)]


def _case(row: Row) -> str:
    where = " · ".join(filter(None, (" → ".join(row.models), row.evidence, f"{row.ms:,.0f} ms", row.run)))
    said = f"<p>{escape(row.why)}</p>" if row.why else ""
    return (
        f'<details><summary><span class="{row.outcome}">{row.outcome}</span> {escape(row.case)}: '
        f"{escape(' '.join(row.question.split())[:120])}</summary>{said}<pre>{escape(row.question[:LONGEST])}</pre>"
        f"<pre>{escape(row.answer[:LONGEST])}</pre><p>{escape(where)}</p></details>"
    )

"""How right, how sure and how fast the embedded router is, each source judged by weights that never saw it.

    python benchmarks/routing.py --data FILE [--json] [--svg docs/routing-reliability.svg]

Every source in turn is left out, the router is trained on the rest exactly as `python -m tinyllm.routing train`
does (its calibration included), and routes the source left out. Rows of the rest that contain a question of the
source left out, or are contained in one, are left out with it. A source whose labels no other source has cannot be
judged so and is not scored. On two cores this takes some five minutes for 12,000 rows.
"""

import argparse
import json
import platform
import subprocess
import sys
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from tinyllm.routing.labelled import Row, read
from tinyllm.routing.measures import Bin, Judged, measure
from tinyllm.routing.router import SHIPPED, shipped
from tinyllm.routing.training import train

BARS = {"exact": 0.66, "core_exact": 0.74, "core_at_least_one": 0.85, "most_sure_exact": 0.85}
MEDIAN_MS = 0.3
SHORTEST_COPY = 20
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 500" role="img" aria-label="Confidence of routes against how often they are right">
<style>text{{font:13px sans-serif;fill:#555}}path{{stroke:#ddd;fill:none}}circle{{fill:#2a6fb0;fill-opacity:.8}}</style>
<rect width="500" height="500" fill="#fff"/>
{ticks}
<path d="M60 440L460 40" style="stroke:#999;stroke-dasharray:5 4"/>
{dots}
<text x="260" y="485" text-anchor="middle">confidence</text>
<text x="18" y="240" text-anchor="middle" transform="rotate(-90 18 240)">exactly right</text>
</svg>
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="labelled JSONL with a source on every line")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--svg", help="draw the reliability plot here")
    given = parser.parse_args()
    rows = read(given.data)
    found = measure(left_out(rows))
    report: dict[str, Any] = {
        "quality": found.as_dict(),
        "speed": speed(rows),
        "import": start_up(),
        "machine": platform.platform(),
    }
    report["passed"] = passed(report)
    if given.svg:
        Path(given.svg).write_text(plot(found.bins), encoding="utf-8")
    print(json.dumps(report, indent=2) if given.json else told(report))
    return 0 if all(report["passed"].values()) else 8


def left_out(rows: list[Row]) -> list[Judged]:
    judged = []
    for source in scored(rows):
        apart = [row for row in rows if row.source == source]
        rest = without_copies([row for row in rows if row.source != source], apart)
        router = train(rest)
        judged += [Judged(row.labels, router.route(row.question), source) for row in apart]
        print(f"{source}: {len(apart)} judged by {len(rest)}", file=sys.stderr)
    return judged


def scored(rows: list[Row]) -> list[str]:
    """The sources that share every one of their labels with another source."""
    where: dict[str, set[str]] = {}
    for row in rows:
        for label in row.labels:
            where.setdefault(label, set()).add(row.source)
    alone = {source for sources in where.values() if len(sources) == 1 for source in sources}
    return sorted({row.source for row in rows} - alone)


def without_copies(rest: list[Row], apart: list[Row]) -> list[Row]:
    held = "\0".join(row.question for row in apart)
    whole = "\0".join(row.question for row in rest)
    ends = list(accumulate(len(row.question) + 1 for row in rest))
    copies = {i for i, row in enumerate(rest) if len(row.question) >= SHORTEST_COPY and row.question in held}
    for row in apart:
        at = whole.find(row.question) if len(row.question) >= SHORTEST_COPY else -1
        while at >= 0:
            copies.add(bisect_right(ends, at))
            at = whole.find(row.question, at + 1)
    return [row for i, row in enumerate(rest) if i not in copies]


def speed(rows: list[Row]) -> dict[str, float]:
    router = shipped()
    times = []
    for row in rows:
        began = perf_counter()
        router.route(row.question)
        times.append(1000 * (perf_counter() - began))
    huge = "Is this 1 long [question] with $x$ and {code}; " * 220_000
    began = perf_counter()
    router.route(huge)
    cuts = quantiles(times, n=100)
    return {
        "median_ms": round(median(times), 4),
        "p95_ms": round(cuts[94], 4),
        "p99_ms": round(cuts[98], 4),
        "ten_megabytes_ms": round(1000 * (perf_counter() - began), 2),
    }


def start_up() -> dict[str, float]:
    """Milliseconds in a fresh process: to import, and to the first route."""
    code = (
        "import time; a = time.perf_counter(); from tinyllm.routing import route; b = time.perf_counter();"
        "route('hello'); c = time.perf_counter(); print(1000 * (b - a), 1000 * (c - b))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
        for _ in range(7)
    ]
    pairs = [tuple(map(float, run.stdout.split())) for run in runs]
    return {
        "import_ms": round(median(a for a, _ in pairs), 2),
        "first_route_ms": round(median(b for _, b in pairs), 2),
        "weights_bytes": SHIPPED.stat().st_size,
    }


def passed(report: dict[str, Any]) -> dict[str, bool]:
    return {name: report["quality"][name] >= bar for name, bar in BARS.items()} | {
        "median_ms": report["speed"]["median_ms"] <= MEDIAN_MS,
        "weights_bytes": report["import"]["weights_bytes"] <= 100_000,
    }


def told(report: dict[str, Any]) -> str:
    quality = report["quality"]
    lines = ["| measure | bar | found |", "| --- | --- | --- |"]
    lines += [f"| {name.replace('_', ' ')} | {bar:.2f} | {quality[name]:.3f} |" for name, bar in BARS.items()]
    lines += [f"| median route, ms | {MEDIAN_MS} | {report['speed']['median_ms']} |"]
    lines += [
        f"| calibration error | | {quality['calibration_error']:.3f} |",
        "",
        "| source | exact |",
        "| --- | --- |",
    ]
    lines += [f"| {source} | {right:.3f} |" for source, right in quality["by_source"].items()]
    lines += ["", "| promised | rows | mean promise | right |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {b['low']:.1f} to {b['high']:.1f} | {b['count']} | {b['confidence']:.3f} | {b['right']:.3f} |"
        for b in quality["bins"]
    ]
    rest = {**report["speed"], **report["import"], "labels": quality["label_calibration_error"]}
    return "\n".join([*lines, "", *(f"{name}: {value}" for name, value in rest.items())])


def plot(bins: tuple[Bin, ...]) -> str:
    """Promise against truth; the area of a dot is the number of routes."""
    most = max(b.count for b in bins)
    dots = [
        f'<circle cx="{60 + 400 * b.confidence:.1f}" cy="{440 - 400 * b.right:.1f}" '
        f'r="{3 + 13 * (b.count / most) ** 0.5:.1f}"><title>{b.count} routes: promised {b.confidence:.0%}, '
        f"right {b.right:.0%}</title></circle>"
        for b in bins
    ]
    ticks = [
        f'<path d="M{60 + 400 * t:.0f} 440v-400M60 {440 - 400 * t:.0f}h400"/>'
        f'<text x="{60 + 400 * t:.0f}" y="458" text-anchor="middle">{t:.1f}</text>'
        f'<text x="52" y="{444 - 400 * t:.0f}" text-anchor="end">{t:.1f}</text>'
        for t in (0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    return FRAME.format(ticks="\n".join(ticks), dots="\n".join(dots))


if __name__ == "__main__":
    sys.exit(main())

"""How often `classify` is right, on a file of labelled failures, with and without its message rules."""

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tinyllm.errors.case import from_row
from tinyllm.errors.diagnosis import Diagnosis, diagnose

KINDS = ("timeout", "validation", "retryable", "permanent", "cancelled")


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def share(right: int, total: int) -> float:
    return round(100 * right / total, 1) if total else 0.0


def accepted(row: dict[str, Any], verdict: Diagnosis) -> bool:
    return verdict.kind in (row["class"], row.get("ambiguous"))


def score(rows: list[dict[str, Any]], *, texts: bool = True) -> dict[str, Any]:
    verdicts = [diagnose(from_row(row), texts=texts) for row in rows]
    pairs = list(zip(rows, verdicts, strict=True))
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    for row, verdict in pairs:
        confusion[row["class"]][verdict.kind] += 1
    return {
        "rows": len(rows),
        "accuracy": share(sum(row["class"] == verdict.kind for row, verdict in pairs), len(rows)),
        "accuracy_lenient": share(sum(accepted(row, verdict) for row, verdict in pairs), len(rows)),
        "macro_f1": macro_f1(confusion),
        "breaker": share(sum(row["breaker"] == verdict.breaker for row, verdict in pairs), len(rows)),
        "retry": share(sum(row["retry"] == verdict.retry for row, verdict in pairs), len(rows)),
        "confusion": {kind: dict(confusion[kind]) for kind in KINDS if confusion[kind]},
    }


def macro_f1(confusion: dict[str, Counter[str]]) -> float:
    present = [kind for kind in KINDS if confusion[kind]]
    return round(100 * sum(f1(confusion, kind) for kind in present) / len(present), 1) if present else 0.0


def f1(confusion: dict[str, Counter[str]], kind: str) -> float:
    right = confusion[kind][kind]
    said = sum(row[kind] for row in confusion.values())
    return 2 * right / (said + confusion[kind].total()) if right else 0.0


def wrong(rows: list[dict[str, Any]], *, texts: bool = True) -> list[str]:
    """Each miss in a line: what it was, what was said, and by which layer."""
    lines = []
    for row in rows:
        verdict = diagnose(from_row(row), texts=texts)
        said = (verdict.kind, verdict.breaker, verdict.retry)
        if not accepted(row, verdict) or said[1:] != (row["breaker"], row["retry"]):
            asked = (row["class"], row["breaker"], row["retry"])
            lines.append(
                f"{row['id']:18} asked {asked} said {said} {verdict.code} by {verdict.layer}: {row['message'][:90]!r}"
            )
    return lines


def table(confusion: dict[str, dict[str, int]]) -> str:
    head = "| is \\ said | " + " | ".join(KINDS) + " |\n|---" * 1 + "|---" * len(KINDS) + "|"
    lines = [
        f"| {kind} | " + " | ".join(str(row.get(said, 0)) for said in KINDS) + " |"
        for kind, row in confusion.items()
    ]
    return "\n".join([head, *lines])


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path, default=Path(__file__).parent / "failures.jsonl")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument("--wrong", action="store_true", help="list what was missed")
    given = ask.parse_args()
    rows = rows_of(given.data)
    full = score(rows)
    bare = score(rows, texts=False)
    if given.json:
        print(json.dumps({**full, "without_message_rules": bare}, ensure_ascii=False))
        return 0
    for name, result in (("with message rules", full), ("without message rules", bare)):
        print(
            f"{name}: " + "  ".join(f"{key} {value}" for key, value in result.items() if key != "confusion")
        )
    print(table(full["confusion"]))
    if given.wrong:
        print(*wrong(rows), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

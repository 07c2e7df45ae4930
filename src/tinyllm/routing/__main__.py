"""`python -m tinyllm.routing`: train a router on your own labels, or see how good one is."""

import argparse
import json
import sys
from pathlib import Path

from tinyllm.errors import TinyError, UsageError
from tinyllm.installing import install
from tinyllm.routing.labelled import read
from tinyllm.routing.measures import Judged, Measures, measure
from tinyllm.routing.router import Router, shipped


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    try:
        say(
            train(given.file, given.out)
            if given.task == "train"
            else evaluate(given.file, given.router, given.json)
        )
    except TinyError as error:
        sys.stderr.write(f"error  {error}\n" + (f"try    {error.hint}\n" if error.hint else ""))
        return error.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyllm.routing", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    training = tasks.add_parser("train", help="learn from labelled JSONL (needs NumPy)")
    training.add_argument("file", help='lines like {"query": "…", "labels": ["…"], "source": "…"}')
    training.add_argument(
        "-o", "--out", help="where to write the weights (default: beside FILE's name, here)"
    )
    judging = tasks.add_parser("evaluate", help="compare a router with labelled JSONL")
    judging.add_argument("file", help="labelled questions that it was not trained on")
    judging.add_argument("-r", "--router", help="weights to evaluate (default: the shipped ones)")
    judging.add_argument("--json", action="store_true")
    return parser


def train(file: str, out: str | None) -> str:
    try:
        from tinyllm.routing.training import train
    except ImportError as error:
        raise UsageError("training a router needs NumPy", hint=install("train")) from error
    router = train(read(file), tell=lambda step: sys.stderr.write(f"{step}\n"))
    target = Path(out or f"{Path(file).stem}.router.json.gz")
    router.save(target)
    right = router.about["exact on sources held out"]
    return f"{target}: {len(router.weights)} features, {target.stat().st_size:,} bytes, {right:.1%} right held out"


def evaluate(file: str, weights: str | None, as_json: bool) -> str:
    router = Router.load(weights) if weights else shipped()
    found = measure([Judged(row.labels, router.route(row.question), row.source) for row in read(file)])
    return json.dumps(found.as_dict(), indent=2) if as_json else told(found)


def told(found: Measures) -> str:
    lines = [
        f"rows                      {found.rows}",
        f"exactly right             {found.exact:.1%}",
        f"at least one label right  {found.at_least_one:.1%}",
        f"the surest 40 % right     {found.most_sure_exact:.1%}",
        f"calibration error         {found.calibration_error:.3f}",
    ]
    lines += [f"  {right:6.1%}  {source}" for source, right in found.by_source.items() if source]
    return "\n".join(lines)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())

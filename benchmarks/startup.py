"""How long the command line takes to say anything, beside the time its own library takes to load.

`tinyllm --help` and `--version` against `python -c "import typer"`, byte code cached, medians of alternating runs.
"""

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 2.5
PROGRAM = str(Path(sys.executable).parent / "tinyllm")
WAYS = {
    "import typer": [sys.executable, "-c", "import typer"],
    "--version": [PROGRAM, "--version"],
    "--help": [PROGRAM, "--help"],
}


def seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)
    return time.perf_counter() - started


def main() -> int:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--runs", type=int, default=21, help="how often each way is run")
    runs = max(15, reading.parse_args().runs)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=1)
    for command in WAYS.values():
        seconds(command, environment)
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(runs):
        for name, command in WAYS.items():
            times[name].append(seconds(command, environment))
    base = statistics.median(times["import typer"])
    worst = 0.0
    for name, taken in times.items():
        ratio = statistics.median(taken) / base
        worst = max(worst, ratio)
        print(f"{name:<14} {statistics.median(taken) * 1000:7.1f} ms  {ratio:5.2f} x")
    print(f"{'ok' if worst <= LIMIT else 'TOO SLOW'}: at most {LIMIT} x, over {runs} alternating runs")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

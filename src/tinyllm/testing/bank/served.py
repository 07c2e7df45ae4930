"""A population served by a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SERVE = "import sys; from tinyllm.cli import main; main(['sim', 'serve', sys.argv[1], '--port', '0'])"


@contextmanager
def served(population: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The address of a server that answers for this population for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "population.json"
    file.write_text(json.dumps(population, ensure_ascii=False), "utf-8")
    process = subprocess.Popen(  # noqa: S603 — our own interpreter
        [sys.executable, "-c", _SERVE, str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        if " at http" not in line:
            raise RuntimeError(f"the simulator did not start: {line}{process.stdout.read()}")
        yield line.split(" at ", 1)[1].split(": ", 1)[0].strip()
    finally:
        process.terminate()
        process.wait(10)

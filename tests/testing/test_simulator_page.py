"""What the page about the simulator shows, works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tinyllm.testing.simulator import read_population
from tinyllm.testing.simulator.model import Fault, Model
from tinyllm.testing.simulator.population import Population
from tinyllm.testing.simulator.reply import Reply

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_population_on_the_page_is_one(tmp_path: Path) -> None:
    file = tmp_path / "crowd.yaml"
    file.write_text(blocks("yaml")[0], "utf-8")
    assert set(read_population(file).models) == {"qwen2.5:0.5b", "qwen3:8b", "parrot", "big:70b"}


@pytest.mark.parametrize("code", blocks("python"))
def test_the_programs_on_the_page_run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_key_is_on_the_page() -> None:
    keys = {*Population.model_fields, *Model.model_fields} - {
        "name",
        "family",
        "quantization",
        "system",
        "template",
    }
    keys -= {"parameters", "embedding"}
    faults = Fault.model_fields["fault"].annotation
    words = {*keys, *getattr(faults, "__args__", ()), *Reply.__dataclass_fields__} - {
        "prompt_tokens",
        "eval_tokens",
    }
    assert {word for word in words if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", PAGE)} == set()

"""`tinyllm health` as other programs read it."""

import re

import pytest

from tests.cli.conftest import Call
from tests.metrics.test_metrics import parsed, value
from tinyllm.testing.simulator import Script, Simulator
from tinyllm.testing.simulator.model import Model


def test_every_number_is_printed_for_prometheus(tinyllm: Call) -> None:
    done = tinyllm("health", "--metrics")
    assert (done.code, done.err) == (0, "")
    assert value(parsed(done.out), "database_bytes")


def test_metrics_stand_alone(tinyllm: Call) -> None:
    assert tinyllm("health", "--metrics", "--json").code == 2
    assert tinyllm("health", "--metrics", "list").code == 2


def test_a_model_that_is_missing_is_shown_with_its_fix(
    tinyllm: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(Script({"*": "hi"}, [Model(name="there:1b")])) as simulator:
        monkeypatch.setenv("OLLAMA_HOST", simulator.url)
        assert tinyllm("run", "-m", "gone:1b", "Tell me a joke").code == 4
    assert "not installed: tinyllm models pull gone:1b" in tinyllm("health").out
    shown = tinyllm("health", "show", "gone:1b").out
    assert "not installed: tinyllm models pull gone:1b" in shown
    assert re.search(r"it was at +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", shown)
    assert "0.0" not in shown


@pytest.mark.parametrize("command", ["open", "close", "reset"])
def test_a_target_that_nobody_knows_is_refused(tinyllm: Call, command: str) -> None:
    done = tinyllm("health", command, "qwen2.5:3c")
    assert (done.code, "nothing is known of" in done.err, '"qwen2.5:3b"' in done.err) == (2, True, True)

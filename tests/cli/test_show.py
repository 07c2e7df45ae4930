"""What a person sees of a run that waits for its model."""

import pytest

from tinyllm.cli.show import Show
from tinyllm.running import Event

PLACE = {"model": "qwen2.5:3b", "host": "http://127.0.0.1:11434", "before": 2}


def test_who_waits_sees_for_what_and_behind_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    show = Show(trace=True, jsonl=False, streams=False, quiet=False, verbose=False)
    show.event(Event("waits", "answer", PLACE))
    assert show._doing == "waiting for qwen2.5:3b, 2 before you"
    show.event(Event("queued", "answer", {**PLACE, "seconds": 3.2}))
    assert show._doing == "thinking"
    assert capsys.readouterr().err.endswith("waited for qwen2.5:3b   3.200 s, 2 before it\n")


def test_without_trace_only_the_spinner_tells(capsys: pytest.CaptureFixture[str]) -> None:
    show = Show(trace=False, jsonl=False, streams=False, quiet=False, verbose=False)
    show.event(Event("waits", "answer", {**PLACE, "before": 0}))
    assert show._doing == "waiting for qwen2.5:3b"
    show.event(Event("queued", "answer", {**PLACE, "seconds": 3.2}))
    assert capsys.readouterr().err == ""

"""What a person sees of a run that waits for its model."""

from typing import Any

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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"text": "it's", "n": [1, None]}, '{"text": "it\'s", "n": [1, null]}'),
        ("one\ntwo", "one two"),
        ("word " * 40, "word " * 19 + "word…"),
        ("x" * 150, "x" * 99 + "…"),
        (["Grüße"] * 30, '["Grüße", ' + '"Grüße", ' * 9 + '"Grüße",…'),
        (None, ""),
    ],
)
def test_the_trace_shows_text_as_text_and_cuts_after_a_word(
    capsys: pytest.CaptureFixture[str], value: Any, shown: str
) -> None:
    show = Show(trace=True, jsonl=False, streams=False, quiet=False, verbose=False)
    show.event(Event("node", "a", {"kind": "llm", "value": value, "exits": ["end"], "seconds": 0.5}))
    assert capsys.readouterr().err.rstrip("\n") == f"a            → end            0.500 s  {shown}"

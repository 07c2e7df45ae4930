"""A person at the terminal: asked, interrupted, gone."""

import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal


@pytest.fixture
def ask(home: Path) -> str:
    path = home / "ask.yaml"
    path.write_text(
        "nodes:\n"
        "  ask: {kind: human, ask: 'Send it?', choices: {yes: send, no: end}}\n"
        "  send: {kind: transform, value: \"'it is sent'\"}\n"
    )
    return str(path)


def test_a_person_is_asked_until_the_answer_is_a_choice(terminal: Any, ask: str) -> None:
    shown: Terminal = terminal("run", "-g", ask, "q")
    shown.read_until("Send it? [yes/no]")
    shown.type("perhaps\n")
    shown.read_until("please answer yes or no")
    shown.type("yes\n")
    assert shown.rest() == 0
    assert "it is sent" in shown.text


def test_ctrl_c_is_heard_while_a_person_is_asked(terminal: Any, ask: str) -> None:
    shown: Terminal = terminal("run", "-g", ask, "q")
    shown.read_until("Send it?")
    shown.process.send_signal(signal.SIGINT)
    assert shown.rest(within=20) == 130
    assert "interrupted" in shown.text
    assert "Traceback" not in shown.text


def test_a_person_who_goes_away_leaves_the_run_waiting(terminal: Any, ask: str) -> None:
    shown: Terminal = terminal("run", "-g", ask, "q")
    shown.read_until("Send it?")
    shown.type("\x04")
    assert shown.rest(within=20) == 6
    assert "tinyllm runs resume" in shown.text
    again: Terminal = terminal("runs", "resume", "last")
    again.read_until("Send it? [yes/no]")
    again.type("yes\n")
    assert again.rest() == 0
    assert "it is sent" in again.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stream_is_interrupted_and_the_terminal_left_clean(terminal: Any, number: signal.Signals) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        env = {"OLLAMA_HOST": f"127.0.0.1:{listening.getsockname()[1]}"}
        shown: Terminal = terminal("run", "Tell me a joke about penguins.", env=env)
        shown.read_until("route")
        shown.process.send_signal(number)
        assert shown.rest(within=20) == 128 + number
    assert "Traceback" not in shown.text
    assert "\r\x1b[Kinterrupted\nresume with: tinyllm runs resume " in shown.text

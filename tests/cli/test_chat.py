"""`tinyllm chat`, through a pipe and on a terminal: fifty turns, taken back, interrupted, asked for a yes."""

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Served, Terminal
from tinyllm.testing.simulator import Reply, ToolCall

TURNS = 50
WRITE = ToolCall("files_write", {"path": "kept.txt", "content": "changed"})


def numbered() -> list[str]:
    return [f"this is answer number {n}." for n in range(1, TURNS + 1)]


def runs(tinyllm: Call, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tinyllm("runs", "list", "-n", "100", "--json", *more).out)
    return found


def sound(tinyllm: Call, thread: str) -> None:
    """The thread takes another turn, and the database keeps its promises."""
    assert tinyllm("run", "-g", "writes", "--thread", thread, "q").code == 0
    database = next(each for each in json.loads(tinyllm("doctor", "--json").out) if each["check"] == "runs")
    assert database["status"] == "ok", database


def test_fifty_turns_through_a_pipe_are_one_conversation(
    tinyllm: Call, project: Path, served: Served
) -> None:
    simulator = served(*numbered())
    said = "".join(f"question {n}\n" for n in range(1, TURNS + 1))
    done = tinyllm("chat", "-g", "talk", "--thread", "t", stdin=said.encode())
    assert (done.code, done.out.splitlines(), done.err) == (0, numbered(), "")
    heard = [message["content"] for message in simulator.asked[-1].body["messages"]]
    assert heard[-3:] == ["question 49", "this is answer number 49.", "question 50"]
    listed = runs(tinyllm, "--thread", "t")
    assert [row["status"] for row in listed] == ["committed"] * TURNS


def test_fifty_turns_on_a_terminal_are_streamed(
    terminal: Any, tinyllm: Call, project: Path, served: Served
) -> None:
    served(*numbered())
    shown: Terminal = terminal("chat", "-g", "talk", "--thread", "t")
    for n in range(1, TURNS + 1):
        shown.read_until("> ")
        del shown.seen[:]
        shown.type(f"question {n}\n")
        shown.read_until(f"this is answer number {n}.\n")
    shown.read_until("> ")
    shown.type("\x04")
    assert shown.rest() == 0
    assert "go on with it: tinyllm chat --thread t" in shown.text
    assert len(runs(tinyllm, "--thread", "t")) == TURNS
    history = project / "data" / "tinyllm" / "chat_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "question 50" in history.read_text()


def test_the_last_turn_is_taken_back_with_its_files(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("the first answer.", "the second answer.")
    said = b"one\n/graph writes\nwrite it\n/undo\n/graph talk\nthree\n/undo\n/undo\n/undo\n"
    done = tinyllm("chat", "-g", "talk", "--thread", "t", stdin=said)
    assert "taken back: write it\nrestored: kept.txt\nrestored: sub/made.txt\n" in done.out
    assert "taken back: three\ntaken back: one\n" in done.out
    assert (done.code, done.err.splitlines()[0]) == (2, "error  nothing has been said in this conversation")
    assert (project / "kept.txt").read_text() == "as it was"
    assert not (project / "sub").exists()
    heard = [message["content"] for message in simulator.asked[-1].body["messages"]]
    assert heard[-3:] == ["one", "the first answer.", "three"]
    assert {row["status"] for row in runs(tinyllm)} == {"rolled_back"}
    sound(tinyllm, "t")


def test_what_was_changed_since_stays_and_is_said(terminal: Any, project: Path) -> None:
    shown: Terminal = terminal("chat", "-g", "writes")
    shown.read_until("> ")
    shown.type("write it\n")
    shown.read_until("done\n")
    (project / "kept.txt").write_text("mine now")
    shown.type("/undo\n")
    shown.read_until("changed by somebody else since")
    assert "restored: sub/made.txt" in shown.text
    assert "restored: kept.txt" not in shown.text
    shown.type("/exit\n")
    assert shown.rest() == 0
    assert (project / "kept.txt").read_text() == "mine now"


def test_ctrl_c_in_the_middle_of_an_answer_ends_the_turn_and_not_the_chat(
    terminal: Any, tinyllm: Call, project: Path, served: Served
) -> None:
    served(Reply(text="so it begins and hangs", ending="hang", after=2), "the next answer.")
    shown: Terminal = terminal("chat", "-g", "talk", "--thread", "t")
    shown.read_until("> ")
    shown.type("one\n")
    shown.read_until("so it")
    del shown.seen[:]
    shown.process.send_signal(signal.SIGINT)
    assert "the turn was taken back" in shown.read_until("> ")
    del shown.seen[:]
    shown.type("two\n")
    shown.read_until("the next answer.\n> ")
    shown.process.send_signal(signal.SIGINT)
    assert shown.rest() == 130
    assert "Traceback" not in shown.text
    assert [row["status"] for row in runs(tinyllm, "--thread", "t")] == ["committed", "rolled_back"]
    sound(tinyllm, "t")


def test_ctrl_c_drops_a_line_that_is_being_typed(terminal: Any, tinyllm: Call, project: Path) -> None:
    shown: Terminal = terminal("chat", "-g", "writes", echo=True)
    shown.read_until("> ")
    shown.type("never said")
    shown.read_until("never said")
    del shown.seen[:]
    shown.process.send_signal(signal.SIGINT)
    shown.read_until("> ")
    shown.type("1\n")
    shown.read_until("done\n> ")
    shown.type("\x04")
    assert shown.rest() == 0
    assert [row["question"] for row in runs(tinyllm)] == ["1"]


def test_ctrl_d_may_be_typed_before_the_prompt(terminal: Any, tinyllm: Call, project: Path) -> None:
    shown: Terminal = terminal("chat", "-g", "writes")
    shown.read_until("> ")
    shown.type("1\n")
    shown.read_until("done\n")
    shown.type("\x04")
    assert shown.rest() == 0
    assert [row["status"] for row in runs(tinyllm)] == ["committed"]


@pytest.mark.parametrize(("reply", "text"), [("yes", "changed"), ("no", "as it was")])
def test_an_agent_asks_before_it_writes(
    terminal: Any, project: Path, served: Served, reply: str, text: str
) -> None:
    served(Reply(tool_calls=(WRITE,)), "That is all.")
    shown: Terminal = terminal("chat", "--agent")
    shown.read_until("> ")
    shown.type("Put the word changed into the file kept.txt, please.\n")
    shown.read_until("Allow it? [yes/no]")
    assert "  | write 7 characters to kept.txt" in shown.text
    assert (project / "kept.txt").read_text() == "as it was"
    shown.type(f"{reply}\n")
    shown.read_until("That is all.\n> ")
    shown.type("\x04")
    assert shown.rest() == 0
    assert (project / "kept.txt").read_text() == text


def test_nobody_is_asked_through_a_pipe(tinyllm: Call, project: Path, served: Served) -> None:
    served(Reply(tool_calls=(WRITE,)), Reply(tool_calls=(WRITE,)), "It is written.")
    question = b"Put the word changed into the file kept.txt, please.\n"
    done = tinyllm("chat", "--agent", "--thread", "t", stdin=question + b"yes\n")
    assert done.code == 6
    assert (project / "kept.txt").read_text() == "as it was"
    assert "waiting: files_write wants to run" in done.err
    assert "the turn was taken back" in done.err
    assert (
        tinyllm("chat", "--thread", "t", stdin=b"2 + 2\n").code == 6
    )  # the last turn waits, and can be answered
    waiting = next(row["run"] for row in runs(tinyllm) if row["status"] == "waiting")
    assert tinyllm("runs", "resume", waiting, "--answer", "yes").code == 0
    assert (project / "kept.txt").read_text() == "changed"


def test_a_yes_ahead_is_good_for_a_pipe(tinyllm: Call, project: Path, served: Served) -> None:
    served(Reply(tool_calls=(WRITE,)), "It is written.")
    question = b"Put the word changed into the file kept.txt, please.\n"
    done = tinyllm("chat", "--agent", "--approve", "files_write", stdin=question)
    assert (done.code, done.out) == (0, "It is written.\n")
    assert (project / "kept.txt").read_text() == "changed"


def test_a_graph_of_ones_own_gets_the_tools_of_the_agent(tinyllm: Call, project: Path) -> None:
    assert "files_write" in tinyllm("chat", "--agent", "-g", "talk", stdin=b"/tools\n").out
    assert "uses no tools" in tinyllm("chat", "-g", "talk", stdin=b"/tools\n").err
    done = tinyllm("chat", "--agent", "-g", "writes", stdin=b"")
    assert (done.code, "leave out --agent" in done.err) == (2, True)


def test_several_lines_are_one_message(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("Fine.")
    said = b"one \\\ntwo\n```\nthree\n\nfour \\\n```\nlook: ```py\nfive\n```\n /six\n```\nseven"
    done = tinyllm("chat", "-g", "talk", stdin=said)
    assert (done.code, done.out) == (0, "Fine.\n" * 5)
    asked = [request.body["messages"][-1]["content"] for request in simulator.asked]
    assert asked == ["one \ntwo", "three\n\nfour \\", "look: ```py\nfive\n```", "/six", "```\nseven"]


def test_a_failed_turn_is_said_and_the_next_one_asked(tinyllm: Call, project: Path) -> None:
    done = tinyllm("chat", stdin=b"Tell me a joke about penguins.\n2 + 2\n")
    assert (done.code, done.out) == (4, "4\n")
    done = tinyllm("chat", "--thread", "new", stdin=b"2 + \xff\n2 + \0\n3 * 7\n")
    assert (done.code, done.out) == (2, "21\n")
    assert "not UTF-8" in done.err
    assert "not text" in done.err


@pytest.mark.parametrize(
    ("said", "what", "fix"),
    [
        ("/udno", "there is no command /udno", 'did you mean "/undo"?'),
        ("/etc/hosts is what?", "there is no command /etc/hosts", "begin with a space"),
        ("/exit now", "/exit takes nothing", "write /exit"),
        ("/trace maybe", "/trace maybe?", "/trace on"),
        ("/save", "/save needs a file", "talk.md"),
        ("/graph nothing", "nothing", "graph list"),
        ("/fork", "nothing has been said", "say something first"),
    ],
)
def test_a_command_that_cannot_be_obeyed_says_what_to_do(
    tinyllm: Call, project: Path, said: str, what: str, fix: str
) -> None:
    done = tinyllm("chat", stdin=f"{said}\n2 + 2\n".encode())
    assert (done.code != 0, done.out) == (True, "4\n")
    assert what in done.lines[0]
    assert fix in done.lines[1]


def test_a_conversation_is_shown_forked_and_saved(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("The answer.")
    said = "/help\n/model\n/model other:1b\none\n/model -\n/trace\n/trace on\ntwo\n/save a.md\n/save a.md\n"
    done = tinyllm(
        "chat", "-g", "talk", "--thread", "t", stdin=f"{said}/fork f\nthree\n/save b.json\n".encode()
    )
    assert done.code == 2  # a.md was there
    assert {request.body["model"] for request in simulator.asked[:1]} == {"other:1b"}
    assert "committed" in done.out
    assert "say " in done.err
    assert (project / "a.md").read_text().count("The answer.") == 2
    saved = json.loads((project / "b.json").read_text())
    assert saved["thread"] == "f"
    assert [m["content"] for m in saved["messages"] if m["role"] == "user"] == ["one", "two", "three"]
    done = tinyllm("chat", "--thread", "f", stdin=b"/undo\n/undo\n")
    assert "taken back: three" in done.out
    assert "it belongs to the conversation t" in done.err


def test_a_conversation_is_continued(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("Fine.")
    done = tinyllm("chat", "-c", stdin=b"")
    assert (done.code, "no conversation to continue" in done.err) == (2, True)
    tinyllm("chat", "-g", "talk", stdin=b"one\n")
    tinyllm("chat", "-g", "talk", "-c", stdin=b"two\n")
    assert [m["content"] for m in simulator.asked[-1].body["messages"]][-3:] == ["one", "Fine.", "two"]
    assert tinyllm("chat", "-c", "--thread", "x", stdin=b"").code == 2


def test_a_terminal_that_is_closed_ends_the_chat(terminal: Any, project: Path, served: Served) -> None:
    served(Reply(text="so it begins and hangs", ending="hang", after=2))
    shown: Terminal = terminal("chat", "-g", "talk", "--thread", "t")
    shown.read_until("> ")
    shown.type("one\n")
    shown.read_until("so it")
    os.kill(shown.process.pid, signal.SIGTERM)
    assert shown.rest() == 143
    assert "Traceback" not in shown.text

"""`tinyllm runs`, and a conversation of many runs: shown, resumed, taken back, forked, replayed."""

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Done, Served
from tests.cli.test_bad_input import two_lines
from tests.started import Process
from tinyllm import settings
from tinyllm.store import open_store
from tinyllm.testing.simulator import Reply, Simulator
from tinyllm.transactions import Transactions


def asked(tinyllm: Call, graph: str, question: str = "q", *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tinyllm("run", "--json", "-g", graph, question, *more).out)
    return found


def listed(tinyllm: Call, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tinyllm("runs", "list", "--json", *more).out)
    return found


def signature(project: Path) -> str:
    """Of every file in the workspace but what is ours."""
    files = sorted(path for path in project.rglob("*") if path.is_file() and "checkpoints" not in path.parts)
    return hashlib.sha256(b"".join(str(p).encode() + p.read_bytes() for p in files)).hexdigest()


def test_a_project_without_runs_says_how_to_begin(tinyllm: Call, project: Path) -> None:
    done = tinyllm("runs", "list")
    assert (done.code, done.out) == (0, "")
    assert "no runs yet" in done.err
    assert tinyllm("runs", "path").out.strip() == str(project / "checkpoints" / "tinyllm.db")


def test_a_run_is_listed_and_shown_with_what_it_did(tinyllm: Call, project: Path, served: Served) -> None:
    served("hello there")
    run = asked(tinyllm, "talk", "hello")["run"]
    assert [row["run"] for row in listed(tinyllm)] == [run]
    assert run in tinyllm("runs", "list").out
    shown = tinyllm("runs", "show", run[:6]).out
    for word in ("committed", "savepoint 1", "tokens", "say", "answer    hello there"):
        assert word in shown, word
    found = json.loads(tinyllm("runs", "show", run, "--json").out)
    assert (found["status"], found["answer"]["answer"]) == ("committed", "hello there")
    assert [each["effect"] for each in found["effects"]] == ["model"]
    assert tinyllm("runs", "watch", run).err.splitlines()[-1] == "committed"


async def begun(*ids: str) -> None:
    with open_store(settings.load().database_url) as store:
        for id in ids:
            await Transactions(store).begin(id=id, thread=id, question="?", inputs={})


def test_what_is_not_there_is_told_from_what_is_empty(tinyllm: Call, project: Path) -> None:
    asked(tinyllm, "echo", "hello", "--thread", "holiday")
    assert len(listed(tinyllm, "--thread", "holiday")) == 1
    two_lines(tinyllm("runs", "list", "--thread", "holliday"), 2, "there is no thread 'holliday'")
    two_lines(tinyllm("runs", "list", "--thread", ""), 2, "names no conversation")
    assert tinyllm("runs", "show", "nosuchrun").lines[0] == "error  there is no run 'nosuchrun'"
    asyncio.run(begun("8bd2000000aa", "8bd2000000bb"))
    two_lines(tinyllm("runs", "show", "8bd2"), 2, "2 runs begin so: 8bd2")
    assert 'tinyllm_runs{status="executing"} 2' in tinyllm("health", "--metrics").out
    none = tinyllm("grades", "list", "--node", "say")
    assert (none.code, "no grades of the node say yet" in none.err) == (0, True)
    mistyped = tinyllm("grades", "list", "--node", "sai")
    assert (mistyped.code, mistyped.lines[1]) == (2, 'try    did you mean "say"?')
    two_lines(tinyllm("grades", "list", "-g", "nosuch"), 2, "no graph has run that is called 'nosuch'")
    two_lines(tinyllm("grades", "export", "--node", "sai"), 2, "no node")


def test_a_round_of_growing_is_listed_with_what_it_was_given(tinyllm: Call, project: Path) -> None:
    none = tinyllm("growth", "history", "-g", "echo")
    assert (none.code, none.out, "nothing was decided of echo yet" in none.err) == (0, "", True)
    assert tinyllm("growth", "run", "-g", "echo").code == 0
    assert "graph: echo" in tinyllm("runs", "list").out


def test_a_run_is_exported_with_its_graph(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "echo", "hello")["run"]
    assert json.loads(tinyllm("runs", "export", run).out)["graph"]["nodes"]["say"]["kind"] == "transform"
    assert tinyllm("runs", "export", run, "-o", "run.json").code == 0
    assert json.loads((project / "run.json").read_text())["answer"]["answer"] == "hello"
    two_lines(tinyllm("runs", "export", run, "-o", "/no/such/run.json"), 2, "cannot be written")


@pytest.mark.parametrize(
    "command", ["show", "watch", "resume", "rollback", "fork", "replay", "export", "resolve --did-not"]
)
def test_an_unknown_run_is_refused(tinyllm: Call, project: Path, command: str) -> None:
    asked(tinyllm, "echo")
    name, *flags = command.split()
    two_lines(tinyllm("runs", name, "0000000", *flags), 2, "there is no run '0000000'")


def test_a_run_that_ended_is_not_resumed(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "echo")["run"]
    done = tinyllm("runs", "resume", run)
    two_lines(done, 2, "is committed; there is nothing to resume")
    assert "runs fork" in done.lines[1]
    two_lines(tinyllm("runs", "resolve", run, "--did-happen"), 2, "nothing in the run")
    assert tinyllm("runs", "rollback", run).code == 0
    two_lines(tinyllm("runs", "rollback", run), 2, "is rolled back already")
    two_lines(tinyllm("runs", "fork", run), 2, "only a committed one can be forked")


def test_a_savepoint_of_another_run_is_refused(tinyllm: Call, project: Path) -> None:
    waiting = asked(tinyllm, "asks")["run"]
    done = tinyllm("runs", "rollback", waiting, "--to", "17")
    two_lines(done, 2, "has no savepoint 17")
    assert "it has: 0" in done.lines[1]


def test_what_a_run_did_before_it_was_taken_back_is_told_apart(
    tinyllm: Call, project: Path, served: Served
) -> None:
    served("one", "the old answer", "the new answer")
    run = asked(tinyllm, "two")["run"]
    done = tinyllm("runs", "rollback", run, "--to", "1")
    two_lines(done, 2, f"the run {run} is committed")
    assert (f"runs rollback {run}`" in done.lines[1], "--to 1" in done.lines[1]) == (True, True)
    assert tinyllm("runs", "rollback", run).code == 0
    assert "answer    the old answer" in tinyllm("runs", "show", run).out
    assert tinyllm("runs", "rollback", run, "--to", "1").code == 0
    found = json.loads(tinyllm("runs", "show", run, "--json").out)
    assert (found["status"], found["answer"]) == ("recoverable", None)
    assert tinyllm("runs", "resume", run).out == "the new answer\n"
    lines = tinyllm("runs", "show", run).out.splitlines()
    assert [line.split()[1] for line in lines if "node      second" in line] == ["-", "node"]
    assert [line.split()[1] for line in lines if "savepoint 2" in line] == ["-", "savepoint"]
    assert [line.split()[1] for line in lines if "returned to savepoint 1" in line] == ["note"]
    assert "answer    the new answer" in lines


async def marked(run: str) -> list[int]:
    with open_store(settings.load().database_url) as store:
        return [line.savepoint for line in await Transactions(store).effects(run)]


def test_going_back_twice_keeps_to_the_attempt_that_stands(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "writes")["run"]
    assert tinyllm("runs", "rollback", run).code == 0
    done = tinyllm("runs", "rollback", run, "--to", "1")
    two_lines(done, 2, "were taken back with it")
    assert "savepoint 0" in done.lines[1]
    assert tinyllm("runs", "rollback", run, "--to", "0").code == 0
    two_lines(
        tinyllm("runs", "rollback", run, "--to", "2"), 2, "has no savepoint 2"
    )  # of what was taken back
    assert tinyllm("runs", "resume", run).out == "done\n"
    assert (project / "kept.txt").read_text() == "changed"
    found = json.loads(tinyllm("runs", "show", run, "--json").out)
    assert [each["state"] for each in found["effects"]] == ["done"] * 4
    assert asyncio.run(marked(run)) == [1, 1, 2, 2]


def test_what_has_not_ended_says_how_it_goes_on(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "asks")["run"]
    for command in (["replay", run], ["fork", run], ["rate", run, "up"]):
        done = tinyllm("runs", *command)
        two_lines(done, 2, f"the run {run} is waiting; only")
        assert f"tinyllm runs resume {run} --answer TEXT" in done.lines[1]
    assert "--answer yes|no" in tinyllm("run", "-g", "asks", "q").err
    assert tinyllm("runs", "rollback", run, "--to", "0").code == 0
    assert f"tinyllm runs resume {run}" in tinyllm("runs", "fork", run).lines[1]
    both = tinyllm("runs", "rollback", run, "--to", "0", "--compensate")
    two_lines(both, 2, "--to and --compensate exclude each other")


def test_a_run_without_a_graph_is_shown_and_exported_and_not_run_again(tinyllm: Call, project: Path) -> None:
    asyncio.run(begun("8bd2000000aa"))  # as a tool does that another program calls
    assert json.loads(tinyllm("runs", "export", "8bd2000000aa").out)["graph"] is None
    for command in ("replay", "resume"):
        two_lines(tinyllm("runs", command, "8bd2000000aa"), 2, "has no graph")


def test_two_runs_that_are_alike_have_nothing_to_show(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "echo")["run"]
    done = tinyllm("runs", "diff", run, run)
    assert (done.code, done.out, done.err.strip()) == (0, "", "they are alike")


def test_a_run_that_refused_is_called_so(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "refuses", "half")["run"]
    assert [row["status"] for row in listed(tinyllm)] == ["refused"]
    assert json.loads(tinyllm("runs", "show", run, "--json").out)["status"] == "refused"
    shown = tinyllm("runs", "show", run).out.splitlines()
    assert (shown[0].split()[1], "refused   half" in shown) == ("refused", True)
    assert tinyllm("runs", "watch", run).err.splitlines()[-1] == "refused"


def test_a_newer_database_is_left_alone(tinyllm: Call, project: Path) -> None:
    asked(tinyllm, "echo")
    database = project / "checkpoints" / "tinyllm.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    for arguments in (["runs", "list"], ["run", "-g", "echo", "q"]):
        done = tinyllm(*arguments)
        two_lines(done, 1, "written by a newer version")
        assert "upgrade TinyLLM" in done.lines[1]


@pytest.mark.parametrize("left", [0, 50, 5_000])
def test_a_damaged_database_is_told_in_two_lines(tinyllm: Call, project: Path, left: int) -> None:
    asked(tinyllm, "echo")
    os.truncate(project / "checkpoints" / "tinyllm.db", left)
    for arguments in (["runs", "list"], ["run", "-g", "echo", "q"]):
        done = tinyllm(*arguments)
        two_lines(done, 1, "the database")
        assert "doctor" in done.lines[1]


def test_a_failed_run_leaves_everything_as_it_was_and_can_be_read(tinyllm: Call, project: Path) -> None:
    asked(tinyllm, "echo", "one", "--thread", "t")
    files, last = signature(project), listed(tinyllm, "--thread", "t")
    assert tinyllm("run", "-g", "fails", "two", "--thread", "t").code == 3
    assert signature(project) == files
    failed, *before = listed(tinyllm, "--thread", "t")
    assert before == last
    assert failed["status"] == "rolled_back"
    shown = tinyllm("runs", "show", failed["run"]).out
    assert "change" in shown
    assert "error " in shown
    assert "undone" in shown


def test_a_committed_run_is_taken_back_with_its_files(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("said")
    asked(tinyllm, "talk", "first question", "--thread", "t")
    files = signature(project)
    run = asked(tinyllm, "writes", "second question", "--thread", "t")["run"]
    assert (project / "kept.txt").read_text() == "changed"
    assert tinyllm("runs", "rollback", run).code == 0
    assert signature(project) == files
    assert not (project / "sub").exists()
    asked(tinyllm, "talk", "third question", "--thread", "t")
    said = [message["content"] for message in simulator.asked[-1].body["messages"]]
    assert "first question" in said
    assert "second question" not in said
    assert json.loads(tinyllm("runs", "show", run, "--json").out)["answer"]["answer"] == "done"


def test_what_was_changed_since_is_not_overwritten(tinyllm: Call, project: Path) -> None:
    run = asked(tinyllm, "writes")["run"]
    (project / "kept.txt").write_text("changed by hand since")
    done = tinyllm("runs", "rollback", run)
    assert done.code == 0
    assert f"{project / 'kept.txt'} was changed by somebody else since" in done.err
    assert (project / "kept.txt").read_text() == "changed by hand since"
    assert "changed by somebody else" in tinyllm("runs", "show", run).out


def stopped(process: Process, simulator: Simulator, requests: int) -> tuple[str, str]:
    """Interrupt it when it waits for its n-th reply: the run's id, and what was said."""
    process.until(lambda: len(simulator.asked) >= requests)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    last = err.decode().splitlines()[-1]
    assert last.startswith("resume with: tinyllm runs resume "), err
    return last.split()[-1], err.decode()


def test_an_interrupted_run_says_how_to_resume_and_asks_nothing_again(
    tinyllm: Call, project: Path, served: Served
) -> None:
    simulator = served("the first reply", Reply(ending="hang"), "the second reply")
    run, _ = stopped(Process(["run", "-g", "two", "q"]), simulator, 2)
    assert listed(tinyllm)[0]["status"] == "recoverable"
    assert 'tinyllm_runs{status="recoverable"} 1' in tinyllm("health", "--metrics").out
    done = tinyllm("runs", "resume", run)
    assert (done.code, done.out) == (0, "the second reply\n")
    assert len(simulator.asked) == 3
    assert listed(tinyllm)[0]["status"] == "committed"
    shown = json.loads(tinyllm("runs", "show", run, "--json").out)
    assert [event["node"] for event in shown["timeline"] if event["event"] == "node"] == ["first", "second"]


def test_a_busy_thread_is_refused_and_left_alone(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served(Reply(ending="hang"), "another")
    with Process(["run", "-g", "talk", "q", "--thread", "t"]) as holder:
        holder.until(lambda: simulator.asked)
        run = listed(tinyllm)[0]["run"]
        for arguments in (
            ["run", "-g", "talk", "q", "--thread", "t"],
            ["runs", "rollback", run],
            ["runs", "resume", run],
        ):
            two_lines(tinyllm(*arguments), 4, f"the thread t is busy with the run {run}")
        holder.kill()
    done = tinyllm("run", "-g", "talk", "q", "--thread", "t", "--wait")
    assert (done.code, done.out) == (0, "another\n")
    assert [row["status"] for row in listed(tinyllm)] == ["committed", "rolled_back"]


def test_a_second_turn_sees_the_first(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("pleased to meet you", "you are Ada", "I do not know")
    two_lines(tinyllm("run", "-g", "talk", "-c", "q"), 2, "there is no conversation to continue")
    tinyllm("run", "-g", "talk", "I am Ada")
    assert tinyllm("run", "-g", "talk", "-c", "Who am I?").out == "you are Ada\n"
    said = [(message["role"], message["content"]) for message in simulator.asked[-1].body["messages"]]
    assert said == [
        ("system", "Be brief."),
        ("user", "I am Ada"),
        ("assistant", "pleased to meet you"),
        ("user", "Who am I?"),
    ]
    tinyllm("run", "-g", "talk", "--thread", "other", "Who am I?")
    assert len(simulator.asked[-1].body["messages"]) == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-c", "--thread", "t"), "exclude each other"),
        (("--thread", " t"), "cannot be the name"),
        (("--thread", ""), "names no conversation"),
    ],
)
def test_a_conversation_is_named_in_one_way(
    tinyllm: Call, project: Path, flags: tuple[str, ...], said: str
) -> None:
    two_lines(tinyllm("run", "-g", "echo", "q", *flags), 2, said)


def test_a_waiting_run_goes_on_with_its_answer(tinyllm: Call, project: Path) -> None:
    done = tinyllm("run", "-g", "asks", "q", "--thread", "t")
    run = listed(tinyllm)[0]["run"]
    assert (done.code, done.out) == (6, "")
    assert f"tinyllm runs resume {run} --answer" in done.err
    two_lines(tinyllm("runs", "resume", run), 2, "waits for an answer: Send it?")
    two_lines(tinyllm("run", "-g", "asks", "q", "--thread", "t"), 6, "waits for a person")
    done = tinyllm("runs", "resume", run, "--answer", "yes")
    assert (done.code, done.out) == (0, "it is sent\n")


def test_a_run_is_replayed_without_a_server(tinyllm: Call, project: Path, served: Served) -> None:
    simulator = served("one", "two")
    run = asked(tinyllm, "two")["run"]
    simulator.stop_thread()
    done = tinyllm("runs", "replay", run)
    assert (done.code, done.out, len(simulator.asked)) == (0, "two\n", 2)
    with sqlite3.connect(project / "checkpoints" / "tinyllm.db") as database:
        database.execute("UPDATE effects SET request = 'another' WHERE key LIKE 'second%'")
    database.close()
    done = tinyllm("runs", "replay", run)
    assert done.code == 1
    assert "second" in done.lines[-2]
    assert "with another request" in done.lines[-2]


def test_a_fork_goes_on_apart_and_the_two_are_compared(tinyllm: Call, project: Path) -> None:
    first = asked(tinyllm, "echo", "one", "--thread", "t")["run"]
    again = asked(tinyllm, "echo", "one", "--thread", "t")["run"]
    forked = json.loads(tinyllm("runs", "fork", first, "--thread", "u", "--json").out)
    assert forked == {"thread": "u", "forked_from": first}
    other = asked(tinyllm, "echo", "two", "--thread", "u")["run"]
    two_lines(tinyllm("runs", "fork", first, "--thread", "u"), 2, "there is a thread 'u' already")
    done = tinyllm("runs", "diff", first, again)
    assert (done.code, done.err) == (0, "they are alike\n")
    done = tinyllm("runs", "diff", first, other, "--json")
    assert (done.code, [row["what"] for row in json.loads(done.out)]) == (1, ["inputs", "step 1", "answer"])


def test_old_runs_are_pruned(tinyllm: Call, project: Path) -> None:
    for number in range(3):
        asked(tinyllm, "echo", str(number))
    assert json.loads(tinyllm("runs", "prune", "--keep", "0", "--older-than", "1", "--json").out) == {
        "deleted": 0
    }
    run = listed(tinyllm)[0]["run"]
    tinyllm("runs", "rollback", run)
    assert json.loads(tinyllm("runs", "prune", "--keep", "0", "--json").out)["deleted"] >= 1
    assert run not in [row["run"] for row in listed(tinyllm)]


def test_help_names_every_command(tinyllm: Call) -> None:
    shown: Done = tinyllm("runs", "--help")
    for name in [
        "list",
        "show",
        "watch",
        "resume",
        "rollback",
        "fork",
        "diff",
        "replay",
        "resolve",
        "prune",
        "export",
        "path",
    ]:
        assert f" {name} " in shown.out, name

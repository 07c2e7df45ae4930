"""Bad input: one clear error with a hint, the right code, nothing half-written."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, Call, Done, launch
from tests.started import Process


def two_lines(done: Done, code: int, said: str) -> None:
    assert "Traceback" not in done.err, done.err
    assert (done.code, len(done.lines)) == (code, 2), done.err
    assert done.lines[0].startswith("error  "), done.err
    assert done.lines[1].startswith("try    "), done.err
    assert said in done.lines[0], done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "-g", "missing.yaml", "hi"), 2, "there is no file missing.yaml"),
        (("run", "-g", "asistant", "hi"), 2, "there is no graph 'asistant'"),
        (("run", "-g", "/", "hi"), 2, "is a folder"),
        (("run", "-g", "a" * 5000, "hi"), 2, "cannot be a graph"),
        (("run", ""), 2, "the question is empty"),
        (("",), 2, "the question is empty"),
        (("run", "   "), 2, "the question is empty"),
        (("run",), 2, "there is no question"),
        (("run", "\udcff\udcfe"), 2, "not UTF-8"),
        (("run", "--bogus", "hi"), 2, "No such option: --bogus"),
        (("run", "--timeout", "soon", "hi"), 2, "--timeout"),
        (("run", "--timeout", "0", "hi"), 2, "--timeout"),
        (("run", "--timeout", "nan", "hi"), 2, "--timeout"),
        (("run", "-i", "{", "hi"), 2, "--input is not JSON"),
        (("run", "-i", '{"x": 1e400}', "hi"), 2, "--input is not JSON: 1e400 is no number"),
        (("tools", "call", "calc", "-i", '{"x": NaN}'), 2, "--input is not JSON: NaN is no number"),
        (("run", "-i", "[1]", "hi"), 2, "--input is not a JSON object"),
        (("run", "-i", "[" * 100_000, "hi"), 2, "--input is not JSON"),
        (("run", "-i", "@nowhere.json", "hi"), 2, "--input: nowhere.json cannot be read"),
        (("run", "--schema", "7", "hi"), 2, "--schema is not a JSON object"),
        (("run", "--schema", "@/", "hi"), 2, "--schema: / cannot be read: Is a directory"),
        (("run", "--attach", "missing.txt", "hi"), 2, "there is no file missing.txt"),
        (("run", "--only", "exact", "--attach", "missing.csv", "hi"), 2, "there is no file missing.csv"),
        (("run", "--attach", "/dev/null", "hi"), 2, "there is no file /dev/null"),
        (("run", "-m", "", "-g"), 2, "requires an argument"),
        (("graph", "draw", "--format", "png"), 2, "--format"),
        (("graph", "draw", "assistant", "-o", "/no/such/folder/x.svg"), 2, "cannot be written"),
        (("graph", "validate"), 2, "Missing argument"),
        (("graph", "validate", "missing.yaml"), 2, "there is no file missing.yaml"),
        (("graph", "lst"), 2, "Did you mean 'list'"),
        (("models", "lst"), 2, "Did you mean 'list'"),
        (("config", "sho"), 2, "Did you mean 'show'"),
        (("sim", "serv"), 2, "Did you mean 'serve'"),
        (("sim", "serve", "missing.yaml"), 2, "missing.yaml"),
        (("sim", "serve", "--port", "99999"), 2, "--port"),
        (("models", "list"), 4, "no answer from the model server"),
        (("models", "pull", "m:1b"), 4, "no answer from the model server"),
        (("models", "show", "m:1b"), 4, "no answer from the model server"),
    ],
)  # fmt: skip
def test_it_is_refused_in_two_lines(tinyllm: Call, arguments: tuple[str, ...], code: int, said: str) -> None:
    two_lines(tinyllm(*arguments), code, said)


@pytest.mark.parametrize("word", ["grap", "graphs", "modles", "docter", "confg", "Run", "inti"])
def test_a_word_close_to_a_command_is_no_question(tinyllm: Call, word: str) -> None:
    done = tinyllm(word)
    two_lines(done, 2, f"there is no command {word!r}")
    assert "did you mean" in done.lines[1]
    assert f'tinyllm run "{word}"' in done.lines[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("grap", "list"), ("modles", "pull", "m"), ("doctr", "--json"), ("bathc", "eight.txt"), ("cahce", "stats"),
        ("bacth", "a.txt", "-g", "fan"), ("rusn", "show", "8bd2"), ("inti", "project"), ("helth", "open", "m:1b"),
    ],
)  # fmt: skip
def test_a_slip_before_what_the_command_takes_is_no_question(
    tinyllm: Call, arguments: tuple[str, ...]
) -> None:
    two_lines(tinyllm(*arguments), 2, f"there is no command {arguments[0]!r}")


@pytest.mark.parametrize(
    "words",
    [("hello",), ("why",), ("model", "trains"), ("graph theory is what?",), ("catch", "a", "fish.net")],
)
def test_other_words_are_a_question(tinyllm: Call, words: tuple[str, ...]) -> None:
    assert tinyllm(*words).code == 4


def test_ten_megabytes_are_refused(tinyllm: Call) -> None:
    two_lines(tinyllm("run", "-", stdin=b"a" * 10_000_000), 2, "more than 4 MB")
    two_lines(tinyllm("run", "-", stdin=b"a" * 1_500_000), 2, "1,500,000 characters")


def test_an_endless_pipe_is_refused(process: Call) -> None:
    with open("/dev/zero", "rb") as zero:  # noqa: PTH123
        assert process("run", "-", stdin=zero).code == 2


@pytest.mark.parametrize(
    "body", [b"\x00\x01\x02", b"text\0", os.urandom(2000) + b"\xff", b"\x89PNG\r\n\x1a\n\0"]
)
def test_binary_on_stdin_is_refused(tinyllm: Call, body: bytes) -> None:
    two_lines(tinyllm("run", "-", stdin=body), 2, "what came in on stdin is not")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"graph = ", 3, "cannot be read"),
        (b"\xff\xfe", 3, "cannot be read"),
        (b"grap = 'x'", 3, "there is no setting 'grap'"),
        (b"timeout = 'soon'", 3, "timeout is 'soon', and should be a number above 0"),
        (b"timeout = true", 3, "timeout is True"),
        (b"num_ctx = 4096.5", 3, "num_ctx is 4096.5"),
        (b"model = ['a']", 3, "model is ['a'], and should be a text"),
        (b"graph = 7", 3, "graph is 7, and should be a text"),
        (b"allow = 5", 3, "allow is 5, and should be a list of words"),
        (b"[graph]\nname = 'x'", 3, "and should be a text"),
        (b"ollama_host = 'http://localhost:99999'", 3, "is not an address"),
        (b"ollama_host = 'ftp://localhost'", 3, "is not an address"),
    ],
)  # fmt: skip
def test_an_unreadable_configuration_is_named(
    tinyllm: Call, home: Path, body: bytes, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OLLAMA_HOST")
    (home / "tinyllm.toml").write_bytes(body)
    done = tinyllm("config", "show")
    two_lines(done, code, said)
    assert "tinyllm.toml" in done.err or "ollama_host" in done.err


def test_a_configuration_that_is_a_folder_is_not_a_project(tinyllm: Call, home: Path) -> None:
    (home / "tinyllm.toml").mkdir()
    assert tinyllm("config", "show").code == 0


@pytest.mark.parametrize(
    "body", ["# [tool.tinyllm]\n", "[tool]\ntinyllm = 3 # [tool.tinyllm]\n", "[tool.tinyllm\n"]
)
def test_a_pyproject_that_only_looks_like_a_project_does_no_harm(
    tinyllm: Call, home: Path, body: str
) -> None:
    (home / "pyproject.toml").write_text(body)
    done = tinyllm("config", "path")
    assert "Traceback" not in done.err
    assert done.code in (0, 3)


def test_an_environment_variable_that_is_no_number_is_named(
    tinyllm: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYLLM_TIMEOUT", "soon")
    two_lines(tinyllm("run", "What is 2 + 2?"), 3, "TINYLLM_TIMEOUT: timeout is 'soon'")
    monkeypatch.delenv("TINYLLM_TIMEOUT")
    monkeypatch.setenv("TINYLLM_SLOTS", "-1")
    said = "TINYLLM_SLOTS: slots is '-1', and should be a whole number, 0 or more"
    two_lines(tinyllm("config", "show"), 3, said)


def test_a_port_in_use_is_named(tinyllm: Call) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        done = tinyllm("sim", "serve", "--port", str(held.getsockname()[1]))
    two_lines(done, done.code, "in use")
    assert done.code in (2, 4)


def test_a_working_directory_that_is_gone_is_said(process: Call, home: Path) -> None:
    gone = home / "gone"
    gone.mkdir()
    done = process("run", "What is 2 + 2?", cwd=gone, preexec_fn=lambda: os.rmdir(gone))  # noqa: PTH106
    assert "Traceback" not in done.err
    assert "our fault" not in done.err


def test_a_full_disk_under_the_answer_is_said(process: Call) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = process("run", "What is 2 + 2?", stdout=full)
    two_lines(done, done.code, "No space left")
    assert done.code == 1


@pytest.mark.parametrize(
    ("arguments", "streams", "said"),
    [
        ("run 'What is 2 + 2?'", "<&- 2>&-", "4\n"),
        ("run 'What is 2 + 2?'", "<&- >&- 2>&-", ""),
        ("config path", ">&-", ""),
    ],
)
def test_closed_streams_are_survived(arguments: str, streams: str, said: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"exec {PROGRAM} {arguments} {streams}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert done.stdout == said


@pytest.mark.parametrize(
    "arguments", ["--help", "run --jsonl 'What is 2 + 2?'", "graph draw --format svg", "config show"]
)
def test_a_reader_that_goes_away_ends_it_silently(arguments: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{PROGRAM} {arguments} | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout in ("141\n", "0\n")


def test_a_failed_init_leaves_nothing_behind(tinyllm: Call, home: Path) -> None:
    folder = home / "project"
    folder.mkdir()
    (folder / "checkpoints").write_text("in the way")
    two_lines(tinyllm("init", "project"), 2, "checkpoints")
    assert [path.name for path in folder.iterdir()] == ["checkpoints"]


# --- interrupted


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that takes a question and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def interrupted(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    # Until our first line runs, the interpreter speaks for itself.
    assert b"src/tinyllm" not in err, err.decode()
    assert out == b""
    if b"<frozen site>" in err:  # a slow machine: the interpreter was not even up
        return
    # Killed by the signal itself or ended by us: a shell shows 128 + number for both.
    assert process.returncode in (-number, 128 + number), err.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_waits_for_a_model_is_interrupted(silent_server: str, number: signal.Signals) -> None:
    with Process(
        ["run", "--jsonl", "Tell me a joke"], env={**os.environ, "OLLAMA_HOST": silent_server}
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b'"exact"' in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert err.startswith(b"interrupted\nresume with: tinyllm runs resume "), err
    assert b"Traceback" not in out


@pytest.mark.parametrize("after", [0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.2])
def test_a_run_is_interrupted_at_any_moment(silent_server: str, after: float) -> None:
    with launch(["run", "-q", "Tell me a joke"], env={**os.environ, "OLLAMA_HOST": silent_server}) as process:
        time.sleep(after)  # the moment is the point
        interrupted(process, signal.SIGINT)


def test_the_solver_is_interrupted() -> None:
    with Process(["run", "--json", "factorise 2^251 * 3 - 1"]) as running:
        time.sleep(0.7)
        running.send_signal(signal.SIGINT)
        _out, err = running.communicate(timeout=15)
    assert b"Traceback" not in err

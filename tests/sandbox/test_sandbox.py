"""Running code: what comes back, which layer is taken and why, and what is refused."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.sandbox.conftest import Run
from tinyllm.errors import Unavailable, UsageError
from tinyllm.sandbox import arun, docker, layers, run
from tinyllm.sandbox.job import Layer


def test_the_last_expression_is_the_value(runs: Run) -> None:
    ran = runs("y = x + 1\nprint('got', y)\n{'twice': [y * 2, None, 1.5, 'é']}", inputs={"x": 20})
    assert ran.ok
    assert ran.value == {"twice": [42, None, 1.5, "é"]}
    assert (ran.stdout, ran.error) == ("got 21\n", "")
    assert ran.seconds > 0


def test_without_an_expression_there_is_no_value(runs: Run) -> None:
    assert runs("x = 1").value is None
    assert runs("").ok
    assert runs("# nothing").ok


def test_a_value_that_is_not_data_is_shown(runs: Run) -> None:
    assert runs("{1, 2}").value == "{1, 2}"
    assert runs("(1, 2)").value == [1, 2]
    assert runs("float('nan')").value == "nan"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero (line 2)"),
        ("def f():\n  raise ValueError('no')\nf()", "ValueError: no (line 2)"),
        ("assert 1 == 2", "AssertionError (line 1)"),
        ("[][1]", "IndexError: list index out of range (line 1)"),
    ],
)
def test_an_error_names_its_line(code: str, error: str, runs: Run) -> None:
    ran = runs(code)
    assert (ran.ok, ran.value) == (False, None)
    assert ran.error.replace("AssertionError: ", "AssertionError") == error


def test_what_was_printed_before_an_error_is_kept(runs: Run) -> None:
    assert runs("print('so far')\n1 / 0").stdout == "so far\n"


def test_leaving_is_not_an_error(kernel: Layer) -> None:
    assert run("raise SystemExit", layer=kernel).ok
    assert run("import sys; sys.exit(0)", layer=kernel).ok
    assert run("import sys; sys.exit('bad')", layer=kernel).error == "SystemExit: bad (line 1)"


def test_files_are_there_and_can_be_written(kernel: Layer) -> None:
    code = "import os\nopen('out.txt', 'w').write(open('in/a.txt').read() * 2)\nopen('out.txt').read(), os.getcwd()"
    ran = run(code, files={"in/a.txt": "hey", "b.bin": b"\0\1"}, layer=kernel)
    assert ran.value == ["heyhey", "/tmp"]


def test_the_devices_that_programs_need_are_there(kernel: Layer) -> None:
    code = "open('/dev/null', 'w').write('x'), len(open('/dev/urandom', 'rb').read(4)), len(open('/dev/zero', 'rb').read(4))"
    assert run(code, layer=kernel).value == [1, 4, 4]


def test_all_of_the_standard_library_is_there(kernel: Layer) -> None:
    code = "import statistics, threading, sqlite3, zoneinfo, asyncio, csv\n"
    code += "async def f(): return statistics.mean([1, 2])\nasyncio.run(f())"
    ran = run(code, layer=kernel)
    assert ran.value == 1.5, ran


def test_the_lightest_layer_that_can_is_taken(layer: Layer) -> None:
    if layer != "monty":
        return
    light = run("1 + 1")
    assert (light.layer, light.why) == ("monty", "it is the lightest that can")
    heavy = run("import statistics\nstatistics.mean([1, 2])")
    assert (heavy.layer, heavy.value) == ("cpython", 1.5)
    assert heavy.why.startswith("monty cannot run it: ModuleNotFoundError")
    assert run("class A:\n  pass\nclass B(A):\n  pass\nB.__name__").value == "B"
    assert run("open('x', 'w').write('abc')").value == 3
    assert run("open('a.txt').read()", files={"a.txt": "abc"}).why == "monty sees no files"


def test_what_monty_cannot_run_is_told_when_it_was_asked_for(layer: Layer) -> None:
    if layer != "monty":
        return
    ran = run("import statistics", layer="monty")
    assert not ran.ok
    assert "statistics" in ran.error


async def test_it_does_not_block_and_can_be_cancelled(kernel: Layer) -> None:
    task = asyncio.create_task(arun("import time\ntime.sleep(100)", layer=kernel, timeout=100))
    assert (await arun("6 * 7", layer=kernel)).value == 42
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ours = [each for each in psutil.Process().children() if "give up all rights" in " ".join(each.cmdline())]
    _, alive = await asyncio.to_thread(psutil.wait_procs, ours, 5)
    assert alive == []


def test_a_layer_that_is_missing_says_why() -> None:
    assert set(layers()) == {"monty", "cpython", "docker"}
    if reason := layers()["docker"]:
        with pytest.raises(Unavailable) as caught:
            run("1", layer="docker")
        assert reason in str(caught.value)
        assert caught.value.hint
        with pytest.raises(Unavailable):
            run("import torch", image="pytorch/pytorch:latest")


@pytest.mark.parametrize(
    "job",
    [
        {"code": "1", "timeout": 0},
        {"code": "1", "timeout": 10**6},
        {"code": "1", "memory": 1},
        {"code": "x" * 1_000_000},
        {"code": "\0"},
        {"code": "1", "inputs": {"not a name": 1}},
        {"code": "1", "inputs": {"__builtins__": {}}},
        {"code": "1", "inputs": {"x": object()}},
        {"code": "1", "inputs": {"x": float("nan")}},
        {"code": "1", "files": {"../x": "y"}},
        {"code": "1", "files": {"/etc/x": "y"}},
        {"code": "1", "files": {"": "y"}},
        {"code": "1", "files": {"big": b"x" * 10**7}},
    ],
)
def test_a_job_that_cannot_be_is_refused(job: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        run(**job)  # type: ignore[arg-type]
    assert caught.value.hint


def test_without_any_layer_code_is_refused_and_never_run_bare(tmp_path: Path) -> None:
    code = f"""
import sys
from tinyllm.errors import Unavailable
from tinyllm.sandbox import run
sys.modules["pydantic_monty"] = sys.modules["pyseccomp"] = None
try:
    run("open({str(tmp_path / "ran")!r}, 'w')")
except Unavailable as error:
    print(error.code, error.exit_code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": ""}, check=False
    )
    assert done.stdout == "SANDBOX_MISSING 4\n", done.stderr
    assert not (tmp_path / "ran").exists()


def test_importing_it_loads_nothing_optional() -> None:
    code = (
        "import sys, tinyllm.sandbox; sys.exit('pydantic_monty' in sys.modules or 'pyseccomp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


DOCKER = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "run":
    os.chdir({folder!r})
    os.execv(sys.executable, [sys.executable, *sys.argv[sys.argv.index("python") + 1:]])
sys.exit("missing" in sys.argv[-1])
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A `docker` that writes down what it is asked, and runs our bootstrap in a folder."""
    log, program, folder = tmp_path / "asked", tmp_path / "bin" / "docker", tmp_path / "container"
    program.parent.mkdir()
    folder.mkdir()
    program.write_text(DOCKER.format(python=sys.executable, log=str(log), folder=str(folder)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    docker.missing.cache_clear()
    yield log
    docker.missing.cache_clear()


def test_a_container_gets_no_network_no_rights_and_limits(engine: Path) -> None:
    ran = run("print('hello')\nx * 2", inputs={"x": 21}, layer="docker", image="data:1", memory=64 * 2**20)
    assert (ran.ok, ran.value, ran.stdout, ran.layer) == (True, 42, "hello\n", "docker")
    asked = [json.loads(line) for line in engine.read_text().splitlines()]
    command = " ".join(asked[-1])
    for part in ("--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", "--pull never",
                 "--user 65534:65534", "--pids-limit 64", f"--memory {64 * 2**20}", "--rm", "data:1 python -I"):  # fmt: skip
        assert part in command
    assert not any(word in command for word in ("--privileged", "--volume", " -v ", "--env", "--mount"))


def test_a_container_that_takes_too_long_is_killed_by_its_name(engine: Path) -> None:
    ran = run("while True: pass", layer="docker", timeout=0.5)
    assert ran.error == "it took longer than 0.5 seconds"
    asked = [json.loads(line) for line in engine.read_text().splitlines()]
    assert asked[-1] == ["kill", asked[-2][asked[-2].index("--name") + 1]]


def test_a_missing_image_is_told_with_the_command_that_fetches_it(engine: Path) -> None:
    ran = run("1", image="missing:1")
    assert not ran.ok
    assert "docker pull missing:1" in ran.error
    assert engine.exists()


def test_a_long_job_goes_where_it_disturbs_nobody(engine: Path) -> None:
    assert run("1 + 1", timeout=500).layer == "docker"
    assert engine.exists()

"""Code runs where it can only compute; tests tell what they saw; errors are explained."""

from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError


async def test_code_sees_copies_of_the_named_files_and_no_others(call: Call, workspace: Path) -> None:
    code = "import os\nopen('notes.md', 'a').write('x')\nsorted(os.listdir('.'))"
    ran = await call("code_run", code=code, files=["notes.md"])
    assert ran["value"] == ["notes.md"]
    assert ran["ran_in"] == "cpython"
    assert "x" not in (workspace / "notes.md").read_text()


async def test_code_that_fails_says_where(call: Call) -> None:
    ran = await call("code_run", code="x = 1\nx / 0")
    assert ran["ok"] is False
    assert ran["error"] == "ZeroDivisionError: division by zero (line 2)"


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "import os\nos.environ['HOME']",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import subprocess\nsubprocess.run(['id'], check=True)",
    ],
)
async def test_code_reaches_nothing(code: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/canary-home")
    ran = await call("code_run", code=code)
    assert ran["ok"] is False or "canary" not in str(ran)
    assert "root:" not in str(ran)


async def test_each_test_is_told_on_its_own(call: Call) -> None:
    code = "def half(n):\n    return n // 2\n"
    tests = (
        "assert half(4) == 2\n"
        "assert half(3) == 1.5, 'halves are exact'\n"
        "numbers = [1, 2]\n"
        "assert len(numbers) == 3\n"
        "def test_raises():\n    half('x')\n"
        "def test_fine():\n    assert half(2) == 1\n"
    )
    told = await call("code_test", code=code, tests=tests)
    assert (told["passed"], told["failed"]) == (2, 3)
    assert [failure["error"].split(":")[0] for failure in told["failures"]] == [
        "AssertionError",
        "AssertionError",
        "TypeError",
    ]
    assert "it was 2" in told["failures"][1]["error"]


@pytest.mark.parametrize("tests", ["", "x = 1", "assert (", "1 = 2"])
async def test_tests_that_test_nothing_are_refused(tests: str, call: Call) -> None:
    with pytest.raises(TinyError) as refused:
        await call("code_test", code="x = 1", tests=tests)
    assert refused.value.hint


async def test_code_cannot_claim_that_it_passed(call: Call) -> None:
    told = await call("code_test", code="ran_tests_ = [['x', '']]", tests="assert 1 == 2")
    assert (told["passed"], told["failed"]) == (0, 1)


async def test_what_a_workspace_says_about_ruff_does_not_count(call: Call, workspace: Path) -> None:
    (workspace / "ruff.toml").write_text("line-length = 3\n[lint]\nselect = []\n")
    assert await call("code_format", code="x = [1,  2]") == "x = [1, 2]\n"
    assert [finding["rule"] for finding in await call("code_lint", code="import os\n")] == ["F401"]
    with pytest.raises(TinyError, match=r"not Python.*line 1"):
        await call("code_format", code="x = (")


async def test_an_error_is_explained_where_it_happened(call: Call) -> None:
    text = (
        'Traceback (most recent call last):\n  File "/home/ada/a.py", line 7, in f\n    g()\n'
        '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode\n'
        "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"
    )
    told = await call("code_explain", error=text)
    assert (told["error"], told["line"]) == ("JSONDecodeError", 7)
    with pytest.raises(TinyError, match="no Python error"):
        await call("code_explain", error="all is well")

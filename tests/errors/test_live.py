"""Failures provoked from the real libraries, each on its own machine: what are they called, what do they deserve?"""

import asyncio
import csv
import json
import sqlite3
import subprocess
import sys
import threading
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import jinja2
import jinja2.sandbox
import ollama
import psycopg
import pybreaker
import pydantic
import pytest
import sqlalchemy
import yaml

from tests.servers import postgres_server  # noqa: F401 - a fixture
from tinyllm.errors import Retryable, Stopped, TimedOut, TinyError, Unavailable, classify


class Wrong(BaseHTTPRequestHandler):
    """A server that is wrong in the way the path asks for: `/<status>`, `/drop`, `/cut`, `/html`, `/hang`."""

    answers: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        what = self.path.strip("/").partition("/")[0]
        act: dict[str, Callable[[], None]] = {"drop": self._drop, "cut": self._cut, "garbage": self._garbage}
        act.get(what, lambda: self._answer(int(what)))()

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        self.do_GET()

    def _answer(self, status: int) -> None:
        body = self.answers.get(self.path, "{}").encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drop(self) -> None:
        self.close_connection = True

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def _garbage(self) -> None:
        self.wfile.write(b"SSH-2.0-x\r\n\r\n")
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    Wrong.answers = {
        "/404/api/chat": '{"error":"model \'nope\' not found"}',
        "/500/api/chat": '{"error":"model requires more system memory (39.4 GiB) than is available (30.0 GiB)"}',
        "/400/api/chat": '{"error":"registry.ollama.ai/library/tiny:1b does not support tools"}',
        "/503/api/chat": '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
        "/200/api/chat": "<html>welcome</html>",
    }
    http = HTTPServer(("127.0.0.1", 0), Wrong)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def failure_of(act: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        act()
    return caught.value


def named(act: Callable[[], object], op: str = "") -> TinyError:
    return classify(failure_of(act), op=op)


STATUSES = [
    (400, "validation", "repair"), (401, "permanent", "none"), (403, "permanent", "none"), (404, "permanent", "none"),
    (408, "timeout", "backoff"), (409, "retryable", "reread"), (410, "permanent", "none"), (413, "validation", "repair"),
    (422, "validation", "repair"), (425, "retryable", "backoff"), (500, "retryable", "backoff_if_idempotent"),
    (501, "permanent", "none"), (502, "retryable", "backoff_if_idempotent"), (503, "retryable", "retry_after"),
    (504, "timeout", "backoff_if_idempotent"), (507, "permanent", "none"), (511, "permanent", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "retry"), STATUSES)
def test_a_status_says_what_it_deserves(server: str, status: int, kind: str, retry: str) -> None:
    failure = named(lambda: httpx.get(f"{server}/{status}").raise_for_status(), "tool.http GET")
    assert (failure.kind, failure.deserves.retry) == (kind, retry)


def test_too_many_requests_says_how_long_to_wait(server: str) -> None:
    failure = named(lambda: httpx.get(f"{server}/429").raise_for_status(), "tool.http GET")
    assert (failure.deserves.retry, failure.retry_after, failure.deserves.breaker) == (
        "retry_after",
        7.0,
        False,
    )


def test_the_same_status_is_read_from_urllib(server: str) -> None:
    failure = failure_of(lambda: urllib.request.urlopen(f"{server}/503"))
    assert isinstance(failure, urllib.error.HTTPError)
    failure.close()
    assert classify(failure, op="tool.http GET").code == "HTTP_UNAVAILABLE"


@pytest.mark.parametrize(
    ("path", "code"),
    [("drop", "CONNECTION_RESET"), ("cut", "CONNECTION_RESET"), ("garbage", "PROTOCOL_ERROR")],
)
def test_a_broken_answer_counts_against_its_host(server: str, path: str, code: str) -> None:
    failure = named(lambda: httpx.get(f"{server}/{path}"), "tool.http GET")
    assert (failure.code, failure.deserves.breaker) == (code, True)


def test_a_closed_port_is_an_answer_for_a_model(closed_port: int) -> None:
    failure = named(lambda: ollama.Client(f"http://127.0.0.1:{closed_port}").chat("x"), "ollama chat")
    assert isinstance(failure, Unavailable)
    assert (failure.code, failure.deserves.retry) == ("MODEL_SERVER_DOWN", "fallback_model")
    assert "ollama serve" in failure.hint


def test_a_streamed_question_to_a_closed_port_is_the_same_failure(closed_port: int) -> None:
    client = ollama.Client(f"http://127.0.0.1:{closed_port}")
    failure = named(lambda: list(client.chat("x", stream=True)), "ollama chat")
    assert failure.code == "MODEL_SERVER_DOWN"
    assert str(failure) == f"no answer from the model server at http://127.0.0.1:{closed_port}"


def test_the_hint_names_the_model_that_is_missing(server: str) -> None:
    failure = named(lambda: ollama.Client(f"{server}/404").chat("nope"), "ollama chat")
    assert failure.hint.startswith("`ollama pull nope`")


def test_a_closed_port_of_a_tool_is_no_matter_of_models(closed_port: int) -> None:
    failure = named(lambda: httpx.get(f"http://127.0.0.1:{closed_port}"), "tool.http GET")
    assert type(failure) is Retryable
    assert failure.code == "CONNECTION_REFUSED"


@pytest.mark.parametrize(
    ("path", "code", "counts"),
    [
        ("404", "MODEL_NOT_FOUND", False),
        ("500", "MODEL_TOO_BIG", True),
        ("400", "CAPABILITY_MISSING", False),
        ("503", "MODEL_SERVER_BUSY", False),
        ("200", "BAD_GATEWAY_BODY", True),
        ("drop", "MODEL_SERVER_DROPPED", True),
    ],
)
def test_the_body_of_a_model_server_counts_more_than_its_status(
    server: str, path: str, code: str, counts: bool
) -> None:
    failure = named(lambda: list(ollama.Client(f"{server}/{path}").chat("nope", stream=True)), "ollama chat")
    assert (failure.code, failure.deserves.breaker) == (code, counts)


def test_an_unknown_host_is_a_spelling_mistake() -> None:
    failure = named(lambda: httpx.get("http://nosuch.invalid"), "ollama chat")
    assert failure.code in ("DNS_FAILURE", "DNS_TEMPORARY")


def test_a_url_without_scheme_is_the_callers_fault() -> None:
    assert named(lambda: httpx.get("example"), "tool.http GET").code == "URL_INVALID"


async def test_a_wait_without_words_is_a_timeout() -> None:
    with pytest.raises(TimeoutError) as caught:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    failure = classify(caught.value)
    assert isinstance(failure, TimedOut)
    assert (failure.code, failure.exit_code) == ("NODE_TIMEOUT", 124)
    assert failure.message


async def test_a_cancelled_task_is_not_a_failure() -> None:
    task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    failure = classify(caught.value)
    assert isinstance(failure, Stopped)
    assert not failure.deserves.breaker


async def test_a_group_is_judged_by_what_is_in_it(closed_port: int) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{closed_port}")

    with pytest.raises(BaseExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
    assert classify(caught.value, op="ollama chat").code == "MODEL_SERVER_DOWN"


def locked(path: Path) -> None:
    first, second = sqlite3.connect(path, timeout=0), sqlite3.connect(path, timeout=0)
    try:
        first.execute("begin exclusive")
        second.execute("create table t (a)")
    finally:
        first.close()
        second.close()


def on_sqlite(*statements: str, path: str = ":memory:") -> None:
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


SQLITE: list[tuple[list[str], str]] = [
    (["selec 1"], "SQL_INVALID"),
    (["select * from nope"], "NO_SUCH_TABLE"),
    (
        ["create table t (a unique)", "insert into t values (1)", "insert into t values (1)"],
        "UNIQUE_VIOLATION",
    ),
    (["create table t (a not null)", "insert into t values (null)"], "NOT_NULL"),
    (["create table t (a check (a > 0))", "insert into t values (0)"], "CONSTRAINT"),
    (["pragma query_only = 1", "create table t (a)"], "DB_READONLY"),
    (["select 1; select 2"], "MULTI_STATEMENT"),
]


@pytest.mark.parametrize(("statements", "code"), SQLITE)
def test_sqlite_names_its_own_failures(statements: list[str], code: str) -> None:
    assert named(lambda: on_sqlite(*statements), "tool.sql").code == code


def test_our_own_database_speaks_of_files(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database, it is a sentence" * 40)
    assert named(lambda: locked(tmp_path / "a.db"), "core.sqlite").code == "DB_LOCKED"
    assert named(lambda: on_sqlite("select * from t", path=str(broken)), "core.sqlite").code == "DB_CORRUPT"
    assert named(lambda: sqlite3.connect(tmp_path / "no" / "a.db"), "core.sqlite").code == "DB_CANNOT_OPEN"


def test_sqlalchemy_passes_its_drivers_failure_on(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'no' / 'a.db'}")
    assert named(engine.connect, "core.sqlite").code == "DB_CANNOT_OPEN"
    engine.dispose()


def test_postgres_names_its_failures_by_sqlstate(postgres_server: str) -> None:  # noqa: F811
    asked = {
        "select * from nope": "NO_SUCH_TABLE", "select 1/0": "DIVISION_BY_ZERO", "selec": "SQL_INVALID",
        "select 'x'::int": "BAD_LITERAL", "set statement_timeout = '20ms'; select pg_sleep(2)": "STATEMENT_TIMEOUT",
        "select pg_cancel_backend(pg_backend_pid())": "QUERY_CANCELLED_BY_USER",
        "begin read only; create table t (a int)": "READ_ONLY_TX",
    }  # fmt: skip
    found = {}
    for sql in asked:
        with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
            found[sql] = named(lambda sql=sql, on=connection: on.execute(sql), "tool.sql").code  # type: ignore[misc]
    assert found == asked
    assert named(lambda: psycopg.connect(f"{postgres_server}/nope"), "tool.sql").code == "DB_DOES_NOT_EXIST"


def test_a_database_that_is_not_there_is_down(closed_port: int) -> None:
    assert named(lambda: psycopg.connect(f"host=127.0.0.1 port={closed_port}"), "tool.sql").code == "DB_DOWN"


def run(*command: str, timeout: float | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=timeout)


PROCESSES = [
    (lambda: run("nosuchcommand"), "tool.shell", "COMMAND_NOT_FOUND"),
    (lambda: run("sh", "-c", "nosuchcommand"), "tool.shell", "COMMAND_NOT_FOUND"),
    (lambda: run("sh", "-c", "kill -9 $$"), "tool.shell", "KILLED_SIGKILL"),
    (lambda: run("sh", "-c", "kill -11 $$"), "tool.shell", "CRASHED_BY_SIGNAL"),
    (lambda: run("sh", "-c", "exit 3"), "tool.shell", "EXIT_NONZERO"),
    (lambda: run("sleep", "9", timeout=0.01), "tool.shell", "TIMEOUT_CMD"),
    (lambda: run("/etc/passwd"), "tool.shell", "PERMISSION_DENIED"),
    (lambda: run("true", "x" * 3_000_000), "tool.shell", "ARG_LIST_TOO_LONG"),
    (lambda: run("sleep", "9", timeout=0.01), "tool.code", "CODE_TIMEOUT"),
]


@pytest.mark.parametrize(("act", "op", "code"), PROCESSES)
def test_a_process_is_judged_by_its_end(act: Callable[[], None], op: str, code: str) -> None:
    assert named(act, op).code == code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("1/0", "CODE_ERROR"),
        ("def f(:", "CODE_SYNTAX"),
        ("import nosuch", "CODE_IMPORT"),
    ],
)
def test_a_program_is_judged_by_the_last_line_it_wrote(code: str, name: str) -> None:
    assert named(lambda: run(sys.executable, "-I", "-c", code), "tool.code").code == name


class Route(pydantic.BaseModel):
    label: int


DATA: list[tuple[Callable[[], object], str, str]] = [
    (lambda: Route.model_validate({"label": "x"}), "llm.output", "OUTPUT_SCHEMA"),
    (lambda: Route.model_validate_json("{"), "llm.output", "OUTPUT_NOT_JSON"),
    (lambda: Route.model_validate({}), "tool.args", "TOOL_ARGS_INVALID"),
    (lambda: json.loads("{'a': 1}"), "llm.output", "OUTPUT_NOT_JSON"),
    (lambda: json.loads('{"a'), "tool.args", "TOOL_ARGS_NOT_JSON"),
    (lambda: json.loads("[" * 100_000), "core.input", "INPUT_TOO_DEEP"),
    (lambda: yaml.safe_load("a: [1"), "core.config", "YAML_SYNTAX"),
    (lambda: yaml.safe_load("!!python/object:os.system {}"), "core.config", "YAML_UNSAFE_TAG"),
    (lambda: tomllib.loads("a ="), "core.config", "CONFIG_SYNTAX"),
    (lambda: list(csv.reader(['"a'], strict=True)), "tool.csv", "CSV_MALFORMED"),
    (lambda: b"\xff".decode(), "tool.fs", "FILE_ENCODING"),
    (lambda: jinja2.Template("{{ a"), "core.config", "TEMPLATE_SYNTAX"),
    (
        lambda: jinja2.Template("{{ a }}", undefined=jinja2.StrictUndefined).render(),
        "core.config",
        "TEMPLATE_UNDEFINED",
    ),
    (
        lambda: jinja2.sandbox.SandboxedEnvironment().from_string("{{ ''.__class__.x }}").render(),
        "core.config",
        "TEMPLATE_SANDBOX",
    ),
]


@pytest.mark.parametrize(("act", "op", "code"), DATA)
def test_data_is_judged_by_who_wrote_it(act: Callable[[], object], op: str, code: str) -> None:
    assert named(act, op).code == code


def test_files_are_judged_by_errno(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert named(lambda: (tmp_path / "b").read_text(), "tool.fs").code == "FILE_NOT_FOUND"
    assert named(tmp_path.read_text, "tool.fs").code == "IS_A_DIRECTORY"
    assert named(lambda: (tmp_path / "a" / "b").read_text(), "tool.fs").code == "NOT_A_DIRECTORY"
    assert named(lambda: (tmp_path / "a").mkdir(), "tool.fs").code == "FILE_EXISTS"
    assert named(lambda: (tmp_path / ("x" * 300)).read_text(), "tool.fs").code == "NAME_TOO_LONG"
    assert named(tmp_path.rmdir, "tool.fs").code == "DIR_NOT_EMPTY_OR_BUSY"
    assert named(lambda: zipfile.ZipFile(tmp_path / "a"), "tool.fs").code == "FILE_FORMAT"
    assert named(lambda: Path("a\0b").read_text(), "tool.fs").code == "PATH_INVALID"


def broken() -> None:
    raise ValueError("down")


def test_an_open_circuit_is_not_counted_again() -> None:
    breaker = pybreaker.CircuitBreaker(fail_max=1, throw_new_error_on_trip=False)
    failure_of(lambda: breaker.call(broken))
    failure = named(lambda: breaker.call(broken))
    assert (failure.code, failure.deserves.retry, failure.deserves.breaker) == (
        "CIRCUIT_OPEN",
        "after_cooldown",
        False,
    )


def test_a_graph_without_end_is_out_of_budget() -> None:
    from langgraph.graph import START, StateGraph

    graph: Any = StateGraph(dict)
    graph.add_node("a", lambda state: state)
    graph.add_edge(START, "a")
    graph.add_edge("a", "a")
    failure = named(lambda: graph.compile().invoke({}, {"recursion_limit": 3}))
    assert (failure.code, failure.exit_code) == ("GRAPH_RECURSION_LIMIT", 7)


def test_an_interrupt_of_the_graph_waits_for_a_person() -> None:
    from langgraph.errors import GraphInterrupt

    failure = classify(GraphInterrupt())
    assert (failure.kind, failure.code, failure.exit_code) == ("cancelled", "HUMAN_INTERRUPT", 6)

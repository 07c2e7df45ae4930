"""What a run did, as spans: the right tree, whatever becomes of the run, and only where a setting says so."""

import asyncio
import contextlib
import json
import logging
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.status import StatusCode

from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.log import InRun
from tinyllm.settings import Settings
from tinyllm.testing.scripted import Scripted
from tinyllm.testing.simulator import Model, Reply, Script, Simulator
from tinyllm.toolkit import Tool
from tinyllm.traces.sending import QUEUE, send_to, tracing
from tinyllm.traces.trace import Parent

PLAIN: dict[str, Any] = {"name": "plain", "nodes": {"say": {"prompt": "Be brief."}}}
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DONE = {"done_reason": "stop", "done": True}


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


class Spans:
    """What arrived, once everything was sent."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.exporter = InMemorySpanExporter()
        send_to(self.exporter, settings)

    async def all(self) -> list[ReadableSpan]:
        traces = tracing(self.settings)
        assert traces is not None
        await traces.flush(60)
        return list(self.exporter.get_finished_spans())

    async def tree(self) -> dict[str, str]:
        """Each span's name, and whose child it is."""
        spans = await self.all()
        names = {span.context.span_id: span.name for span in spans if span.context}
        return {span.name: names.get(span.parent.span_id, "?") if span.parent else "" for span in spans}

    async def one(self, name: str) -> ReadableSpan:
        (found,) = [span for span in await self.all() if span.name == name]
        return found


@pytest.fixture
def wanted(tmp_path: Path) -> Settings:
    return Settings(database=str(tmp_path / "t.db"), workspace=str(tmp_path), traces=str(tmp_path / "place"))


Open = Callable[..., Engine]


@pytest.fixture
async def open_engine() -> AsyncIterator[Open]:
    opened: list[Engine] = []

    def make(settings: Settings, graph: dict[str, Any], *said: Any, tools: tuple[Tool, ...] = ()) -> Engine:
        script = Scripted(*said)
        engine = Engine(graph, settings=settings, make=lambda *_: script, tools=tools)
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        await engine.aclose()


def calling(name: str, **args: Any) -> AIMessage:
    call = {"name": name, "args": args, "id": "1", "type": "tool_call"}
    return AIMessage("", tool_calls=[call], response_metadata=DONE)


async def look(of: str) -> str:
    """Look something up."""
    if of == "nothing":
        raise ValueError("there is nothing, password=hunter2hunter2")
    return f"seen {of}"


LOOK = Tool("look", look, "read", "none")


async def test_a_tool_loop_is_a_tree_of_its_steps(wanted: Settings, open_engine: Open) -> None:
    graph = {"name": "loop", "nodes": {"work": {"prompt": "Look.", "tools": ["look"]}}}
    engine = open_engine(wanted, graph, calling("look", of="it"), "done", tools=(LOOK,))
    spans = Spans(wanted)
    answer = await engine.ask("What is there?")
    assert answer.status == "committed"
    found = await spans.all()
    by_id = {span.context.span_id: span for span in found if span.context}
    pairs = sorted((span.name, by_id[span.parent.span_id].name if span.parent else "") for span in found)
    assert pairs == [
        ("chat scripted", "node work"),
        ("chat scripted", "node work"),
        ("execute_tool look", "node work.use"),
        ("invoke_agent loop", ""),
        ("node work", "invoke_agent loop"),
        ("node work", "invoke_agent loop"),
        ("node work.use", "invoke_agent loop"),
    ]
    for span in found:
        assert span.start_time is not None
        assert span.end_time is not None
        parent = by_id[span.parent.span_id] if span.parent else span
        assert (parent.start_time or 0) <= span.start_time <= span.end_time <= (parent.end_time or 0)


async def test_parallel_branches_have_their_own_calls(wanted: Settings, open_engine: Open) -> None:
    nodes = {
        "start": {"kind": "transform", "value": "1", "to": ["left", "right"]},
        "left": {"prompt": "Left.", "to": "meet"},
        "right": {"prompt": "Right.", "to": "meet"},
        "meet": {"kind": "transform", "value": "2"},
    }
    spans = Spans(wanted)
    await open_engine(wanted, {"name": "fork", "nodes": nodes}, "fine").ask("Well?")
    found = await spans.all()
    by_id = {span.context.span_id: span for span in found if span.context}
    above = [
        by_id[span.parent.span_id].name for span in found if span.name.startswith("chat") and span.parent
    ]
    assert sorted(above) == ["node left", "node right"]
    assert len({span.context.trace_id for span in found if span.context}) == 1


async def test_names_are_those_that_others_know(wanted: Settings, open_engine: Open) -> None:
    spans = Spans(wanted)
    answer = await open_engine(wanted, PLAIN, "fine").ask("Well?", thread="t")
    call = facts(await spans.one("chat scripted"))
    assert call["openinference.span.kind"] == "LLM"
    assert call["llm.model_name"] == call["gen_ai.request.model"] == "scripted"
    assert (
        call["llm.token_count.total"] == call["llm.token_count.prompt"] + call["llm.token_count.completion"]
    )
    run = facts(await spans.one("invoke_agent plain"))
    assert run["openinference.span.kind"] == "AGENT"
    assert (run["tinyllm.run"], run["session.id"], run["tinyllm.status"]) == (answer.run, "t", "committed")
    node = facts(await spans.one("node say"))
    assert node["openinference.span.kind"] == "CHAIN"
    assert node["tinyllm.run"] == call["tinyllm.run"] == answer.run


async def test_a_gate_is_one_evaluator_though_it_grades(wanted: Settings, open_engine: Open) -> None:
    nodes = {
        "say": {"prompt": "Be brief.", "to": "check"},
        "check": {"kind": "gate", "checks": ["not_empty"]},
    }
    engine = open_engine(wanted, {"name": "gated", "nodes": nodes}, "fine")
    spans = Spans(wanted)
    await engine.ask("Well?")
    assert facts(await spans.one("node check"))["openinference.span.kind"] == "EVALUATOR"
    assert len(await spans.all()) == 4


async def test_nothing_that_was_said_is_in_a_trace(wanted: Settings, open_engine: Open) -> None:
    graph = {"name": "loop", "nodes": {"work": {"prompt": "Mind the zebra.", "tools": ["look"]}}}
    engine = open_engine(wanted, graph, calling("look", of="nothing"), "a zebra", tools=(LOOK,))
    spans = Spans(wanted)
    await engine.ask("Is there a zebra?")
    text = "".join(span.to_json() for span in await spans.all())
    assert "zebra" not in text
    assert "nothing" not in text
    assert "hunter2" not in text


async def test_with_a_yes_contents_are_there_without_secrets(
    wanted: Settings, open_engine: Open, tmp_path: Path
) -> None:
    settings = Settings(
        database=wanted.database,
        workspace=wanted.workspace,
        traces=wanted.traces,
        traces_content="yes",
        log="stderr",
    )
    graph = {"name": "loop", "nodes": {"work": {"prompt": "Be kind.", "tools": ["look"]}}}
    secret = "token=abcdef123456789"
    engine = open_engine(settings, graph, calling("look", of="it"), f"fine, {secret}", tools=(LOOK,))
    spans = Spans(settings)
    heard: list[str] = []
    packed = '{"password": "hunter2222 too"}'
    await engine.ask(f"Well? {packed} {secret}", listen=lambda event: heard.append(event.kind))
    run = facts(await spans.one("invoke_agent loop"))
    assert run["input.value"] == 'Well? {"password": "[redacted]"} token=[redacted]'
    assert run["output.value"] == "fine, token=[redacted]"
    (first, second) = [facts(span) for span in await spans.all() if span.name == "chat scripted"]
    assert first["llm.input_messages.0.message.content"] == "Be kind."
    assert second["llm.output_messages.0.message.content"] == "fine, token=[redacted]"
    used = facts(await spans.one("execute_tool look"))
    assert json.loads(str(used["input.value"])) == {"of": "it"}
    assert "seen it" in str(used["output.value"])
    everything = "".join(span.to_json() for span in await spans.all())
    assert [each for each in ("abcdef123456789", "hunter") if each in everything] == []
    assert "content" not in heard
    (run_id,) = {str(run["tinyllm.run"])}
    assert all(line.kind != "content" for line in await engine.transactions.timeline(run_id))


async def test_a_run_that_fails_ends_its_spans(wanted: Settings, open_engine: Open) -> None:
    spans = Spans(wanted)
    with pytest.raises(TinyError):
        await open_engine(wanted, PLAIN, RuntimeError("odd")).ask("Well?")
    assert (await spans.tree()) == {
        "chat qwen2.5:3b": "node say",
        "node say": "invoke_agent plain",
        "invoke_agent plain": "",
    }
    for span in await spans.all():
        assert span.status.status_code is StatusCode.ERROR, span.name
        assert facts(span)["error.type"]
        assert span.end_time


async def test_a_node_that_fails_and_goes_on_is_one_span(wanted: Settings, open_engine: Open) -> None:
    nodes = {
        "a": {"kind": "tool", "tool": "look", "args": {"of": "nothing"}, "on_error": "b"},
        "b": {"kind": "transform", "value": "1"},
    }
    spans = Spans(wanted)
    await open_engine(wanted, {"name": "goes", "nodes": nodes}, tools=(LOOK,)).ask("Well?")
    statuses = {span.name: span.status.status_code for span in await spans.all()}
    assert statuses == {
        "execute_tool look": StatusCode.ERROR,
        "node a": StatusCode.ERROR,
        "node b": StatusCode.OK,
        "invoke_agent goes": StatusCode.OK,
    }


async def test_a_bad_reply_is_one_call_that_failed(wanted: Settings, open_engine: Open) -> None:
    spans = Spans(wanted)
    await open_engine(wanted, PLAIN, "", "fine").ask("Well?")
    calls = [span for span in await spans.all() if span.name.startswith("chat")]
    assert [span.status.status_code for span in calls] == [StatusCode.ERROR, StatusCode.OK]


async def test_a_run_that_waits_goes_on_in_the_same_trace(wanted: Settings, open_engine: Open) -> None:
    nodes = {
        "say": {"prompt": "Be brief.", "to": "ask"},
        "ask": {"kind": "human", "ask": "Good?", "choices": {"yes": "end"}},
    }
    engine = open_engine(wanted, {"name": "asks", "nodes": nodes}, "fine")
    spans = Spans(wanted)
    waiting = await engine.ask("Well?")
    await engine.resume(waiting.run, "yes")
    assert [span.name for span in await spans.all()].count(
        "node ask"
    ) == 2  # where it waits, and what it came to
    roots = [span for span in await spans.all() if span.name == "invoke_agent asks"]
    assert [facts(span)["tinyllm.status"] for span in roots] == ["waiting", "committed"]
    assert len({span.context.trace_id for span in await spans.all() if span.context}) == 1
    assert len({span.context.span_id for span in roots if span.context}) == 2


async def test_a_run_that_is_cancelled_ends_its_spans(wanted: Settings, open_engine: Open) -> None:
    begun = asyncio.Event()

    async def wait(of: str) -> str:
        """Wait for ever."""
        begun.set()
        await asyncio.Event().wait()
        return of

    graph = {"name": "waits", "nodes": {"work": {"prompt": "Wait.", "tools": ["wait"]}}}
    tool = Tool("wait", wait, "read", "none")
    engine = open_engine(wanted, graph, calling("wait", of="it"), tools=(tool,))
    spans = Spans(wanted)
    task = asyncio.ensure_future(engine.ask("Well?"))
    await begun.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    root = await spans.one("invoke_agent waits")
    assert facts(root)["tinyllm.status"] == "cancelled"
    assert all(span.end_time for span in await spans.all())
    under_way = await spans.one("execute_tool wait")
    assert (under_way.status.status_code, under_way.status.description) == (StatusCode.ERROR, "cancelled")
    assert facts(under_way)["error.type"] == "cancelled"


async def test_a_call_that_is_under_way_when_its_run_is_cancelled_is_a_span(wanted: Settings) -> None:
    spans = Spans(wanted)
    heard: list[str] = []
    async with Simulator(Script({"m:1b": Reply("late", first_delay=60)}, [Model(name="m:1b")])) as simulator:
        settings = replace(wanted, ollama_host=simulator.url, model="m:1b")
        async with Engine(PLAIN, settings=settings) as engine:
            task = asyncio.ensure_future(engine.ask("Well?", listen=lambda event: heard.append(event.kind)))
            while not simulator.asked:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (run,) = await engine.transactions.runs()
            kept = await engine.transactions.timeline(run.id)
    call = await spans.one("chat m:1b")
    assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, "cancelled")
    assert (await spans.tree())["chat m:1b"] == "node say"
    assert heard[-1] == "stopped"
    assert "stopped" not in {line.kind for line in kept}


# What OpenTelemetry's own variables choose: with no caller, inside a trace that is kept, inside one that is not.
SAMPLERS = [
    ("", "", (True, True, False)),
    ("always_on", "", (True, True, True)),
    ("always_off", "", (False, False, False)),
    ("traceidratio", "0", (False, False, False)),
    ("traceidratio", "1.0", (True, True, True)),
    ("parentbased_always_on", "", (True, True, False)),
    ("parentbased_always_off", "", (False, True, False)),
    ("parentbased_traceidratio", "0", (False, True, False)),
    ("parentbased_traceidratio", "1", (True, True, False)),
]


@pytest.mark.parametrize(("sampler", "argument", "kept"), SAMPLERS)
async def test_the_sampler_of_the_environment_chooses(
    wanted: Settings,
    open_engine: Open,
    monkeypatch: pytest.MonkeyPatch,
    sampler: str,
    argument: str,
    kept: tuple[bool, bool, bool],
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    if not sampler:
        monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    spans, engine = Spans(wanted), open_engine(wanted, PLAIN, "fine")
    found = []
    for caller in ("", CALLER, CALLER.removesuffix("1") + "0"):
        before = len(await spans.all())
        await engine.ask("Well?", traceparent=caller)
        found.append(len(await spans.all()) > before)
    assert tuple(found) == kept


async def test_half_of_the_traces_are_kept_whole(
    wanted: Settings, open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    spans, engine = Spans(wanted), open_engine(wanted, PLAIN, "fine")
    for first in ("1", "f"):  # the lower half of a trace's id decides
        await engine.ask("Well?", traceparent=f"00-{'a' * 16}{first * 16}-b7ad6b7169203331-01")
    assert {f"{span.context.trace_id:032x}"[16:] for span in await spans.all() if span.context} == {"1" * 16}
    assert set(await spans.tree()) == {"invoke_agent plain", "node say", "chat scripted"}


async def test_a_caller_gives_the_trace(
    wanted: Settings, open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(wanted, PLAIN, "fine")
    spans = Spans(wanted)
    await engine.ask("Well?", traceparent=CALLER)
    monkeypatch.setenv("TRACEPARENT", CALLER.replace("b7ad", "cccc"))
    await engine.ask("Well?")
    await engine.ask("Well?", traceparent=CALLER.removesuffix("1") + "0")  # the caller keeps no trace
    roots = [span for span in await spans.all() if span.name == "invoke_agent plain"]
    assert [f"{span.parent.span_id:016x}" for span in roots if span.parent] == [
        "b7ad6b7169203331",
        "cccc6b7169203331",
    ]
    assert {f"{span.context.trace_id:032x}" for span in await spans.all() if span.context} == {
        CALLER.split("-")[1]
    }


@pytest.mark.parametrize(
    "text",
    ["", "x", CALLER[:-1], CALLER.replace("0af7", "0AF7"), f"ff{CALLER[2:]}", "00-" + "0" * 32 + CALLER[35:]],
)
def test_what_is_no_traceparent_begins_a_trace(text: str) -> None:
    assert Parent.read(text) is None


async def test_a_run_inside_a_run_is_inside_its_trace(wanted: Settings, open_engine: Open) -> None:
    inner = open_engine(wanted, PLAIN, "fine")

    async def ask(of: str) -> str:
        """Ask somebody."""
        return str(await inner.ask(of))

    graph = {"name": "outer", "nodes": {"a": {"kind": "tool", "tool": "ask", "args": {"of": "Well?"}}}}
    spans = Spans(wanted)
    await open_engine(wanted, graph, tools=(Tool("ask", ask, "read", "none"),)).ask("?")
    tree = await spans.tree()
    assert (tree["invoke_agent plain"], tree["node a"]) == ("node a", "invoke_agent outer")


async def test_lines_of_the_log_name_trace_and_span(
    wanted: Settings, open_engine: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(database=wanted.database, traces=wanted.traces, log="stderr")
    records: list[logging.LogRecord] = []

    async def speak(of: str) -> str:
        """Say something in Python's own log."""
        logging.getLogger("some.library").warning("hello")
        return of

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Kept()
    handler.addFilter(InRun())
    logging.getLogger("some.library").addHandler(handler)
    logging.getLogger("some.library").propagate = False
    graph = {"name": "outer", "nodes": {"a": {"kind": "tool", "tool": "speak", "args": {"of": "x"}}}}
    spans = Spans(settings)
    answer = await open_engine(settings, graph, tools=(Tool("speak", speak, "read", "none"),)).ask("?")
    known = {
        (f"{s.context.trace_id:032x}", f"{s.context.span_id:016x}") for s in await spans.all() if s.context
    }
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines
    assert {(line["trace"], line["span"]) for line in lines} <= known
    assert len({line["span"] for line in lines}) == 3
    (record,) = records
    assert vars(record)["run"] == answer.run
    assert vars(record)["node"] == "a"
    assert (vars(record)["trace"], vars(record)["span"]) in known
    handler.handle(record := logging.makeLogRecord({}))
    assert vars(record)["run"] == ""


async def test_a_file_gets_lines_that_only_its_owner_reads(open_engine: Open, tmp_path: Path) -> None:
    place = tmp_path / "traces" / "spans.jsonl"
    settings = Settings(database=str(tmp_path / "t.db"), traces=str(place))
    engine = open_engine(settings, PLAIN, "fine")
    await engine.ask("Well?")
    await engine.aclose()
    names = [json.loads(line)["name"] for line in place.read_text().splitlines()]
    assert names == ["chat scripted", "node say", "invoke_agent plain"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


async def test_a_file_of_spans_is_gone_on_with_and_closed_to_others(
    open_engine: Open, tmp_path: Path
) -> None:
    place = tmp_path / "spans.jsonl"
    before = json.dumps({"name": "earlier", "context": {"trace_id": "0x1"}}) + "\n"
    place.write_text(before)
    place.chmod(0o644)
    engine = open_engine(Settings(database=str(tmp_path / "t.db"), traces=str(place)), PLAIN, "fine")
    await engine.ask("Well?")
    await engine.aclose()
    assert place.read_text().startswith(before)
    assert len(place.read_text().splitlines()) == 4
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "place",
    [
        "notes.md",
        "data.json",
        ".",
        "ftp://x",
        "http://[bad",
        "http://",
        "http://127.0.0.1:99999999",
        "localhost:4318",
        "no/such/t.jsonl",
        "notes.md/t",
        "/nowhere/t",
    ],
)
async def test_a_place_that_is_none_is_refused_before_anything_begins(
    open_engine: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text("# My notes\n")
    (tmp_path / "data.json").write_text('{"context": "mine"}\n')
    before = sorted(tmp_path.iterdir())
    engine = open_engine(Settings(database=str(tmp_path / "t.db"), traces=place), PLAIN, "fine")
    with pytest.raises(TinyError) as refused:
        await engine.ask("Well?")
    assert (refused.value.exit_code, refused.value.code) == (3, "CONFIG_INVALID")
    assert refused.value.hint
    assert sorted(tmp_path.iterdir()) == before
    assert not Path("/nowhere").exists()


class Receiver(ThreadingHTTPServer):
    """What an OTLP collector does with traces: take them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.paths: list[str] = []
        self.received: list[ExportTraceServiceRequest] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def names(self) -> list[str]:
        return [
            span.name
            for request in self.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        self.server.received.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("standard", [False, True])
async def test_a_collector_receives_the_spans(
    open_engine: Open, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standard: bool
) -> None:
    if standard:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    settings = Settings(database=str(tmp_path / "t.db"), traces="otlp" if standard else receiver.url)
    engine = open_engine(settings, PLAIN, "fine")
    await engine.ask("Well?")
    traces = tracing(settings)
    assert traces is not None
    await traces.flush(60)
    assert receiver.paths == ["/v1/traces"]
    assert sorted(receiver.names()) == ["chat scripted", "invoke_agent plain", "node say"]
    (resource,) = receiver.received[0].resource_spans
    names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert names["service.name"] == "tinyllm"


async def test_nothing_is_sent_unless_a_setting_says_so(
    open_engine: Open, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    settings = Settings(database=str(tmp_path / "t.db"))
    engine = open_engine(settings, PLAIN, "fine")
    await engine.ask("Well?")
    await engine.aclose()
    assert tracing(settings) is None
    assert receiver.paths == []


async def test_a_place_that_takes_nothing_is_one_note(
    open_engine: Open, closed_port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = f"http://127.0.0.1:{closed_port}"
    settings = Settings(database=str(tmp_path / "runs.db"), traces=place)
    engine = open_engine(settings, PLAIN, "fine")
    for _ in range(2):
        assert (await engine.ask("Well?")).status == "committed"
        await engine.aclose()
    assert len(caplog.records) == 1
    assert f"traces do not reach {place}" in caplog.text


async def test_an_exporter_that_fails_in_its_own_way_is_one_note(
    wanted: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(InMemorySpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> Any:
            raise RuntimeError("no room, password=hunter2222")

    traces = send_to(Odd(), wanted)
    async with Engine(PLAIN, settings=wanted, make=lambda *_: Scripted("fine")) as engine:
        for _ in range(2):
            assert (await engine.ask("Well?")).status == "committed"
            await traces.flush(60)
    (note,) = caplog.records
    assert note.exc_info is None
    assert note.getMessage().endswith("no room, password=[redacted]; the runs go on without")


async def test_what_nobody_takes_does_not_pile_up(wanted: Settings, caplog: pytest.LogCaptureFixture) -> None:
    held, free = threading.Event(), threading.Event()

    class Stuck(InMemorySpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> Any:
            held.set()
            free.wait(60)
            return super().export(spans)

    exporter = Stuck()
    traces = send_to(exporter, wanted)
    engine = Engine(PLAIN, settings=wanted, make=lambda *_: Scripted("fine"))
    answer = await engine.ask("Well?")
    await traces.flush(0.01)
    assert held.is_set()
    trace = traces.begin((await engine.transactions.run(answer.run)), "plain", engine.clock, "db")
    for _ in range(QUEUE + 500):
        traces.put(trace, trace.root)
    free.set()
    await traces.flush(60)
    assert len(exporter.get_finished_spans()) <= QUEUE + 3
    await engine.aclose()
    assert len(caplog.records) == 1

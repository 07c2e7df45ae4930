"""Where spans go: an OTLP endpoint or a file, in batches, beside the work; whatever becomes of them, no run notices."""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from tinyllm.clock import Clock
from tinyllm.ollama import LOOPBACK
from tinyllm.redaction import safe
from tinyllm.running import current
from tinyllm.settings import Settings
from tinyllm.toolkit.needs import need
from tinyllm.traces import span as spans
from tinyllm.traces.place import STANDARD, checked, is_file
from tinyllm.traces.span import Span, new_id, told
from tinyllm.traces.trace import Parent, Trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

QUEUE, BATCH = 2_048, 256  # spans that wait at most, spans that are sent at once
EVERY_MS = 2_000
TIMEOUT = 5.0  # seconds for one batch
CLOSING = 1.0  # seconds that an end waits for the last batch
LOG = logging.getLogger("tinyllm.traces")
THEIRS = (
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
)


class Working(Protocol):
    """A run as far as its trace goes."""

    @property
    def id(self) -> str: ...
    @property
    def thread(self) -> str: ...
    @property
    def question(self) -> str: ...


class Tracing:
    """The spans of this process on their way to one place."""

    def __init__(self, exporter: "SpanExporter", place: str, *, content: bool) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.place = place
        self.content = content
        service = os.environ.get("OTEL_SERVICE_NAME") or "tinyllm"
        self.resource = Resource.create({"service.name": service})
        self.sampler = TracerProvider(resource=self.resource, shutdown_on_exit=False).sampler
        self.exporter = _quiet(exporter, place)
        self.processor = BatchSpanProcessor(
            self.exporter, max_queue_size=QUEUE, schedule_delay_millis=EVERY_MS, max_export_batch_size=BATCH
        )
        self._flushing: threading.Thread | None = None

    def begin(self, run: Working, graph: str, clock: Clock, database: str, parent: str = "") -> Trace:
        """The trace of a run: inside another run, inside what its caller does, or of its own."""
        around = current().extra.get("trace")
        if isinstance(around, Trace):
            where = replace(around.parent, span=around.inside(current().node).id)
        else:
            caller = Parent.read(parent or os.environ.get("TRACEPARENT", ""))
            where = self._sampled(caller or Parent.of(run.id, database), graph)
        found = spans.of_run(run.id, run.thread, graph)
        if self.content and run.question:
            found["input.value"] = told(run.question)
        now = clock.now()
        root = Span(f"invoke_agent {graph}", "AGENT", new_id(), where.span, now, now, found)
        return Trace(self.put, where, self.content, root, clock)

    def _sampled(self, where: Parent, graph: str) -> Parent:
        """Kept or left out, as OpenTelemetry's own variables say; without them as the caller does."""
        from opentelemetry.context import Context
        from opentelemetry.sdk.trace.sampling import Decision
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

        around = Context()
        if where.span:
            flags = TraceFlags(TraceFlags.SAMPLED if where.sampled else TraceFlags.DEFAULT)
            caller = NonRecordingSpan(SpanContext(where.trace, where.span, True, flags))
            around = set_span_in_context(caller, around)
        chosen = self.sampler.should_sample(around, where.trace, f"invoke_agent {graph}")
        return replace(where, sampled=chosen.decision is Decision.RECORD_AND_SAMPLE)

    def put(self, trace: Trace, span: Span) -> None:
        if trace.parent.sampled:
            with _hushed():  # of what waits too long, the oldest is dropped
                self.processor.on_end(self._readable(trace, span))

    def _readable(self, trace: Trace, span: Span) -> "ReadableSpan":
        # Made here and not by a tracer: a node is known when it has ended, and its children before it.
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope
        from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
        from opentelemetry.trace.status import Status, StatusCode

        def context(id: int) -> SpanContext:
            return SpanContext(trace.parent.trace, id, False, TraceFlags(TraceFlags.SAMPLED))

        status = (
            Status(StatusCode.ERROR, span.because or span.failed) if span.failed else Status(StatusCode.OK)
        )
        return ReadableSpan(
            span.name,
            context(span.id),
            context(span.parent) if span.parent else None,
            self.resource,
            {"openinference.span.kind": span.kind, **span.attributes},
            [Event(name, facts, _ns(at)) for name, at, facts in span.events],
            kind=SpanKind.CLIENT if span.kind == "LLM" else SpanKind.INTERNAL,
            status=status,
            start_time=_ns(span.start),
            end_time=_ns(span.end),
            instrumentation_scope=InstrumentationScope("tinyllm"),
        )

    async def flush(self, seconds: float = CLOSING) -> None:
        """Send what waits, for so long at most: a place that does not answer holds nobody up."""
        if self._flushing is None or not self._flushing.is_alive():
            self._flushing = threading.Thread(target=self.processor.force_flush, name="traces", daemon=True)
            self._flushing.start()
        await asyncio.to_thread(self._flushing.join, seconds)
        if self._flushing.is_alive():
            self.exporter.missed("it does not answer")


def _ns(at: float) -> int:
    return int(at * 1e9)


_opened: dict[tuple[int, str, str], Tracing] = {}


def _key(settings: Settings) -> tuple[int, str, str]:
    return os.getpid(), settings.traces, settings.traces_content


def tracing(settings: Settings) -> Tracing | None:
    """Where the spans of this process go, by its settings; nowhere unless they say so."""
    if not settings.traces:
        return None
    found = _opened.get(_key(settings))
    return found or send_to(_exporter(checked(settings)), settings)


def send_to(exporter: "SpanExporter", settings: Settings) -> Tracing:
    """Send them by this exporter: for programs that have one of their own. The place is then only a name."""
    found = Tracing(exporter, settings.traces, content=settings.traces_content == "yes")
    _opened[_key(settings)] = found
    return found


async def flushed(settings: Settings) -> None:
    """Whatever has not been sent yet is sent now, if anything was."""
    if settings.traces and (found := _opened.get(_key(settings))):
        await found.flush()


def _exporter(place: str) -> "SpanExporter":
    if is_file(place):
        return _lines(Path(place).expanduser())
    sends: Any = need("opentelemetry.exporter.otlp.proto.http.trace_exporter", extra="observe")
    if place == STANDARD:
        return sends.OTLPSpanExporter(timeout=TIMEOUT)  # type: ignore[no-any-return]
    session = need("requests", extra="observe").Session()
    session.trust_env = urlsplit(place).hostname not in LOOPBACK  # no proxy on the way to ourselves
    whole = place if urlsplit(place).path.strip("/") else f"{place.rstrip('/')}/v1/traces"
    return sends.OTLPSpanExporter(whole, timeout=TIMEOUT, session=session)  # type: ignore[no-any-return]


def _lines(path: Path) -> "SpanExporter":
    """A file of lines of JSON, one a span, that only its owner can read."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Lines(SpanExporter):
        def export(self, spans: Sequence["ReadableSpan"]) -> SpanExportResult:
            path.parent.mkdir(exist_ok=True)
            path.touch(mode=0o600)
            path.chmod(0o600)  # it may have been there, and open to all
            with path.open("a", encoding="utf-8") as file:
                file.writelines(span.to_json(indent=None) + "\n" for span in spans)
            return SpanExportResult.SUCCESS

    return Lines()


def _reach(place: str) -> None:
    """Nobody listens on this machine: known at once, where the exporter would try again for seconds."""
    parts = urlsplit(place)
    if parts.hostname in LOOPBACK:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        socket.create_connection((parts.hostname, port), timeout=CLOSING).close()


_ours = threading.local()


def _heard(_: logging.LogRecord) -> bool:
    return not getattr(_ours, "hushed", False)


@contextmanager
def _hushed() -> Iterator[None]:
    """What their loggers say meanwhile in this thread, nobody hears."""
    _ours.hushed = True
    try:
        yield
    finally:
        _ours.hushed = False


def _quiet(exporter: "SpanExporter", place: str) -> Any:
    """An exporter whose failures are one note, and no line of anybody's log beside it."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    for name in THEIRS:
        logging.getLogger(name).addFilter(_heard)

    class Quiet(SpanExporter):
        noted = False

        def export(self, spans: Sequence["ReadableSpan"]) -> SpanExportResult:
            try:
                _reach(place)
                with _hushed():
                    result = exporter.export(spans)
            except Exception as failure:  # noqa: BLE001 - whoever made it: no run notices
                self.missed(str(failure) or type(failure).__name__)
                return SpanExportResult.FAILURE
            if result is not SpanExportResult.SUCCESS:
                self.missed("it does not take them")
            return result

        def missed(self, because: str) -> None:
            if not self.noted:
                self.noted = True
                LOG.warning(
                    "note  traces do not reach %s; the runs go on without", safe(f"{place}: {because}")
                )

        def shutdown(self) -> None:
            exporter.shutdown()

    return Quiet()

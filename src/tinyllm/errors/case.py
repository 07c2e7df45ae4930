"""A failure as a record: what an exception, a reply, an HTTP answer or a process left behind."""

import errno as numbers
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

_ERRNO = re.compile(r"\[Errno (-?\d+)\]|\[WinError (\d+)\]|\(os error (\d+)\)")
_ERRNO_REPR = re.compile(r"\b(?:[A-Z]\w*Error)\((\d{1,3}), '")
_STATUS = re.compile(r"\(status code: (-?\d+)\)|\bstatus(?: code)?:? (\d{3})\b|^\((\d{3})\)\nReason: ")
_WINDOWS = {10061: numbers.ECONNREFUSED, 10060: numbers.ETIMEDOUT, 10054: numbers.ECONNRESET}
_WINDOWS |= {10065: numbers.EHOSTUNREACH, 11001: -2, 2: numbers.ENOENT, 5: numbers.EACCES}
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to judge by. Everything is optional: a failure may even have no text."""

    component: str = ""
    exc_type: str = ""
    message: str = ""
    status: int | None = None
    errno: int | None = None
    sqlstate: str = ""
    exit_code: int | None = None
    cause: str = ""
    op: str = ""
    kind: str = "exception"
    lineage: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    reason: str = ""
    retry_after: float | None = None
    target: str = ""
    origin: str = ""  # the package that raised it

    @property
    def leaf(self) -> str:
        """The class's own name, without its module."""
        return self.exc_type.rpartition(".")[2]

    @property
    def package(self) -> str:
        return self.exc_type.partition(".")[0]

    def inside(self, *components: str) -> bool:
        """True if the failure belongs to one of these parts, or to a part of them."""
        return any(self.component == each or self.component.startswith(f"{each}.") for each in components)

    def completed(self) -> "Case":
        """Fields that libraries write into the text in a fixed form, moved where they belong."""
        return replace(
            self,
            lineage=self.lineage or ((self.exc_type,) if self.exc_type else ()),
            causes=self.causes or ((self.cause,) if self.cause else ()),
            errno=self.errno if self.errno is not None else errno_in(self.message),
            status=self.status if self.status is not None else status_in(self.message),
        )


def from_row(row: Mapping[str, Any]) -> Case:
    """A line of a corpus file."""
    known = {field.name for field in fields(Case)}
    return Case(
        **{key: value for key, value in row.items() if key in known and value is not None}
    ).completed()


def from_exception(failure: BaseException, *, op: str = "", component: str = "") -> Case:
    """What an exception and everything behind it say about themselves."""
    chain = list(behind(failure))
    head = chain[0]
    names = [full_name(type(each)) for each in chain]
    case = Case(
        component=component or component_of(op, names),
        exc_type=names[0],
        message=text_of(head),
        status=_first(chain, _status),
        errno=_first(chain, _errno),
        sqlstate=_first(chain, lambda e: _text(e, "sqlstate", "pgcode")) or "",
        exit_code=_exit_code(head),
        cause=names[1] if len(names) > 1 else "",
        op=op,
        lineage=tuple(full_name(base) for base in type(head).__mro__ if base not in (object, BaseException)),
        causes=tuple(names[1:]),
        reason=_first(chain, _reason) or "",
        retry_after=_first(chain, _retry_after),
        target=_first(chain, _target) or "",
        origin=_origin(head),
    )
    return case.completed()


def behind(failure: BaseException) -> Iterator[BaseException]:
    """The failure, then what caused it: causes, contexts, groups, and errors carried as values."""
    waiting, seen = [failure], set[int]()
    while waiting and len(seen) < _DEEPEST:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, BaseExceptionGroup) and each.exceptions:
            waiting[:0] = each.exceptions
            continue
        yield each
        waiting.extend(_carried(each))


def _carried(failure: BaseException) -> Iterator[BaseException]:
    if failure.__cause__ is not None:
        yield failure.__cause__
    elif failure.__context__ is not None and not failure.__suppress_context__:
        yield failure.__context__
    values = [_safe(failure, name) for name in ("reason", "orig", "os_error")]
    for value in (*values, *_arguments(failure)):
        if isinstance(value, BaseException):
            yield value


def _arguments(failure: BaseException) -> tuple[object, ...]:
    """Some libraries pass the cause as an argument, or as one of a pair."""
    args = given if isinstance(given := _safe(failure, "args"), tuple) else ()
    nested = [each for value in args if isinstance(value, tuple) for each in value]
    return (*args, *nested)


def text_of(failure: BaseException) -> str:
    """The text of a failure, and what it answers when even `str` fails."""
    body = _text(_safe(failure, "response"), "text") if "HTTP" in type(failure).__name__ else None
    error = _safe(failure, "stderr")
    spoken = error.decode(errors="replace") if isinstance(error, bytes) else error
    parts = (_quietly(lambda: str(failure)), body, spoken)
    return "\n".join(each for each in parts if isinstance(each, str) and each)


def full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


_PARTS = ("ollama", "llm", "langchain", "tool", "core")
_BY_PACKAGE = {
    "ollama": "ollama", "openai": "llm.api", "litellm": "llm.api", "langgraph": "core.graph",
    "redis": "tool.redis", "langchain_core": "llm.output", "langchain_ollama": "ollama",
    "docker": "tool.docker", "kubernetes": "tool.k8s", "paramiko": "tool.ssh", "asyncssh": "tool.ssh",
    "playwright": "tool.browser", "selenium": "tool.browser", "psycopg": "tool.sql", "asyncpg": "tool.sql",
    "pymysql": "tool.sql", "duckdb": "tool.sql", "_csv": "tool.csv", "yaml": "core.config",
    "pymongo": "tool.mongo", "tomllib": "core.config", "jinja2": "core.config", "subprocess": "tool.shell",
}  # fmt: skip

_BY_DOMAIN = {
    "web": "tool.http", "browser": "tool.browser", "postgres": "tool.sql", "redis": "tool.redis",
    "mongo": "tool.mongo", "elastic": "tool.http", "docker": "tool.docker", "kube": "tool.k8s", "ssh": "tool.ssh",
    "notify": "tool.http",
}  # fmt: skip


def component_of(op: str, names: list[str]) -> str:
    """The part named at the head of the operation (`tool.http GET`, `web_fetch`), else the one whose library failed."""
    word = op.partition(" ")[0]
    if word.partition(".")[0] in _PARTS:
        return word
    domain, mark, _ = word.partition("_")
    if mark and domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain]
    packages = (name.partition(".")[0] for name in names)
    return next((_BY_PACKAGE[each] for each in packages if each in _BY_PACKAGE), "")


def errno_in(text: str) -> int | None:
    """The number from Python's own `[Errno n]`, which wrappers keep in their text."""
    found = _ERRNO.search(text) or _ERRNO_REPR.search(text)
    if found is None:
        return None
    number = int(next(group for group in found.groups() if group))
    return _WINDOWS.get(number, number) if "WinError" in found[0] else number


def status_in(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(next(group for group in found.groups() if group)) if found else None


def _quietly(ask: Callable[[], Any]) -> Any:
    """Foreign properties and methods may do anything, even raise: then they say nothing."""
    try:
        return ask()
    except Exception:  # noqa: BLE001
        return None


def _safe(source: object, name: str) -> Any:
    return _quietly(lambda: getattr(source, name, None))


def _text(source: object, *names: str) -> str | None:
    values = (_safe(source, name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _number(source: object, *names: str) -> int | None:
    values = (_safe(source, name) for name in names)
    return next((value for value in values if type(value) is int), None)


def _first(chain: list[BaseException], look: Callable[[BaseException], Any]) -> Any:
    return next((found for each in chain if (found := look(each)) is not None), None)


def _status(failure: BaseException) -> int | None:
    own = _number(failure, "status_code", "status", "http_status")
    of_response = _number(_safe(failure, "response"), "status_code", "status")
    found = own if own is not None else of_response
    if found is None and "HTTPError" in type(failure).__name__:
        found = _number(failure, "code")
    return found if found is not None and (found == -1 or 100 <= found < 600) else None


def _errno(failure: BaseException) -> int | None:
    """The system's number; OpenSSL counts its own in the same field."""
    ours = isinstance(failure, OSError) and type(failure).__module__ != "ssl"
    return _number(failure, "errno") if ours else None


def _exit_code(failure: BaseException) -> int | None:
    return _number(failure, "returncode", "exit_code", "exit_status")


def _origin(failure: BaseException) -> str:
    """The package of the innermost frame."""
    trace, name = failure.__traceback__, ""
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return name.partition(".")[0]


def _reason(failure: BaseException) -> str | None:
    """The library's own symbolic name for what happened."""
    name = _text(failure, "sqlite_errorname")
    if name is None and hasattr(failure, "errors") and "ValidationError" in type(failure).__name__:
        return _pydantic(failure)
    if name is None and "Rpc" in type(failure).__name__ and callable(code := _safe(failure, "code")):
        return _text(_quietly(code), "name")
    return name


def _pydantic(failure: BaseException) -> str | None:
    listed = _quietly(_safe(failure, "errors"))
    first = listed[0] if isinstance(listed, list) and listed else {}
    return first.get("type") if isinstance(first, dict) and isinstance(first.get("type"), str) else None


def _retry_after(failure: BaseException) -> float | None:
    """Seconds to wait, where the server gave them; a date is left to the caller's own pace."""
    headers = _safe(_safe(failure, "response"), "headers") or _safe(failure, "headers")
    value = _quietly(lambda: headers.get("retry-after") or headers.get("Retry-After"))
    seconds = _quietly(lambda: float(value))
    return seconds if isinstance(seconds, float) and 0 <= seconds < float("inf") else None


def _target(failure: BaseException) -> str | None:
    """Scheme, host and port of the request that failed: never its path, which may hold secrets."""
    url = _safe(_safe(failure, "request"), "url")
    found = re.match(r"https?://(?:[^/@]*@)?([^/?#@]+)", str(url)) if url is not None else None
    return f"{found[0].partition('://')[0]}://{found[1]}" if found else None

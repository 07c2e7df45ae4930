"""What symbols say: names that a library or a protocol writes for programs to read."""

import re
from typing import Final

from tinyllm.errors.case import Case

# fmt: off
SQLITE: Final[dict[str, str]] = {
    "SQLITE_BUSY": "DB_LOCKED", "SQLITE_LOCKED": "DB_LOCKED", "SQLITE_PROTOCOL": "DB_LOCKED",
    "SQLITE_FULL": "DB_FULL", "SQLITE_READONLY": "DB_READONLY", "SQLITE_CANTOPEN": "DB_CANNOT_OPEN",
    "SQLITE_CORRUPT": "DB_CORRUPT", "SQLITE_NOTADB": "DB_CORRUPT", "SQLITE_IOERR": "DB_IO_ERROR",
    "SQLITE_NOMEM": "PROCESS_OOM", "SQLITE_PERM": "DB_READONLY", "SQLITE_AUTH": "SQL_FORBIDDEN",
    "SQLITE_INTERRUPT": "STATEMENT_TIMEOUT", "SQLITE_SCHEMA": "SERIALIZATION_FAILURE",
    "SQLITE_ABORT": "TX_ABORTED", "SQLITE_MISUSE": "PROGRAMMING_BUG", "SQLITE_INTERNAL": "PROGRAMMING_BUG",
    "SQLITE_TOOBIG": "SQL_LIMIT", "SQLITE_RANGE": "SQL_INVALID",
    "SQLITE_CONSTRAINT_UNIQUE": "UNIQUE_VIOLATION", "SQLITE_CONSTRAINT_PRIMARYKEY": "UNIQUE_VIOLATION",
    "SQLITE_CONSTRAINT_NOTNULL": "NOT_NULL", "SQLITE_CONSTRAINT": "CONSTRAINT",
    "SQLITE_MISMATCH": "BAD_LITERAL", "SQLITE_NOLFS": "DB_FULL", "SQLITE_ERROR": "SQL_INVALID",
}

K8S: Final[dict[str, str]] = {
    "AlreadyExists": "K8S_ALREADY_EXISTS", "Conflict": "K8S_CONFLICT", "Expired": "K8S_EXPIRED",
    "Gone": "K8S_EXPIRED", "Forbidden": "K8S_FORBIDDEN", "Unauthorized": "K8S_UNAUTHORIZED",
    "NotFound": "K8S_NOT_FOUND", "Invalid": "K8S_INVALID", "BadRequest": "K8S_INVALID",
    "UnprocessableEntity": "K8S_INVALID", "RequestEntityTooLarge": "K8S_INVALID",
    "NotAcceptable": "K8S_INVALID", "UnsupportedMediaType": "K8S_INVALID",
    "MethodNotAllowed": "K8S_FORBIDDEN", "Timeout": "K8S_TIMEOUT", "ServerTimeout": "K8S_TIMEOUT",
    "TooManyRequests": "RATE_LIMITED_UNTIL", "ServiceUnavailable": "K8S_API_DOWN",
    "InternalError": "K8S_API_DOWN", "ImagePullBackOff": "K8S_WORKLOAD", "ErrImagePull": "K8S_WORKLOAD",
    "InvalidImageName": "K8S_WORKLOAD", "ErrImageNeverPull": "K8S_WORKLOAD",
    "CrashLoopBackOff": "K8S_WORKLOAD", "CreateContainerConfigError": "K8S_WORKLOAD",
    "CreateContainerError": "K8S_WORKLOAD", "RunContainerError": "K8S_WORKLOAD", "OOMKilled": "K8S_WORKLOAD",
    "BackoffLimitExceeded": "K8S_WORKLOAD", "DeadlineExceeded": "K8S_TIMEOUT",
    "FailedScheduling": "K8S_NO_ROOM", "Unschedulable": "K8S_NO_ROOM", "Evicted": "K8S_NO_ROOM",
    "NodeNotReady": "K8S_NO_ROOM",
}

GRPC: Final[dict[str, str]] = {
    "CANCELLED": "CANCELLED", "INVALID_ARGUMENT": "REQUEST_INVALID", "DEADLINE_EXCEEDED": "READ_TIMEOUT",
    "NOT_FOUND": "HTTP_NOT_FOUND", "ALREADY_EXISTS": "NAME_CONFLICT", "PERMISSION_DENIED": "HTTP_FORBIDDEN",
    "RESOURCE_EXHAUSTED": "RATE_LIMITED", "FAILED_PRECONDITION": "HTTP_NOT_ACCEPTABLE",
    "ABORTED": "HTTP_CONFLICT", "OUT_OF_RANGE": "REQUEST_INVALID", "UNIMPLEMENTED": "HTTP_NOT_IMPLEMENTED",
    "INTERNAL": "HTTP_SERVER_ERROR", "UNAVAILABLE": "CONNECTION_FAILED", "DATA_LOSS": "DB_SERVER_BROKEN",
    "UNAUTHENTICATED": "HTTP_UNAUTHORIZED", "UNKNOWN": "HTTP_SERVER_ERROR",
}

REDIS: Final[dict[str, str]] = {
    "WRONGTYPE": "WRONGTYPE", "BUSY": "REDIS_BUSY", "LOADING": "REDIS_LOADING",
    "CLUSTERDOWN": "REDIS_LOADING", "MASTERDOWN": "REDIS_LOADING", "TRYAGAIN": "REDIS_LOADING",
    "NOREPLICAS": "REDIS_LOADING", "NOGOODSLAVE": "REDIS_LOADING", "READONLY": "READONLY_REPLICA",
    "MOVED": "READONLY_REPLICA", "ASK": "READONLY_REPLICA", "UNBLOCKED": "READONLY_REPLICA",
    "OOM": "REDIS_OOM", "NOAUTH": "REDIS_AUTH", "WRONGPASS": "REDIS_AUTH", "NOPERM": "REDIS_AUTH",
    "DENIED": "REDIS_AUTH", "NOPROTO": "REDIS_ARGUMENT", "MISCONF": "REDIS_CANNOT_SAVE",
    "EXECABORT": "REDIS_ARGUMENT", "NOSCRIPT": "REDIS_ARGUMENT", "CROSSSLOT": "REDIS_ARGUMENT",
    "BUSYGROUP": "NAME_CONFLICT", "BUSYKEY": "NAME_CONFLICT", "NOGROUP": "REDIS_ARGUMENT",
    "INVALIDOBJ": "REDIS_ARGUMENT", "UNKILLABLE": "REDIS_BUSY", "NOTBUSY": "REDIS_ARGUMENT",
    "INPROG": "REDIS_BUSY", "NOTREADY": "REDIS_LOADING", "ERR": "REDIS_ARGUMENT",
}

MYSQL: Final[dict[str, str]] = {
    "1040": "CONNECTIONS_EXHAUSTED", "1203": "CONNECTIONS_EXHAUSTED", "1044": "DB_AUTH", "1045": "DB_AUTH",
    "1049": "DB_DOES_NOT_EXIST", "1054": "NO_SUCH_COLUMN", "1062": "UNIQUE_VIOLATION", "1048": "NOT_NULL",
    "1064": "SQL_INVALID", "1114": "DISK_FULL", "1142": "SQL_FORBIDDEN", "1146": "NO_SUCH_TABLE",
    "1205": "LOCK_TIMEOUT", "1213": "DEADLOCK", "1290": "READ_ONLY_TX", "1317": "QUERY_CANCELLED_BY_USER",
    "1366": "BAD_LITERAL", "1406": "BAD_LITERAL", "1451": "CONSTRAINT", "1452": "CONSTRAINT",
    "2002": "DB_DOWN", "2003": "DB_DOWN", "2005": "DNS_FAILURE", "2006": "CONN_KILLED", "2013": "CONN_KILLED",
    "3024": "STATEMENT_TIMEOUT", "3819": "CONSTRAINT",
}

BROWSER: Final[dict[str, str]] = {
    "NAME_NOT_RESOLVED": "DNS_FAILURE", "CONNECTION_REFUSED": "CONNECTION_REFUSED",
    "CONNECTION_RESET": "CONNECTION_RESET", "CONNECTION_CLOSED": "CONNECTION_RESET",
    "EMPTY_RESPONSE": "CONNECTION_RESET", "SOCKET_NOT_CONNECTED": "CONNECTION_RESET",
    "CONNECTION_FAILED": "CONNECTION_FAILED", "ADDRESS_UNREACHABLE": "CONNECTION_FAILED",
    "CONNECTION_TIMED_OUT": "BROWSER_TIMEOUT", "TIMED_OUT": "BROWSER_TIMEOUT",
    "INTERNET_DISCONNECTED": "OUR_NETWORK_DOWN", "NETWORK_CHANGED": "OUR_NETWORK_DOWN",
    "NETWORK_IO_SUSPENDED": "OUR_NETWORK_DOWN", "TOO_MANY_REDIRECTS": "REDIRECT_LOOP",
    "SSL_PROTOCOL_ERROR": "TLS_ERROR", "SSL_VERSION_OR_CIPHER_MISMATCH": "TLS_ERROR",
    "PROXY_CONNECTION_FAILED": "PROXY_FAILED", "TUNNEL_CONNECTION_FAILED": "PROXY_FAILED",
    "INVALID_URL": "URL_INVALID", "UNKNOWN_URL_SCHEME": "URL_INVALID", "DISALLOWED_URL_SCHEME": "URL_INVALID",
    "INVALID_ARGUMENT": "URL_INVALID", "UNSAFE_PORT": "URL_INVALID", "FILE_NOT_FOUND": "FILE_NOT_FOUND",
    "ACCESS_DENIED": "PERMISSION_DENIED", "HTTP_RESPONSE_CODE_FAILURE": "HTTP_SERVER_ERROR",
    "INVALID_RESPONSE": "PROTOCOL_ERROR", "INVALID_HTTP_RESPONSE": "PROTOCOL_ERROR",
    "HTTP2_PROTOCOL_ERROR": "CONNECTION_RESET", "QUIC_PROTOCOL_ERROR": "CONNECTION_RESET",
    "CONTENT_LENGTH_MISMATCH": "BODY_UNREADABLE", "INCOMPLETE_CHUNKED_ENCODING": "BODY_UNREADABLE",
    "INSUFFICIENT_RESOURCES": "BROWSER_CLOSED", "OUT_OF_MEMORY": "BROWSER_CLOSED",
}

TRACEBACK: Final[dict[str, str]] = {
    "SyntaxError": "CODE_SYNTAX", "IndentationError": "CODE_SYNTAX", "TabError": "CODE_SYNTAX",
    "ModuleNotFoundError": "CODE_IMPORT", "ImportError": "CODE_IMPORT", "RecursionError": "CODE_RECURSION",
    "MemoryError": "CODE_MEMORY", "PermissionError": "CODE_FORBIDDEN", "TimeoutError": "CODE_TIMEOUT",
    "KeyboardInterrupt": "STOPPED_BY_SIGNAL",
}
# fmt: on

_K8S_REASON = re.compile(r'"reason":\s*"(\w+)"|Error from server \((\w+)\)|\bstatus reason: (\w+)')
_K8S_STATE = re.compile(r"\b((?:Err|Crash|Image|Invalid|Create|Run|OOM|Failed|Back)\w+)\b")
_GRPC = re.compile(r"StatusCode\.([A-Z_]+)|\brpc error: code = (\w+)")
_REPLY_CODE = re.compile(r"^-?([A-Z]{3,})\b(?= )")
_MYSQL = re.compile(r"^\((\d{4}), |^(\d{4}) \([0-9A-Z]{5}\)|^ERROR (\d{4}) \(")
_NET = re.compile(r"\bnet::ERR_([A-Z0-9_]+)|\bNS_ERROR_([A-Z_]+)")
_SSL = re.compile(r"\[(?:SSL|X509|SYS)(?:: |:)?([A-Z0-9_]+)\]")
_PYDANTIC = re.compile(r"\[type=([a-z_]+),")
_NO_REPLY = re.compile(r"\d+ validation errors? for \w+Response\n")  # of Ollama's client
_LAST_LINE = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning))(?::|$)", re.MULTILINE)


def by_symbol(case: Case) -> str | None:
    """The first reader that finds its own symbol."""
    readers = (_sqlite, _pydantic, _kubernetes, _grpc, _redis, _mysql, _browser, _ssl, _traceback)
    return next((found for read in readers if (found := read(case))), None)


def _sqlite(case: Case) -> str | None:
    if not case.reason.startswith("SQLITE_"):
        return None
    found = SQLITE.get(case.reason) or SQLITE.get("_".join(case.reason.split("_")[:2]))
    return None if found == "SQL_INVALID" else found


def _pydantic(case: Case) -> str | None:
    if case.leaf != "ValidationError":
        return None
    kind = case.reason or next(iter(_PYDANTIC.findall(case.message)), "")
    if case.inside("tool.args"):
        return "TOOL_ARGS_NOT_JSON" if kind == "json_invalid" else "TOOL_ARGS_INVALID"
    if _NO_REPLY.match(case.message):
        return "BAD_GATEWAY_BODY"
    if case.inside("llm", "ollama", "langchain"):
        return "OUTPUT_NOT_JSON" if kind == "json_invalid" else "OUTPUT_SCHEMA"
    return "CONFIG_INVALID" if case.inside("core.config") else None


def _kubernetes(case: Case) -> str | None:
    if not case.inside("tool.k8s"):
        return None
    named = [next(filter(None, groups)) for groups in _K8S_REASON.findall(case.message)]
    states = _K8S_STATE.findall(case.message) if case.status is None else []
    return next((K8S[each] for each in (*named, *states) if each in K8S), None)


def _grpc(case: Case) -> str | None:
    found = _GRPC.search(case.message)
    name = case.reason if case.reason in GRPC else next(filter(None, found.groups())) if found else ""
    return GRPC.get(name) or GRPC.get(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper())


def _redis(case: Case) -> str | None:
    if not case.inside("tool.redis"):
        return None
    found = _REPLY_CODE.match(case.message)
    code = REDIS.get(found[1]) if found else None
    return None if code == "REDIS_ARGUMENT" and found and found[1] == "ERR" else code


def _mysql(case: Case) -> str | None:
    found = _MYSQL.search(case.message) if case.inside("tool.sql") else None
    return MYSQL.get(next(filter(None, found.groups()))) if found else None


def _browser(case: Case) -> str | None:
    found = _NET.search(case.message)
    if found is None:
        return None
    name = next(filter(None, found.groups()))
    if name.startswith(("CERT_", "BAD_SSL")):
        return "TLS_CERT"
    if name.startswith(("BLOCKED_BY", "ABORTED", "FAILED")):
        return "BROWSER_ABORTED"
    return BROWSER.get(name, "BROWSER_ABORTED")


def _ssl(case: Case) -> str | None:
    found = _SSL.search(case.message)
    if found is None:
        return None
    if found[1].startswith("CERTIFICATE_VERIFY"):
        return "TLS_CERT"
    return "TLS_DROPPED" if "EOF" in found[1] else "TLS_ERROR"


def _traceback(case: Case) -> str | None:
    """The last line of a program's traceback names its exception."""
    if not case.inside("tool.code", "tool.shell") or case.exit_code is None:
        return None
    lines = _LAST_LINE.findall(case.message)
    return TRACEBACK.get(lines[-1].rpartition(".")[2], "CODE_ERROR") if lines else None

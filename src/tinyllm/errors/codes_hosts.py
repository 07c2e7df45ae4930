"""Codes of what goes wrong between hosts: names, sockets, certificates, HTTP, files and disks."""

from typing import Final

from tinyllm.errors.codes_models import BREAKER, Row
from tinyllm.errors.tree import Invalid, Permanent, Retryable, Stopped, TimedOut

# fmt: off
_NETWORK: Final[tuple[Row, ...]] = (
    ("CONNECTION_REFUSED", Retryable, "backoff", "nothing listens there: is the service running?", BREAKER),
    ("CONNECTION_RESET", Retryable, "backoff_if_idempotent", "the other side closed the connection", BREAKER),
    ("CONNECTION_FAILED", Retryable, "backoff", "the host cannot be reached: check the network", BREAKER),
    ("CONNECT_TIMEOUT", TimedOut, "backoff", "the host is unreachable or overloaded", BREAKER),
    ("READ_TIMEOUT", TimedOut, "backoff", "it took too long to answer", BREAKER),
    ("OUR_NETWORK_DOWN", Retryable, "backoff", "this machine is offline: check the network"),
    ("ADDRESS_UNAVAILABLE", Permanent, "none", "this address cannot be used here"),
    ("ADDRESS_IN_USE", Permanent, "none", "another program uses that port: stop it or choose another"),
    ("DNS_FAILURE", Permanent, "none", "check the spelling of the host"),
    ("DNS_TEMPORARY", Retryable, "backoff", "name resolution failed for now: check the network", BREAKER),
    ("TLS_ERROR", Permanent, "none", "the two sides do not agree on TLS: check the scheme and the port"),
    ("TLS_CERT", Permanent, "none", "the certificate is not accepted: check its date, name and issuer, and the clock"),
    ("TLS_DROPPED", Retryable, "backoff", "the connection broke while it was being secured", BREAKER),
    ("PROXY_FAILED", Retryable, "backoff", "the proxy did not let it through: check the proxy settings"),
    ("PROXY_AUTH", Permanent, "none", "the proxy wants a login: check the proxy settings"),
    ("PROTOCOL_ERROR", Retryable, "backoff", "the other side does not speak this protocol: check the port", BREAKER),
    ("URL_INVALID", Invalid, "repair", "fix the URL"),
    ("REDIRECT_LOOP", Permanent, "none", "fix the URL: it leads in circles"),
    ("REQUEST_INVALID", Invalid, "repair", "fix the request"),
    ("BODY_UNREADABLE", Retryable, "backoff_if_idempotent", "the answer was damaged on its way", BREAKER),
    ("RESPONSE_TOO_LARGE", Invalid, "repair", "ask for less"),
    ("BLOCKED_ADDRESS", Permanent, "none", "refused: private addresses are off limits"),
)

_HTTP: Final[tuple[Row, ...]] = (
    ("HTTP_CONNECT_TIMEOUT", TimedOut, "backoff", "the host is unreachable or overloaded", BREAKER),
    ("HTTP_READ_TIMEOUT", TimedOut, "backoff_if_idempotent", "the server is slow", BREAKER),
    ("HTTP_REDIRECT", Permanent, "none", "it moved: fix the URL"),
    ("HTTP_BAD_REQUEST", Invalid, "repair", "the server did not understand: fix the request"),
    ("HTTP_UNAUTHORIZED", Permanent, "none", "log in: the credentials are missing or wrong"),
    ("HTTP_PAYMENT", Permanent, "none", "the account has no credit left"),
    ("HTTP_FORBIDDEN", Permanent, "none", "no permission"),
    ("HTTP_NOT_FOUND", Permanent, "none", "check the URL"),
    ("HTTP_METHOD", Permanent, "none", "the server does not allow this method there"),
    ("HTTP_NOT_ACCEPTABLE", Permanent, "none", "the server cannot answer in this format"),
    ("HTTP_TIMEOUT", TimedOut, "backoff", "the server timed the request out", BREAKER),
    ("HTTP_GATEWAY_TIMEOUT", TimedOut, "backoff_if_idempotent", "a server behind the gateway is slow", BREAKER),
    ("HTTP_CONFLICT", Retryable, "reread", "read it again and try again"),
    ("HTTP_PRECONDITION", Retryable, "reread", "it changed meanwhile: read it again and try again"),
    ("HTTP_GONE", Permanent, "none", "it no longer exists"),
    ("HTTP_TOO_LARGE", Invalid, "repair", "send less"),
    ("HTTP_UNPROCESSABLE", Invalid, "repair", "fix the fields"),
    ("HTTP_LOCKED", Retryable, "backoff", "it is locked: try later"),
    ("HTTP_TOO_EARLY", Retryable, "backoff", "too early: try again"),
    ("HTTP_UPGRADE", Permanent, "none", "the server wants another protocol"),
    ("HTTP_LEGAL", Permanent, "none", "not available for legal reasons"),
    ("HTTP_MISDIRECTED", Retryable, "new_connection", "the wrong server answered: connect anew"),
    ("RATE_LIMITED", Retryable, "backoff_long", "too many requests: wait, log in, or use another service"),
    ("RATE_LIMITED_UNTIL", Retryable, "retry_after", "too many requests: wait as long as the server says"),
    ("HTTP_SERVER_ERROR", Retryable, "backoff_if_idempotent", "the server failed", BREAKER),
    ("HTTP_BAD_GATEWAY", Retryable, "backoff_if_idempotent", "a server behind the gateway failed", BREAKER),
    ("HTTP_UNAVAILABLE", Retryable, "retry_after", "the server is overloaded or in maintenance", BREAKER),
    ("HTTP_NOT_IMPLEMENTED", Permanent, "none", "the server cannot do that"),
    ("HTTP_OUT_OF_SPACE", Permanent, "none", "the server's disk is full"),
    ("HTTP_CAPTIVE_PORTAL", Permanent, "none", "the network wants a login first"),
    ("HTTP_CLIENT_GONE", Stopped, "none", "the client went away"),
)

_FILES: Final[tuple[Row, ...]] = (
    ("FILE_NOT_FOUND", Invalid, "repair", "check the path: it does not exist"),
    ("FILE_EXISTS", Invalid, "none", "it is already there"),
    ("FILE_ENCODING", Invalid, "repair", "the text is not in that encoding"),
    ("FILE_FORMAT", Invalid, "repair", "the file is not what its name says, or is damaged"),
    ("PATH_INVALID", Invalid, "repair", "fix the path"),
    ("PATH_OUTSIDE", Permanent, "none", "refused: the path leaves the allowed folder"),
    ("IS_A_DIRECTORY", Invalid, "repair", "the path is a folder"),
    ("NOT_A_DIRECTORY", Invalid, "repair", "a part of the path is a file"),
    ("NAME_TOO_LONG", Invalid, "repair", "use a shorter name"),
    ("SYMLINK_LOOP", Invalid, "repair", "the links lead in circles"),
    ("FILE_TOO_LARGE", Invalid, "repair", "write or read less"),
    ("DIR_NOT_EMPTY_OR_BUSY", Permanent, "none", "the folder is in use or not empty"),
    ("PERMISSION_DENIED", Permanent, "none", "no permission: check owner and mode"),
    ("READ_ONLY_FILESYSTEM", Permanent, "none", "the filesystem is read-only"),
    ("DISK_FULL", Permanent, "after_action", "free disk space or raise the quota"),
    ("DISK_FAILED", Permanent, "none", "the disk or the share failed: check it"),
    ("TOO_MANY_FILES", Retryable, "backoff", "too many open files: raise the limit or close some"),
    ("FILE_LOCKED", Retryable, "backoff", "another process holds it"),
    ("FILE_STALE", Retryable, "reread", "the share changed: open it again"),
    ("SYSTEM_BUSY", Retryable, "backoff", "the system is short of resources for the moment"),
    ("NOT_SUPPORTED_HERE", Permanent, "none", "this system cannot do that"),
)

ROWS: Final = _NETWORK + _HTTP + _FILES

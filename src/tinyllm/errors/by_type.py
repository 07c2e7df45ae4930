"""What a class's own name says: the library's judgement, read along the lineage and the causes."""

import re
from typing import Final

from tinyllm.errors.case import Case

# fmt: off
STOPS: Final[dict[str, str]] = {
    "asyncio.exceptions.CancelledError": "CANCELLED", "concurrent.futures._base.CancelledError": "CANCELLED",
    "builtins.KeyboardInterrupt": "KEYBOARD_INTERRUPT", "builtins.SystemExit": "CANCELLED",
    "builtins.GeneratorExit": "CANCELLED", "langgraph.errors.GraphInterrupt": "HUMAN_INTERRUPT",
    "langgraph.errors.NodeInterrupt": "HUMAN_INTERRUPT", "langgraph.errors.GraphBubbleUp": "DRAINED",
    "langgraph.errors.GraphDrained": "DRAINED", "langgraph.errors.ParentCommand": "DRAINED",
    "trio.Cancelled": "CANCELLED", "click.exceptions.Abort": "CANCELLED",
}

# Full names where a short one means different things in different libraries.
EXACT: Final[dict[str, str]] = {
    "langgraph.errors.GraphRecursionError": "GRAPH_RECURSION_LIMIT",
    "langgraph.errors.NodeTimeoutError": "NODE_TIMEOUT", "langgraph.errors.EmptyInputError": "NOTHING_TO_RUN",
    "langgraph.errors.EmptyChannelError": "NOTHING_TO_RUN", "langgraph.errors.TaskNotFound": "GRAPH_BROKEN",
    "langgraph.errors.InvalidUpdateError": "CONCURRENT_UPDATE",
    "ollama._types.RequestError": "BAD_REQUEST_CONTENT",
    "langchain_core.exceptions.OutputParserException": "OUTPUT_NOT_JSON",
    "langchain_core.exceptions.ContextOverflowError": "CONTEXT_OVERFLOW",
    "langchain_core.tools.base.ToolException": "TOOL_INPUT",
    "pydantic.errors.PydanticUserError": "PROGRAMMING_BUG",
    "pydantic_core._pydantic_core.PydanticSerializationError": "NOT_SERIALISABLE",
    "builtins.MemoryError": "PROCESS_OOM", "builtins.RecursionError": "PROGRAMMING_BUG",
    "requests.exceptions.Timeout": "READ_TIMEOUT", "requests.exceptions.JSONDecodeError": "BAD_GATEWAY_BODY",
    "requests.exceptions.RetryError": "HTTP_SERVER_ERROR", "requests.exceptions.SSLError": "TLS_ERROR",
    "redis.exceptions.TimeoutError": "READ_TIMEOUT", "redis.exceptions.ResponseError": "REDIS_ARGUMENT",
    "redis.exceptions.ConnectionError": "CONNECTION_REFUSED", "redis.exceptions.DataError": "REDIS_ARGUMENT",
    "sqlalchemy.exc.TimeoutError": "POOL_TIMEOUT", "sqlalchemy.exc.InvalidRequestError": "PROGRAMMING_BUG",
    "sqlalchemy.exc.NoSuchTableError": "NO_SUCH_TABLE", "sqlalchemy.exc.ArgumentError": "CONFIG_INVALID",
    "sqlalchemy.exc.ResourceClosedError": "DB_CLOSED", "sqlalchemy.exc.NoSuchModuleError": "MODULE_MISSING",
    "psycopg_pool.PoolTimeout": "POOL_TIMEOUT", "psycopg_pool.TooManyRequests": "POOL_TIMEOUT",
    "psycopg_pool.PoolClosed": "DB_CLOSED", "psycopg.errors.ConnectionTimeout": "CONN_TIMEOUT",
    "duckdb.IOException": "FILE_NOT_FOUND", "duckdb.OutOfMemoryException": "DB_OUT_OF_RESOURCES",
    "duckdb.ConversionException": "BAD_LITERAL", "duckdb.ConstraintException": "CONSTRAINT",
    "duckdb.PermissionException": "SQL_FORBIDDEN", "duckdb.InterruptException": "STATEMENT_TIMEOUT",
    "duckdb.Error": "SQL_INVALID", "docker.errors.ImageNotFound": "DOCKER_IMAGE",
    "docker.errors.NotFound": "DOCKER_NOT_FOUND", "docker.errors.NullResource": "DOCKER_REQUEST",
    "docker.errors.InvalidVersion": "DOCKER_VERSION", "docker.errors.ContainerError": "EXIT_NONZERO",
    "docker.errors.BuildError": "EXIT_NONZERO", "docker.errors.DockerException": "DOCKER_DOWN",
    "kubernetes.config.config_exception.ConfigException": "KUBECONFIG_MISSING",
    "paramiko.ssh_exception.NoValidConnectionsError": "SSH_REFUSED",
    "paramiko.ssh_exception.BadHostKeyException": "SSH_HOST_KEY",
    "paramiko.ssh_exception.ChannelException": "SSH_CHANNEL",
    "paramiko.ssh_exception.IncompatiblePeer": "SSH_ALGORITHMS",
    "paramiko.ssh_exception.ProxyCommandFailure": "SSH_CONFIG",
    "paramiko.ssh_exception.SSHException": "SSH_BANNER", "asyncssh.misc.HostKeyNotVerifiable": "SSH_HOST_KEY",
    "asyncssh.misc.ConnectionLost": "SSH_DROPPED", "asyncssh.misc.DisconnectError": "SSH_DROPPED",
    "asyncssh.misc.KeyExchangeFailed": "SSH_ALGORITHMS", "asyncssh.misc.ProtocolError": "SSH_NOT_SSH",
    "asyncssh.misc.ChannelOpenError": "SSH_CHANNEL", "asyncssh.public_key.KeyImportError": "SSH_KEY_FILE",
    "asyncssh.process.ProcessError": "EXIT_NONZERO", "git.exc.GitCommandNotFound": "COMMAND_NOT_FOUND",
    "git.exc.InvalidGitRepositoryError": "GIT_USAGE", "git.exc.NoSuchPathError": "FILE_NOT_FOUND",
    "git.exc.GitCommandError": "GIT_USAGE", "urllib.error.ContentTooShortError": "BODY_UNREADABLE",
    "zlib.error": "FILE_FORMAT", "binascii.Error": "DATA_MALFORMED", "shutil.SameFileError": "PATH_INVALID",
    "shutil.SpecialFileError": "PATH_INVALID", "shutil.ReadError": "FILE_FORMAT",
    "tarfile.OutsideDestinationError": "PATH_OUTSIDE", "tarfile.AbsolutePathError": "PATH_OUTSIDE",
    "tarfile.FilterError": "PATH_OUTSIDE", "tarfile.ReadError": "FILE_FORMAT",
    "tarfile.TarError": "FILE_FORMAT", "lzma.LZMAError": "FILE_FORMAT",
    "jinja2.exceptions.SecurityError": "TEMPLATE_SANDBOX",
    "jinja2.exceptions.TemplateNotFound": "TEMPLATE_NOT_FOUND",
    "jinja2.exceptions.UndefinedError": "TEMPLATE_UNDEFINED",
    "jinja2.exceptions.TemplateError": "TEMPLATE_SYNTAX",
    "jinja2.exceptions.TemplateSyntaxError": "TEMPLATE_SYNTAX",
    "jinja2.exceptions.TemplateAssertionError": "TEMPLATE_SYNTAX",
    "jinja2.exceptions.TemplatesNotFound": "TEMPLATE_NOT_FOUND",
    "yaml.constructor.ConstructorError": "YAML_UNSAFE_TAG", "yaml.error.YAMLError": "YAML_SYNTAX",
    "yaml.parser.ParserError": "YAML_SYNTAX", "yaml.scanner.ScannerError": "YAML_SYNTAX",
    "yaml.composer.ComposerError": "YAML_SYNTAX", "yaml.reader.ReaderError": "YAML_SYNTAX",
    "tomllib.TOMLDecodeError": "CONFIG_SYNTAX", "configparser.Error": "CONFIG_SYNTAX",
    "pymongo.errors.OperationFailure": "TOOL_INPUT", "pymongo.errors.InvalidOperation": "TOOL_INPUT",
    "pymongo.errors.ServerSelectionTimeoutError": "CONNECT_TIMEOUT", "pymongo.errors.InvalidURI": "CONFIG_URL",
    "pymongo.errors.ConfigurationError": "CONFIG_INVALID", "pymongo.errors.AutoReconnect": "CONN_KILLED",
    "bson.errors.BSONError": "TOOL_INPUT", "elasticsearch.exceptions.UnsupportedProductError": "CONFIG_INVALID",
    "mcp.shared.exceptions.McpError": "TOOL_INPUT", "pickle.PicklingError": "NOT_SERIALISABLE",
    "playwright._impl._errors.TargetClosedError": "BROWSER_CLOSED",
    "playwright._impl._errors.Error": "BROWSER_SELECTOR",
}

# Short names that mean one thing wherever they appear.
SHORT: Final[dict[str, str]] = {
    "CircuitBreakerError": "CIRCUIT_OPEN", "CircuitOpenError": "CIRCUIT_OPEN",
    "CircuitBreakerOpen": "CIRCUIT_OPEN", "ConnectTimeout": "CONNECT_TIMEOUT",
    "ConnectTimeoutError": "CONNECT_TIMEOUT", "ConnectionTimeoutError": "CONNECT_TIMEOUT",
    "ConnectionTimeout": "CONNECT_TIMEOUT", "PoolTimeout": "POOL_TIMEOUT", "EmptyPoolError": "POOL_TIMEOUT",
    "TimeoutExpired": "TIMEOUT_CMD", "CalledProcessError": "EXIT_NONZERO",
    "RemoteProtocolError": "CONNECTION_RESET", "ServerDisconnectedError": "CONNECTION_RESET",
    "RemoteDisconnected": "CONNECTION_RESET", "ConnectionResetError": "CONNECTION_RESET",
    "ConnectionAbortedError": "CONNECTION_RESET", "BrokenPipeError": "CONNECTION_RESET",
    "ReadError": "CONNECTION_RESET", "WriteError": "CONNECTION_RESET", "CloseError": "CONNECTION_RESET",
    "ProtocolError": "CONNECTION_RESET", "IncompleteRead": "BODY_UNREADABLE",
    "ChunkedEncodingError": "BODY_UNREADABLE", "ClientPayloadError": "BODY_UNREADABLE",
    "ContentDecodingError": "BODY_UNREADABLE", "DecodingError": "BODY_UNREADABLE",
    "ContentTypeError": "BAD_GATEWAY_BODY", "BadStatusLine": "PROTOCOL_ERROR",
    "ConnectionRefusedError": "CONNECTION_REFUSED", "NewConnectionError": "CONNECTION_REFUSED",
    "ClientConnectorDNSError": "DNS_FAILURE", "NameResolutionError": "DNS_FAILURE", "gaierror": "DNS_FAILURE",
    "ClientConnectorCertificateError": "TLS_CERT", "SSLCertVerificationError": "TLS_CERT",
    "CertificateError": "TLS_CERT", "SSLEOFError": "TLS_DROPPED", "SSLZeroReturnError": "TLS_DROPPED",
    "SSLError": "TLS_ERROR", "ClientConnectorSSLError": "TLS_ERROR", "ProxyError": "PROXY_FAILED",
    "ClientProxyConnectionError": "PROXY_FAILED", "LocalProtocolError": "REQUEST_INVALID",
    "UnsupportedProtocol": "URL_INVALID", "InvalidURL": "URL_INVALID", "MissingSchema": "URL_INVALID",
    "InvalidSchema": "URL_INVALID", "InvalidUrlClientError": "URL_INVALID",
    "NonHttpUrlClientError": "URL_INVALID", "LocationParseError": "URL_INVALID",
    "InvalidHeader": "REQUEST_INVALID", "TooManyRedirects": "REDIRECT_LOOP",
    "StreamConsumed": "PROGRAMMING_BUG", "StreamClosed": "PROGRAMMING_BUG",
    "ResponseNotRead": "PROGRAMMING_BUG", "RequestNotRead": "PROGRAMMING_BUG",
    "CookieConflict": "PROGRAMMING_BUG", "AuthenticationError": "HTTP_UNAUTHORIZED",
    "AuthenticationException": "HTTP_UNAUTHORIZED", "AuthenticationFailed": "HTTP_UNAUTHORIZED",
    "BadAuthenticationType": "HTTP_UNAUTHORIZED", "PasswordRequiredException": "SSH_KEY_FILE",
    "AuthorizationError": "HTTP_FORBIDDEN", "PermissionDenied": "HTTP_FORBIDDEN",
    "PermissionDeniedError": "HTTP_FORBIDDEN", "NoPermissionError": "HTTP_FORBIDDEN",
    "ForbiddenException": "HTTP_FORBIDDEN", "UnauthorizedException": "HTTP_UNAUTHORIZED",
    "RateLimitError": "RATE_LIMITED", "RatelimitException": "RATE_LIMITED", "TooManyRequests": "RATE_LIMITED",
    "ServiceUnavailableError": "HTTP_UNAVAILABLE", "ServiceUnavailable": "HTTP_UNAVAILABLE",
    "InternalServerError": "HTTP_SERVER_ERROR", "ContextWindowExceededError": "CONTEXT_OVERFLOW",
    "ContentPolicyViolationError": "OUTPUT_REFUSED", "ContentFilterFinishReasonError": "OUTPUT_REFUSED",
    "LengthFinishReasonError": "OUTPUT_TRUNCATED", "BudgetExceededError": "QUOTA_EXCEEDED",
    "UnprocessableEntityError": "HTTP_UNPROCESSABLE", "BadRequestError": "HTTP_BAD_REQUEST",
    "OllamaEndpointNotFoundError": "MODEL_NOT_FOUND", "BusyLoadingError": "REDIS_LOADING",
    "ClusterDownError": "REDIS_LOADING", "MasterDownError": "REDIS_LOADING", "TryAgainError": "REDIS_LOADING",
    "MasterNotFoundError": "REDIS_LOADING", "SlaveNotFoundError": "REDIS_LOADING",
    "ClusterError": "REDIS_LOADING", "ReadOnlyError": "READONLY_REPLICA", "MovedError": "READONLY_REPLICA",
    "AskError": "READONLY_REPLICA", "MaxConnectionsError": "POOL_TIMEOUT", "OutOfMemoryError": "REDIS_OOM",
    "WatchError": "REDIS_WATCH", "NoScriptError": "REDIS_ARGUMENT", "ExecAbortError": "REDIS_ARGUMENT",
    "ClusterCrossSlotError": "REDIS_ARGUMENT", "LockNotOwnedError": "REDIS_WATCH", "LockError": "FILE_LOCKED",
    "AuthenticationWrongNumberOfArgsError": "REDIS_AUTH", "UnicodeDecodeError": "FILE_ENCODING",
    "UnicodeEncodeError": "FILE_ENCODING", "UnicodeError": "FILE_ENCODING", "BadZipFile": "FILE_FORMAT",
    "BadZipfile": "FILE_FORMAT", "LargeZipFile": "FILE_FORMAT", "BadGzipFile": "FILE_FORMAT",
    "UnpicklingError": "FILE_FORMAT", "CompressionError": "FILE_FORMAT",
    "UnsupportedOperation": "FILE_FORMAT", "UnidentifiedImageError": "FILE_FORMAT",
    "PdfReadError": "FILE_FORMAT", "FileNotFoundError": "FILE_NOT_FOUND", "FileExistsError": "FILE_EXISTS",
    "IsADirectoryError": "IS_A_DIRECTORY", "NotADirectoryError": "NOT_A_DIRECTORY",
    "PermissionError": "PERMISSION_DENIED", "BlockingIOError": "FILE_LOCKED",
    "ModuleNotFoundError": "MODULE_MISSING", "ImportError": "MODULE_MISSING",
    "NotImplementedError": "NOT_SUPPORTED_HERE", "InvalidTextRepresentation": "BAD_LITERAL",
    "UniqueViolation": "UNIQUE_VIOLATION", "ParserError": "DATA_MALFORMED",
    "EmptyDataError": "DATA_MALFORMED", "TargetClosedError": "BROWSER_CLOSED",
    "StaleElementReferenceException": "BROWSER_PAGE_CHANGED", "NoSuchElementException": "BROWSER_SELECTOR",
    "InvalidSelectorException": "BROWSER_SELECTOR", "ElementClickInterceptedException": "BROWSER_SELECTOR",
    "ElementNotInteractableException": "BROWSER_SELECTOR", "NoSuchWindowException": "BROWSER_CLOSED",
    "InvalidSessionIdException": "BROWSER_CLOSED", "SessionNotCreatedException": "BROWSER_MISSING",
    "NoSuchDriverException": "BROWSER_MISSING", "InvalidArgumentException": "BROWSER_SELECTOR",
    "JSONDecodeError": "DATA_MALFORMED", "SchemaError": "CONFIG_INVALID",
    "RefResolutionError": "CONFIG_INVALID", "ValidationError": "DATA_MALFORMED",
    "TypeCheckError": "PROGRAMMING_BUG", "TimeoutError": "READ_TIMEOUT", "ExpatError": "DATA_MALFORMED",
    "ParseError": "DATA_MALFORMED",
}

# What is left names itself by its ending.
_ENDINGS: Final = (
    (re.compile(r"(?:Timeout|TimedOut|DeadlineExceeded)(?:Error|Exception)?$|^timeout$"), "READ_TIMEOUT"),
    (re.compile(r"(?:RateLimit|Ratelimit|Throttl\w*|TooManyRequests)(?:ed)?(?:Error|Exception)?$"), "RATE_LIMITED"),
    (re.compile(r"(?:Unauthori[sz]ed|Authentication|AuthFailed|LoginFailed|InvalidCredentials?)(?:Error|Exception)?$"), "HTTP_UNAUTHORIZED"),
    (re.compile(r"(?:Forbidden|AccessDenied|PermissionDenied|Permission)(?:Error|Exception)?$"), "HTTP_FORBIDDEN"),
    (re.compile(r"(?:Unavailable|Disconnected|ConnectionLost|ConnectionClosed\w*|Connection|Connect|APIConnection)(?:Error|Exception)?$"), "CONNECTION_FAILED"),
    (re.compile(r"(?:Validation|Parse|Parser|Parsing|Syntax|Decode|Malformed|Schema|Format|Invalid\w*)(?:Error|Exception)?$"), "DATA_MALFORMED"),
    (re.compile(r"(?:Unsupported\w*|NotSupported)(?:Error|Exception)?$"), "NOT_SUPPORTED_HERE"),
)
# fmt: on

_OURS = frozenset(
    [
        "TypeError",
        "AttributeError",
        "NameError",
        "AssertionError",
        "UnboundLocalError",
        "KeyError",
        "IndexError",
        "ZeroDivisionError",
    ]
)


def stop_of(case: Case) -> str | None:
    """Someone wanted it to stop: never a failure, whatever else the record says."""
    return next((STOPS[name] for name in case.lineage if name in STOPS), None)


def named(case: Case) -> str | None:
    """The code a class name stands for: its own first, then its parents', then its causes'."""
    for name in case.lineage:
        if found := EXACT.get(name) or SHORT.get(_leaf(name)):
            return found
    return None


def caused(case: Case) -> str | None:
    return next((found for name in case.causes if (found := EXACT.get(name) or SHORT.get(_leaf(name)))), None)


def ending(case: Case) -> str | None:
    names = [_leaf(name) for name in (*case.lineage, *case.causes)]
    return next((code for name in names for pattern, code in _ENDINGS if pattern.search(name)), None)


def bug(case: Case) -> str | None:
    """Python's own complaints about our program, when nothing else explains them."""
    if case.package != "builtins" or case.leaf not in _OURS:
        return None
    # JSON that is no reply makes Ollama's client stumble, not us.
    return "BAD_GATEWAY_BODY" if case.origin == "ollama" else "PROGRAMMING_BUG"


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]

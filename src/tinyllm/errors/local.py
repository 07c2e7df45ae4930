"""One condition, named for the part where it happened: a refused connection is another story for a model."""

from typing import Final

from tinyllm.errors.case import Case

# fmt: off
LOCAL: Final[dict[str, dict[str, str]]] = {
    "CONNECTION_REFUSED": {
        "ollama": "MODEL_SERVER_DOWN", "langchain": "MODEL_SERVER_DOWN", "llm": "MODEL_SERVER_DOWN",
        "tool.k8s": "K8S_API_DOWN", "tool.docker": "DOCKER_DOWN", "tool.ssh": "SSH_REFUSED",
        "tool.sql": "DB_DOWN",
    },
    "CONNECTION_FAILED": {
        "ollama": "MODEL_SERVER_DOWN", "langchain": "MODEL_SERVER_DOWN", "llm": "MODEL_SERVER_DOWN",
        "tool.k8s": "K8S_API_DOWN", "tool.docker": "DOCKER_DOWN", "tool.sql": "DB_DOWN",
    },
    "CONNECTION_RESET": {
        "ollama": "MODEL_SERVER_DROPPED", "langchain": "MODEL_SERVER_DROPPED", "llm": "MODEL_SERVER_DROPPED",
        "tool.ssh": "SSH_BANNER", "tool.sql": "CONN_KILLED", "tool.k8s": "K8S_API_DOWN",
        "tool.redis": "CONN_KILLED", "tool.shell": "BROKEN_PIPE",
    },
    "CONNECT_TIMEOUT": {
        "ollama": "MODEL_CONNECT_TIMEOUT", "langchain": "MODEL_CONNECT_TIMEOUT",
        "llm": "MODEL_CONNECT_TIMEOUT", "tool.http": "HTTP_CONNECT_TIMEOUT",
        "tool.ssh": "SSH_CONNECT_TIMEOUT", "tool.sql": "CONN_TIMEOUT", "tool.k8s": "K8S_TIMEOUT",
    },
    "READ_TIMEOUT": {
        "ollama.pull": "DOWNLOAD_TIMEOUT", "ollama": "MODEL_READ_TIMEOUT", "langchain": "MODEL_READ_TIMEOUT",
        "llm": "MODEL_READ_TIMEOUT", "tool.http": "HTTP_READ_TIMEOUT", "tool.search": "SEARCH_TIMEOUT",
        "tool.ssh": "SSH_CONNECT_TIMEOUT", "tool.sql": "CONN_TIMEOUT", "tool.k8s": "K8S_TIMEOUT",
        "tool.browser": "BROWSER_TIMEOUT", "tool.shell": "TIMEOUT_CMD", "tool.code": "CODE_TIMEOUT",
        "tool.mcp": "TOOL_TIMEOUT", "core": "NODE_TIMEOUT", "": "NODE_TIMEOUT",
    },
    "TIMEOUT_CMD": {"tool.code": "CODE_TIMEOUT"},
    "BODY_UNREADABLE": {
        "ollama": "MODEL_SERVER_DROPPED", "langchain": "MODEL_SERVER_DROPPED", "llm": "MODEL_SERVER_DROPPED",
    },
    "PROTOCOL_ERROR": {"tool.sql": "DB_DOWN"},
    "URL_INVALID": {"ollama": "CONFIG_URL", "langchain": "CONFIG_URL"},
    "HTTP_UNAUTHORIZED": {
        "ollama": "MODEL_UNAUTHORIZED", "llm": "MODEL_UNAUTHORIZED", "tool.ssh": "SSH_AUTH",
        "tool.sql": "DB_AUTH", "tool.redis": "REDIS_AUTH", "tool.k8s": "K8S_UNAUTHORIZED",
        "tool.docker": "DOCKER_IMAGE",
    },
    "HTTP_FORBIDDEN": {
        "ollama": "MODEL_UNAUTHORIZED", "llm": "MODEL_UNAUTHORIZED", "tool.ssh": "SSH_AUTH",
        "tool.sql": "SQL_FORBIDDEN", "tool.redis": "REDIS_AUTH", "tool.k8s": "K8S_FORBIDDEN",
    },
    "HTTP_BAD_REQUEST": {
        "tool.k8s": "K8S_INVALID", "tool.docker": "DOCKER_REQUEST", "ollama": "BAD_REQUEST_CONTENT",
        "llm.api": "BAD_REQUEST_CONTENT",
    },
    "HTTP_NOT_FOUND": {"tool.k8s": "K8S_NOT_FOUND", "tool.docker": "DOCKER_NOT_FOUND"},
    "HTTP_CONFLICT": {"tool.k8s": "K8S_CONFLICT", "tool.docker": "NAME_CONFLICT"},
    "HTTP_GONE": {"tool.k8s": "K8S_EXPIRED"},
    "HTTP_UNPROCESSABLE": {"tool.k8s": "K8S_INVALID"},
    "HTTP_GATEWAY_TIMEOUT": {
        "tool.k8s": "K8S_TIMEOUT", "ollama": "MODEL_READ_TIMEOUT", "llm": "MODEL_READ_TIMEOUT",
    },
    "HTTP_TIMEOUT": {"ollama": "MODEL_READ_TIMEOUT", "llm": "MODEL_READ_TIMEOUT"},
    "HTTP_BAD_GATEWAY": {
        "ollama": "BAD_GATEWAY_BODY", "llm": "BAD_GATEWAY_BODY", "tool.k8s": "K8S_API_DOWN",
        "tool.docker": "DOCKER_DOWN",
    },
    "HTTP_SERVER_ERROR": {
        "ollama": "MODEL_SERVER_FAILED", "llm": "MODEL_SERVER_FAILED", "tool.k8s": "K8S_API_DOWN",
        "tool.docker": "DOCKER_DOWN",
    },
    "HTTP_UNAVAILABLE": {
        "tool.k8s": "K8S_API_DOWN", "tool.docker": "DOCKER_DOWN", "ollama": "MODEL_SERVER_BUSY",
        "llm": "MODEL_SERVER_BUSY",
    },
    "FILE_NOT_FOUND": {
        "tool.docker": "DOCKER_DOWN", "tool.ssh": "SSH_KEY_FILE", "core.config": "CONFIG_INVALID",
        "core.sqlite": "DB_CANNOT_OPEN",
    },
    "PERMISSION_DENIED": {
        "tool.docker": "DOCKER_PERMISSION", "core.sqlite": "DB_READONLY", "tool.code": "CODE_FORBIDDEN",
    },
    "DISK_FULL": {"core.sqlite": "DB_FULL"},
    "DISK_FAILED": {"core.sqlite": "DB_IO_ERROR"},
    "READ_ONLY_FILESYSTEM": {"core.sqlite": "DB_READONLY"},
    "DATA_MALFORMED": {
        "ollama": "BAD_GATEWAY_BODY", "langchain": "OUTPUT_NOT_JSON", "llm": "OUTPUT_NOT_JSON",
        "tool.args": "TOOL_ARGS_NOT_JSON", "core.config": "CONFIG_SYNTAX", "tool.csv": "CSV_MALFORMED",
        "tool.search": "BAD_GATEWAY_BODY", "core.graph": "NODE_RETURNED_WRONG",
    },
    "FILE_ENCODING": {"ollama": "BAD_GATEWAY_BODY"},
    "OUTPUT_SCHEMA": {"tool.args": "TOOL_ARGS_INVALID"},
    "PROGRAMMING_BUG": {
        "tool.code": "CODE_ERROR", "llm.output": "OUTPUT_UNUSABLE", "tool.args": "TOOL_ARGS_INVALID",
    },
    "MODULE_MISSING": {"tool.code": "CODE_IMPORT"},
    "PROCESS_OOM": {"tool.code": "CODE_MEMORY"},
    "COMMAND_NOT_FOUND": {"tool.code": "CODE_IMPORT"},
}
# fmt: on

# What a part's failures mostly are, when nothing else is known about one.
USUALLY: Final[dict[str, str]] = {
    "llm.output": "OUTPUT_UNUSABLE", "tool.args": "TOOL_ARGS_INVALID", "tool.csv": "CSV_MALFORMED", "tool.shell": "EXIT_NONZERO",
    "tool.code": "CODE_ERROR", "tool.git": "GIT_USAGE", "core.config": "CONFIG_INVALID", "core.graph": "GRAPH_BROKEN",
    "tool.data": "DATA_MALFORMED", "core.input": "TOOL_INPUT",
}  # fmt: skip


def localised(code: str, case: Case) -> str:
    """The name of a condition where it happened, by the longest part that has its own."""
    names = LOCAL.get(code, {})
    part = case.component
    while part:
        if part in names:
            return names[part]
        part = part.rpartition(".")[0]
    return names.get("", code) if not case.component else code


def usual(case: Case) -> str | None:
    return USUALLY.get(case.component)

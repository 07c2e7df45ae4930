"""Environment and files, read once into one frozen value; each setting remembers where it came from."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tinyllm.address import host_url
from tinyllm.errors import GraphError

NAME = "tinyllm"
PROJECT_FILE = "tinyllm.toml"
MCP_FILE = "tinyllm.mcp.json"
PREFIX = "TINYLLM_"
WANTED = {
    tuple: "a list of words",
    str: "a text",
    int: "a whole number above 0",
    float: "a number above 0",
    dict: "a table of tables, each with its service",
}
CHOICES = {
    "cache": ("on", "off"),
    "grades_consent": ("no", "yes"),
    "traces_content": ("no", "yes"),
    "growth_mode": ("auto", "propose", "off"),
    "queue_full": ("wait", "refuse", "drop_oldest", "drop_newest"),
}
OR_NONE = ("slots",)  # numbers that may be 0
SWITCHED = {True: ("on", "yes"), False: ("off", "no")}  # what a file may say for them
TABLES = ("grades", "growth")  # `[growth] mode` is `growth_mode`
EXAMPLE = '[connections.shop] with service = "postgres" and url = "postgresql://reader@localhost/shop"'


def _setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can set: flag > TINYLLM_* > project file > user file > default."""

    graph: str = _setting("assistant", "the graph that `run` uses")
    model: str = _setting("qwen2.5:3b", "the model of a node that names none")
    ollama_host: str = _setting("http://127.0.0.1:11434", "where Ollama listens; OLLAMA_HOST is honoured")
    timeout: float = _setting(600.0, "seconds a whole run may take")
    call_timeout: float = _setting(300.0, "seconds one model call may take, loading included")
    load_timeout: float = _setting(120.0, "seconds until the first token, loading included")
    connect_timeout: float = _setting(5.0, "seconds a connection may take")
    idle_timeout: float = _setting(30.0, "seconds between two tokens")
    num_ctx: int = _setting(8192, "tokens of context asked for")
    embedder: str = _setting(
        "nomic-embed-text", "the model that finds memories by meaning; without it, words must do"
    )
    slots: int = _setting(0, "requests that a model is sent at a time; found out when 0")
    queue: int = _setting(1024, "requests that may wait for a model, from each priority up")
    queue_full: str = _setting("refuse", "what then: wait, refuse, drop_oldest, drop_newest")
    keep_alive: str = _setting("5m", "how long the server keeps a model in memory")
    cache: str = _setting("on", "whether a reply that would be the same again is kept: on or off")
    cache_size: float = _setting(64.0, "megabytes of replies that are kept, the least used out first")
    database: str = _setting("", "where runs are kept; any SQLAlchemy URL")
    workspace: str = _setting("", "the folder that file tools may touch; the project when empty")
    log: str = _setting("", "where the log goes, as lines of JSON: `stderr` or a file; nowhere when empty")
    traces: str = _setting("", "where traces go: an OTLP address, `otlp` or a file; nowhere when empty")
    traces_content: str = _setting("no", "whether traces hold what was asked and answered: yes or no")
    allow: tuple[str, ...] = _setting((), "tools that may run without asking")
    deny: tuple[str, ...] = _setting((), "tools that never run, whatever else allows them")
    allow_hosts: tuple[str, ...] = _setting(
        (), "private hosts that tools may call: names, addresses, networks"
    )
    untrusted: tuple[str, ...] = _setting(
        (), "files that strangers wrote: patterns of paths in the workspace"
    )
    connections: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata={"help": "services that tools may use, by name: [connections.NAME] with service and url"},
    )
    grades_consent: str = _setting("no", "whether what is asked may be used for training: yes or no")
    growth_mode: str = _setting(
        "auto", "auto: graphs grow; propose: a person accepts; off: as their files say"
    )
    growth_budget: int = _setting(300, "model calls that one round of growing may make")
    growth_share: float = _setting(0.5, "the part of the runs that a change on probation serves, below 1")
    project: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def graph_folders(self) -> tuple[Path, ...]:
        """Where a graph is looked up by name: the project's folder first, then what we ship."""
        ours = (self.project / "graphs",) if self.project else ()
        return (*ours, shipped())

    @property
    def data(self) -> Path:
        """The folder of the database of runs."""
        if self.project:
            return self.project / "checkpoints"
        import platformdirs

        return Path(platformdirs.user_data_dir("tinyllm"))

    @property
    def database_url(self) -> str:
        """Where runs are kept: a SQLAlchemy URL, or the path of a file."""
        return self.database or str(self.data / "tinyllm.db")

    @property
    def root(self) -> Path:
        """The folder that file tools are kept in."""
        return Path(self.workspace).expanduser() if self.workspace else (self.project or Path.cwd())

    def origin(self, name: str) -> str:
        return self.origins.get(name, "default")


def settable() -> dict[str, str]:
    """The names that a file or the environment may set, with their help."""
    return {f.name: f.metadata["help"] for f in fields(Settings) if "help" in f.metadata}


def shipped() -> Path:
    """The graphs that come with the package, in a wheel or in a checkout."""
    here = Path(__file__).parent
    return here / "graphs" if (here / "graphs").is_dir() else here.parents[1] / "graphs"


def find_project(start: Path) -> Path | None:
    """The nearest folder upward with `tinyllm.toml`, or a `pyproject.toml` with `[tool.tinyllm]`."""
    for folder in (start, *start.parents):
        if os.access(folder / PROJECT_FILE, os.F_OK) and (folder / PROJECT_FILE).is_file():
            return folder
        if _in_pyproject(folder / "pyproject.toml") is not None:
            return folder
    return None


def _in_pyproject(path: Path) -> dict[str, Any] | None:
    """Its table `[tool.tinyllm]`; the rest of the file, and whether it can be read, is no business of ours."""
    try:
        if f"[tool.{NAME}" not in path.read_text("utf-8", "replace"):
            return None
    except OSError:
        return None
    tools = _read_file(path).get("tool")
    found = tools.get(NAME) if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None


def user_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("tinyllm")) / "config.toml"


def load(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Put the five sources together."""
    environ = os.environ if environment is None else environment
    project = find_project((folder or Path.cwd()).resolve())
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    sources = [
        (str(user_file()), _read_file(user_file())),
        _read_project(project) if project else ("", {}),
        ("OLLAMA_HOST", {"ollama_host": environ["OLLAMA_HOST"]} if environ.get("OLLAMA_HOST") else {}),
        ("environment", _read_environment(environ)),
        ("flag", {name: value for name, value in (flags or {}).items() if value is not None}),
    ]
    for origin, found in sources:
        for name, value in _flat(found):
            typed = _typed(name, value, origin)
            # An entry is taken as a whole: the password of one file is never sent to the address of another.
            values[name] = {**values.get(name, {}), **typed} if isinstance(typed, dict) else typed
            origins[name] = f"{PREFIX}{name.upper()}" if origin == "environment" else origin
    settings = replace(Settings(), **values, project=project, origins=origins)
    return replace(settings, ollama_host=host_url(settings.ollama_host, settings.origin("ollama_host")))


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise GraphError(
            f"this configuration cannot be read: {failure}",
            hint="mend the file or move it away; `tinyllm config path` lists the files that are read",
            where=str(path),
            code="CONFIG_UNREADABLE",
        ) from failure


def _read_project(project: Path) -> tuple[str, dict[str, Any]]:
    path = project / PROJECT_FILE
    if path.is_file():
        return str(path), _read_file(path)
    path = project / "pyproject.toml"
    return str(path), _in_pyproject(path) or {}


def _read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    return {name: environ[PREFIX + name.upper()] for name in settable() if environ.get(PREFIX + name.upper())}


def _flat(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if name in TABLES and isinstance(value, dict):
            yield from ((f"{name}_{key}", each) for key, each in value.items())
        else:
            yield name, value


def _typed(name: str, value: Any, origin: str) -> Any:
    """The value in the type of its setting, or one clear refusal."""
    default = getattr(Settings(), name, None) if name in settable() else None
    if name not in settable():
        from tinyllm.problems import did_you_mean

        raise GraphError(
            f"there is no setting {name!r}",
            hint=did_you_mean(name, settable()) or "`tinyllm config show` lists the settings",
            where=origin,
            code="CONFIG_UNKNOWN",
        )
    try:
        if isinstance(default, tuple):
            return tuple(value.replace(",", " ").split() if isinstance(value, str) else map(str, value))
        if isinstance(default, dict):
            return _entries(json.loads(value) if isinstance(value, str) else value)
        if isinstance(default, (int, float)):
            return _positive(type(default)(_number(value, default)), or_none=name in OR_NONE)
        return _chosen(name, value) if name in CHOICES else _text(value)
    except (TypeError, ValueError):
        variable = f"{PREFIX}{name.upper()}" if origin == "environment" else ""
        example = f"{variable}={default}" if variable else f"{name} = {default!r}"
        raise GraphError(
            f"{name} should be {WANTED[type(default)]}"
            if isinstance(default, dict)
            # What else it is may be shown: no other setting holds a secret that is not an address.
            else f"{name} is {value!r}, and should be {_wanted(name, default)}",
            hint=EXAMPLE if isinstance(default, dict) else f"for example: {example}",
            where=variable or origin,
            code="CONFIG_INVALID",
        ) from None


def _entries(value: Any) -> dict[str, dict[str, Any]]:
    """Tables that each name their service."""
    for name, entry in value.items() if isinstance(value, dict) else [("", None)]:
        if not (name and isinstance(entry, dict) and isinstance(entry.get("service"), str)):
            raise TypeError
    return dict(value)


def _wanted(name: str, default: Any) -> str:
    if name in OR_NONE:
        return "a whole number, 0 or more"
    return " or ".join(CHOICES[name]) if name in CHOICES else WANTED[type(default)]


def _chosen(name: str, value: Any) -> str:
    """One of its words; a file may say true for yes, or on."""
    words = SWITCHED[value] if isinstance(value, bool) else [_text(value).strip().lower()]
    word = next((word for word in words if word in CHOICES[name]), "")
    if not word:
        raise ValueError
    return word


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any, like: float) -> Any:
    """What a file or a variable says for a number; true is none, and neither is half a token."""
    if isinstance(value, bool) or (isinstance(value, float) and isinstance(like, int)):
        raise TypeError
    return value


def _positive(number: float, *, or_none: bool = False) -> float:
    if not (0 < number < float("inf") or (or_none and number == 0)):
        raise ValueError
    return number

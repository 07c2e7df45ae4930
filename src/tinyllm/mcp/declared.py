"""The servers that a project or a user declares, each with the tools that it had when a person looked."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from tinyllm.effects import replace_file
from tinyllm.errors import GraphError, UsageError
from tinyllm.problems import did_you_mean
from tinyllm.settings import MCP_FILE, Settings, user_file

Effect = Literal["read", "idempotent", "unsafe"]
EFFECTS: tuple[str, ...] = get_args(Effect)
NAME = re.compile(r"[a-z][a-z0-9]{0,30}")
LARGEST = 4_000_000  # bytes of the file


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is reached, and what may be believed of it."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: tuple[str, ...] = ()  # names of variables that it is given; their values are kept nowhere
    bearer: str = ""  # the variable that holds the token of a server with a URL
    effects: Mapping[str, Effect] = field(
        default_factory=dict
    )  # what a person declared of its tools; * is all
    tools: tuple[Mapping[str, Any], ...] = ()  # name, description, schema: cleaned, as a person saw them

    def effect(self, tool: str) -> Effect:
        """Unsafe until somebody says otherwise."""
        return self.effects.get(tool, self.effects.get("*", "unsafe"))

    @property
    def where(self) -> str:
        return self.url or " ".join(self.command)


@dataclass(frozen=True)
class Declared:
    """The file of one project, or of the user."""

    path: Path
    servers: Mapping[str, Server] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Declared":
        try:
            with path.open("rb") as file:
                body = file.read(LARGEST)
            plain = json.loads(body)["servers"]
            return cls(path, {name: _server(name, each) for name, each in plain.items()})
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as failure:
            raise GraphError(
                f"the list of MCP servers cannot be read: {failure}",
                hint="mend the file or move it away; `tinyllm tools mcp add` writes it anew",
                where=str(path),
                code="CONFIG_UNREADABLE",
            ) from failure

    def write(self) -> None:
        body = {"servers": {name: _plain(each) for name, each in sorted(self.servers.items())}}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode(), 0o600)
        except OSError as failure:
            raise UsageError(
                f"{self.path} cannot be written: {failure.strerror}", hint="check its folder"
            ) from failure

    def holding(self, server: Server) -> "Declared":
        return Declared(self.path, {**self.servers, server.name: server})

    def without(self, name: str) -> "Declared":
        return Declared(self.path, {key: each for key, each in self.servers.items() if key != name})


def _server(name: str, plain: Mapping[str, Any]) -> Server:
    given: dict[str, Any] = {
        key: tuple(each) if isinstance(each, list) else each for key, each in plain.items()
    }
    effects = {tool: effect(each) for tool, each in given.pop("effects", {}).items()}
    server = Server(**{**given, "name": named(name)}, effects=effects)
    if not server.command and not server.url:
        raise ValueError(f"{name} has neither a command nor a url")
    if not all(isinstance(each, Mapping) and isinstance(each["schema"], Mapping) for each in server.tools):
        raise ValueError(f"the tools of {name} are not what was written")
    return server


def _plain(server: Server) -> dict[str, Any]:
    return {key: value for key, value in asdict(server).items() if value and key != "name"}


def named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a server", hint="use small letters and digits, like github"
        )
    return name


def effect(text: str) -> Effect:
    if text not in EFFECTS:
        raise UsageError(
            f"{text!r} is not an effect that can be declared",
            hint=f"one of {', '.join(EFFECTS)}; unsafe unless said",
        )
    return cast("Effect", text)


def files(settings: Settings) -> tuple[Path, ...]:
    """The project's file first, then the user's."""
    own = (settings.project / MCP_FILE,) if settings.project else ()
    return (*own, user_file().with_name(MCP_FILE))


def servers(settings: Settings) -> dict[str, tuple[Server, Path]]:
    """Every declared server with its file; the project's wins."""
    found: dict[str, tuple[Server, Path]] = {}
    for path in files(settings):
        for name, server in Declared.read(path).servers.items():
            found.setdefault(name, (server, path))
    return found


def server_named(settings: Settings, name: str) -> tuple[Server, Path]:
    found = servers(settings)
    if name not in found:
        raise UsageError(
            f"there is no MCP server {name!r}",
            hint=did_you_mean(name, found)
            or "`tinyllm tools mcp list` lists them; `… add NAME -- COMMAND` adds one",
        )
    return found[name]

"""`tinyllm tools mcp`: our tools for other programs, and the tools of other servers for our graphs."""

import asyncio
import signal
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import say
from tinyllm.errors import UsageError
from tinyllm.steady import steadily

if TYPE_CHECKING:
    from tinyllm.mcp.declared import Declared, Server
    from tinyllm.mcp.serving import Serving

app = typer.Typer(
    help="Offer our tools over MCP, and use those of other MCP servers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
NAME = typer.Argument(help="The server's name: small letters and digits.")
EFFECTS = typer.Option(
    [], "--effect", metavar="TOOL=read", help="What a tool does; `read` alone means all of them."
)


@app.command()
def serve(
    http: int | None = typer.Option(
        None, "--http", metavar="PORT", min=0, max=65535, help="Over HTTP on this machine; 0 takes any port."
    ),
    allow: list[str] = typer.Option(
        [], "--allow", metavar="PATTERN", help="Tools that may run without a yes."
    ),
    only: list[str] = typer.Option(
        [], "--only", metavar="PATTERN", help="Offer these tools alone, such as calc_*."
    ),
    workspace: str = typer.Option("", "--workspace", help="The folder that tools are kept in."),
) -> None:
    """Offer our tools to other programs: on stdin and stdout, or over HTTP on 127.0.0.1.

    The policy is the same as everywhere. What needs a yes is asked of the person at the other end, where their
    program can ask (elicitation), and is refused otherwise. Each call is a run: `tinyllm runs` shows it.
    """
    from tinyllm import __version__, settings
    from tinyllm.calls import serving
    from tinyllm.engine import Engine
    from tinyllm.toolkit import need

    need("mcp", extra="mcp")
    loaded = settings.load({"workspace": workspace or None})

    async def whole() -> None:
        async with Engine({"nodes": {"a": {"kind": "transform", "value": "1"}}}, settings=loaded) as engine:
            offered = serving(engine.services, engine.transactions, tuple(allow), tuple(only), __version__)
            offered.perform = steadily(offered.perform)
            await (_over_stdio(offered) if http is None else _over_http(offered, http))

    asyncio.run(whole())


async def _over_stdio(serving: "Serving") -> None:
    from mcp.server.stdio import stdio_server

    server = serving.server()
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with stdio_server() as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())
    except asyncio.CancelledError:
        raise SystemExit(143) from None


async def _over_http(serving: "Serving", port: int) -> None:
    """Of this machine alone, and not for what a browser was lured into: Host and Origin are checked."""
    import uvicorn

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen(64)
        except OSError as failure:
            raise UsageError(
                f"the port {port} cannot be used: {failure.strerror}", hint="choose another one"
            ) from None
        say.note(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp")
        application = serving.server().streamable_http_app(host="127.0.0.1")
        await uvicorn.Server(uvicorn.Config(application, log_level="error", log_config=None)).serve(
            [listening]
        )


@app.command(context_settings={"ignore_unknown_options": False})
def add(
    name: str = NAME,
    target: list[str] = typer.Argument(
        metavar="URL | -- COMMAND ARGS…", help="Where it is, or how it is started."
    ),
    effect: list[str] = EFFECTS,
    env: list[str] = typer.Option(
        [], "--env", metavar="VARIABLE", help="A variable of yours that it is given."
    ),
    bearer: str = typer.Option(
        "", "--bearer", metavar="VARIABLE", help="The variable with the token for a URL."
    ),
    user: bool = typer.Option(False, "--user", help="For all your projects, not for this one alone."),
) -> None:
    """Use the tools of another server: it is started now, and its tools are listed and kept as they are now.

    They appear as NAME_tool, do what is worst until you say what they do, and need a yes unless `allow` names them.
    """
    from tinyllm import settings
    from tinyllm.mcp.declared import Declared, Server, files, named, servers
    from tinyllm.mcp.foreign import shadows
    from tinyllm.toolkit import Toolbox

    loaded = settings.load()
    if shadows(named(name), Toolbox.standard().tools):
        raise UsageError(f"tools of ours are named {name}_…", hint="give the server another name")
    if name in servers(loaded):
        raise UsageError(f"there is an MCP server {name!r} already", hint=f"tinyllm tools mcp remove {name}")
    path = files(loaded)[-1 if user else 0]
    url = target[0] if len(target) == 1 and "://" in target[0] else ""
    server = Server(name, () if url else tuple(target), _url(url), tuple(env), bearer, _effects(effect))
    server, refused = asyncio.run(_looked(server))
    Declared.read(path).holding(server).write()
    _shown(server, refused)
    say.note(f"kept in {path}")


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    if text:
        parts = urlsplit(text)
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme not in ("http", "https") or (parts.scheme == "http" and not here):
            raise UsageError(
                f"{text} is not a safe place for a server", hint="use https, or http on this machine"
            )
        if parts.username or parts.password:
            raise UsageError(
                "a URL is kept as it is, and this one holds a password", hint="use --bearer VARIABLE"
            )
    return text


def _effects(given: list[str]) -> dict[str, Any]:
    from tinyllm.mcp.declared import effect

    found = {}
    for text in given:
        tool, sign, value = text.rpartition("=")
        found[tool if sign else "*"] = effect(value)
    return found


async def _looked(server: "Server") -> "tuple[Server, list[str]]":
    """The server with the tools that it has now."""
    from tinyllm.mcp import cleaning
    from tinyllm.mcp.connection import Connection

    connection = Connection(server)
    try:
        tools, refused = cleaning.listed(server.name, list(await connection.tools()))
    finally:
        await connection.aclose()
    return replace(server, tools=tuple(tools)), refused


def _shown(server: "Server", refused: list[str]) -> None:
    from tinyllm.mcp.cleaning import tool_name

    say.table(
        (
            (tool_name(server.name, each["name"]), server.effect(each["name"]), each["description"])
            for each in server.tools
        ),
        ("TOOL", "EFFECT", "WHAT IT SAYS IT DOES"),
    )
    for said in refused:
        say.note(f"left out: {said}")


@app.command("list")
def list_(as_json: bool = AS_JSON) -> None:
    """List the servers that are declared, and how many tools each has."""
    from tinyllm import settings
    from tinyllm.mcp.declared import servers
    from tinyllm.mcp.foreign import shadows
    from tinyllm.toolkit import Toolbox

    ours = Toolbox.standard().tools
    found = servers(settings.load())
    rows: list[dict[str, Any]] = [
        {
            "name": name, "tools": [tool["name"] for tool in server.tools], "where": server.where,
            "file": str(path), "used": not shadows(name, ours),
        }
        for name, (server, path) in found.items()
    ]  # fmt: skip
    if as_json:
        say.data(rows)
    elif not rows:
        say.note("no MCP servers yet: tinyllm tools mcp add NAME -- COMMAND")
    else:
        cells = (
            (row["name"], str(len(row["tools"])) if row["used"] else "none: ours are named so", row["where"])
            for row in rows
        )
        say.table(cells, ("NAME", "TOOLS", "WHERE"))


@app.command()
def remove(name: str = NAME) -> None:
    """Use a server's tools no more."""
    _, declared = _declared(name)
    declared.without(name).write()
    say.note(f"removed from {declared.path}")


@app.command()
def effect(
    name: str = NAME, tools: list[str] = typer.Argument(metavar="TOOL=read", help="What tools do.")
) -> None:
    """Say what tools of a server do: read, idempotent (again is as once), or unsafe."""
    server, declared = _declared(name)
    changed = _effects(tools)
    unknown = [
        each for each in changed if each != "*" and each not in {tool["name"] for tool in server.tools}
    ]
    if unknown:
        raise UsageError(
            f"{name} has no tool {unknown[0]!r}", hint=f"tinyllm tools mcp test {name} lists them"
        )
    server = replace(server, effects={**server.effects, **changed})
    declared.holding(server).write()
    _shown(server, [])


@app.command("test")
def look(
    name: str = NAME,
    accept: bool = typer.Option(False, "--accept", help="Take over what it says of its tools now."),
    as_json: bool = AS_JSON,
) -> None:
    """Start a server, list its tools, and say what is not as it was. Exit code 1 when something is not."""
    server, declared = _declared(name)
    now, refused = asyncio.run(_looked(server))
    before = {tool["name"]: tool for tool in server.tools}
    after = {tool["name"]: tool for tool in now.tools}
    changed = sorted(each for each in {*before, *after} if before.get(each) != after.get(each))
    if accept:
        declared.holding(now).write()
    if as_json:
        say.data(
            {"name": name, "tools": list(after), "changed": changed, "left out": refused, "accepted": accept}
        )
    else:
        _shown(now, refused)
        for each in changed:
            said = "is new" if each not in before else "is gone" if each not in after else "has changed"
            say.line(f"{each} {said}" + ("" if accept else "; --accept takes it over"))
    raise typer.Exit(int(bool(changed) and not accept))


def _declared(name: str) -> "tuple[Server, Declared]":
    from tinyllm import settings
    from tinyllm.mcp.declared import Declared, server_named

    server, path = server_named(settings.load(), name)
    return server, Declared.read(path)

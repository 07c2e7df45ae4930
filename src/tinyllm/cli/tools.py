"""`tinyllm tools`: what models may use, called by hand, and what the policy says of it."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import typer

from tinyllm.cli import completing, mcp, say
from tinyllm.errors import BadReply, Permanent, UsageError
from tinyllm.plain import from_json

if TYPE_CHECKING:
    from tinyllm.policy import Ask, Context, Decision
    from tinyllm.services import Services
    from tinyllm.toolkit import Tool

app = typer.Typer(
    help="List, show and call tools, and ask the policy about them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
rules = typer.Typer(help="What may run, and why.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules, name="policy")
app.add_typer(mcp.app, name="mcp")

AS_JSON = typer.Option(False, "--json", help="Print JSON.")
NAME = typer.Argument(help="The tool's name, such as calc_evaluate.", autocompletion=completing.tools)
ARGS = typer.Option([], "--arg", "-a", metavar="NAME=VALUE", help="An argument; lists and objects as JSON.")
INPUT = typer.Option("", "--input", "-i", help="All arguments as one JSON object.")
APPROVE = typer.Option([], "--approve", metavar="PATTERN", help="Say yes ahead: NAME, or NAME:TEXT.")
FOLDER = typer.Option("", "--workspace", help="The folder that tools are kept in.")
EXITS = {"allow": 0, "ask": 6, "deny": 1}


def _services(workspace: str = "", allow: tuple[str, ...] = ()) -> "Services":
    from tinyllm import settings
    from tinyllm.guard import Guard
    from tinyllm.models import Models
    from tinyllm.services import Services
    from tinyllm.toolkit import Toolbox

    found = settings.load({"workspace": workspace or None})
    return Services(found, Guard(Models(found), {}), Toolbox.of(found), allow)


def _tool(services: "Services", name: str) -> "Tool":
    """The tool that a person names; a slip of theirs is not a model's."""
    from tinyllm.problems import did_you_mean

    if name not in services.tools.tools:
        near = did_you_mean(name, services.tools.tools)
        raise UsageError(f"there is no tool {name!r}", hint=near or "`tinyllm tools list` lists them")
    return services.tools.get(name)


def _row(tool: "Tool") -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.doc,
        "effect": tool.effect,
        "reach": tool.reach,
        "extra": tool.extra,
        "available": not tool.missing,
        "schema": tool.parameters,
    }


@app.command("list")
def list_(
    patterns: list[str] = typer.Argument(None, help="Only these: names or patterns like calc_*."),
    as_json: bool = AS_JSON,
) -> None:
    """List the tools: what each does to the world, how far it reaches, and whether it runs unasked."""
    from tinyllm import policy

    services = _services()
    tools = services.tools.matching(patterns or ["*"]).tools.values()
    if as_json:
        say.data([_row(tool) for tool in tools])
        return
    context = services.context()
    say.table(
        ([tool.name, tool.effect, tool.reach, policy.runs(tool, context), _line(tool)] for tool in tools),
        ("TOOL", "EFFECT", "REACH", "RUNS", "WHAT IT DOES"),
    )


def _line(tool: "Tool") -> str:
    return tool.doc.split("\n")[0][:90]


@app.command()
def show(name: str = NAME, as_json: bool = AS_JSON) -> None:
    """Show one tool: its arguments, and how to call it."""
    tool = _tool(_services(), name)
    if as_json:
        say.data(_row(tool))
        return
    say.answer(tool.doc)
    say.answer("")
    required = tool.parameters.get("required", ())
    args = tool.parameters["properties"]
    say.table(
        [arg, "needed" if arg in required else "optional", str(prop.get("description", ""))]
        for arg, prop in args.items()
    )
    say.answer(
        f"\neffect {tool.effect}, reach {tool.reach}" + (f", extra {tool.extra}" if tool.extra else "")
    )
    if tool.missing:
        say.answer(f"missing: {', '.join(tool.missing)}; `tinyllm tools doctor` says how to install it")
    words = "".join(f" --arg {arg}=…" for arg in args if arg in required)
    say.answer(f"tinyllm tools call {tool.name}{words}")


@app.command()
def call(
    name: str = NAME,
    arg: list[str] = ARGS,
    inputs: str = INPUT,
    approve: list[str] = APPROVE,
    workspace: str = FOLDER,
    as_json: bool = AS_JSON,
) -> None:
    """Call one tool as a model would: the same checks, the same policy."""
    from tinyllm.answer import as_text

    services = _services(workspace)
    data = asyncio.run(_ended(services, _called(services, name, _arguments(arg, inputs), tuple(approve))))
    if as_json:
        say.data({"tool": name, "data": data})
    else:
        say.answer(as_text(data))


async def _ended(services: "Services", going: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await going
    finally:
        await services.tools.aclose()


async def _called(
    services: "Services", name: str, arguments: dict[str, Any], approve: tuple[str, ...]
) -> Any:
    from dataclasses import replace

    from tinyllm.policy import YES, Approvals

    context = replace(services.context(), approve=approve)
    _decided(services, name, arguments, context)
    approvals, ask = Approvals(), services.asks(name, arguments, context)
    if ask is not None:
        if await _answer(ask) == YES:
            approvals.grant("", ask, arguments, services.clock.now())
        else:
            approvals.refused = True
    return (await services.call(name, arguments, context, approvals)).data


def _decided(services: "Services", name: str, arguments: dict[str, Any], context: "Context") -> "Decision":
    """What the policy says of a call; a slip in it is a person's, not a model's."""
    _tool(services, name)
    try:
        return services.decide(name, arguments, context)
    except BadReply as slip:
        raise UsageError(slip.message, hint=slip.hint) from slip


async def _answer(ask: "Ask") -> str:
    """Who sits there is asked; where nobody sits, the call is not made."""
    from tinyllm.cli.show import Show
    from tinyllm.policy import NO, YES, question

    show = Show(trace=False, jsonl=False, streams=False, quiet=True, verbose=False)
    if show.asks is None:
        raise Permanent(
            f"{ask.tool} was not allowed to run: {ask.why}",
            hint=f"say yes with --approve {ask.tool}, or call it on a terminal",
            code="TOOL_NOT_ALLOWED",
        )
    return await show.asks(question([ask]), (YES, NO)) or NO


def _arguments(pairs: list[str], inputs: str) -> dict[str, Any]:
    hint = 'write -i \'{"name": "value"}\''
    try:
        found = from_json(inputs) if inputs else {}
    except (ValueError, RecursionError) as failure:
        raise UsageError(f"--input is not JSON: {failure}", hint=hint) from None
    if not isinstance(found, dict):
        raise UsageError("--input is not a JSON object", hint=hint)
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"--arg {pair!r} is not NAME=VALUE", hint="write --arg expression='2 + 2'")
        found[name] = value
    return found


@app.command()
def doctor(as_json: bool = AS_JSON) -> None:
    """Say which tools lack a package, a program or a secret, and which layers of the sandbox are here."""
    from tinyllm import sandbox
    from tinyllm.toolkit.connections import unset
    from tinyllm.toolkit.needs import remedy

    services = _services()
    rows = [
        {"name": tool.name, "missing": list(tool.missing), "fix": remedy(tool.extra, tool.programs)}
        for tool in services.tools.tools.values()
        if tool.missing
    ]
    for name, missing in unset(services.settings.connections).items():
        rows.append({"name": f"connection {name}", "missing": missing, "fix": f"set {', '.join(missing)}"})
    layers = sandbox.layers()
    if as_json:
        say.data({"tools": rows, "sandbox": layers})
        return
    say.table((f"sandbox {name}", reason or "ready") for name, reason in layers.items())
    for fix in dict.fromkeys(str(row["fix"]) for row in rows):
        names = [str(row["name"]) for row in rows if row["fix"] == fix]
        say.answer(f"{fix}\n    for {', '.join(names)}")
    if not rows:
        say.note("every tool has what it needs")


@rules.command("show")
def show_policy(as_json: bool = AS_JSON) -> None:
    """Show what runs unasked, what asks, and the lists of this project with where each was set."""
    services = _services()
    settings = services.settings
    lists: dict[str, Any] = {
        name: {"value": list(getattr(settings, name)), "set in": settings.origin(name)}
        for name in ("allow", "deny", "allow_hosts", "untrusted")
    }
    found = {
        "workspace": str(settings.root),
        **lists,
        "never written": [str(p) for p in services.bounds.kept],
    }
    if as_json:
        say.data(found)
        return
    say.answer("Unasked: tools that look or compute and stay in the workspace, and code in the sandbox.")
    say.answer("Asked:   everything else, unless `allow` names it: in a node, the graph or the settings.")
    say.answer(
        "Again:   programs, services and sending out, once words of strangers came in.\nNever:   what `deny` names.\n"
    )
    say.table([name, " ".join(getattr(settings, name)) or "-", settings.origin(name)] for name in lists)
    say.table(
        [("workspace", str(settings.root)), *(("never written", str(kept)) for kept in services.bounds.kept)]
    )


@rules.command()
def check(
    name: str = NAME,
    arg: list[str] = ARGS,
    inputs: str = INPUT,
    approve: list[str] = APPROVE,
    graph: str = typer.Option("", "--graph", "-g", help="With the allow-list of this graph."),
    node: str = typer.Option("", "--node", help="… and of this node in it."),
    tainted: bool = typer.Option(False, "--tainted", help="As if words of strangers had come in."),
    as_json: bool = AS_JSON,
) -> None:
    """Say whether a call would run, without making it. Exit codes: 0 it runs, 6 it asks, 1 never."""
    from dataclasses import replace

    services = _services()
    context = services.context(_allowed(services, graph, node))
    context = replace(context, approve=tuple(approve), tainted=("--tainted",) if tainted else ())
    decision = _decided(services, name, _arguments(arg, inputs), context)
    if as_json:
        say.data({"tool": name, "decision": decision.kind, **_details(decision)})
    else:
        for key, value in {"decision": decision.kind, **_details(decision)}.items():
            say.answer(f"{key:<9} {value}")
    raise typer.Exit(EXITS[decision.kind])


def _details(decision: "Decision") -> dict[str, str]:
    return {key: getattr(decision, key) for key in ("why", "what", "fix") if hasattr(decision, key)}


def _allowed(services: "Services", graph: str, node: str) -> tuple[str, ...]:
    if not graph:
        return ()
    from tinyllm.spec import find, read_file

    spec = read_file(find(graph, services.settings), services.settings, services.tools)
    if node and node not in spec.nodes:
        raise UsageError(f"there is no node {node!r}", hint=f"the nodes are {', '.join(spec.nodes)}")
    return (*spec.allow, *getattr(spec.nodes.get(node), "allow", ()))

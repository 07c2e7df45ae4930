"""What may run: unasked only what looks and computes here; all else needs an allow-list, or a person's yes."""

import fnmatch
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from tinyllm.plain import plain
from tinyllm.redaction import redacted
from tinyllm.running import current, emit
from tinyllm.toolkit import PublicUrl, Tool

YES, NO = "yes", "no"
SECONDS = 600.0  # a yes is good for this long
SHOWN = 4_000  # characters of one call in a question
WILD = frozenset("*?[")
ADDRESS = re.compile(r"https?://[^\s\"'<>)\]}]+")
ADDRESSES = 1_000  # of one result that are remembered


@dataclass(frozen=True, slots=True)
class Allow:
    """It may run."""

    kind: ClassVar[Literal["allow"]] = "allow"
    why: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A person is to be asked, about exactly this."""

    kind: ClassVar[Literal["ask"]] = "ask"
    tool: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Deny:
    """It may not run, and nobody is asked."""

    kind: ClassVar[Literal["deny"]] = "deny"
    why: str
    fix: str


Decision = Allow | Ask | Deny


@dataclass(frozen=True, slots=True)
class Context:
    """What is known when a call is decided."""

    allow: tuple[str, ...] = ()  # names and patterns that may run: of the node, the graph, the project
    deny: tuple[str, ...] = ()  # … that never may
    approve: tuple[str, ...] = ()  # what a person said yes to when the run began: NAME or NAME:TEXT
    tainted: tuple[str, ...] = ()  # what brought words of strangers into the run
    met: tuple[str, ...] | None = None  # where a model calls: the texts that an address may be taken from
    places: tuple[str, ...] = ()  # addresses below which a person lets it call what it likes


def decide(tool: Tool, arguments: Mapping[str, Any], context: Context) -> Decision:
    """Allow, ask or deny; the same for the same values, and never by what a model says."""
    if pattern := listed(tool.name, context.deny):
        return Deny(
            f"{tool.name} is forbidden by {pattern!r}", "a person can take it off `deny` in the settings"
        )
    if tool.sandboxed:
        return Allow("code in the sandbox can only compute")
    if harmless(tool):
        return Allow("it only looks at what is here" if tool.reach == "workspace" else "it only computes")
    what = shown(tool, arguments)
    stray = _stray(tool, arguments, context)
    wary = bool(context.tainted) and (leaves(tool) or bool(stray))
    if pattern := _approved(tool.name, what, context.approve, exact=wary):
        return Allow(f"approved with {pattern!r}")
    if wary:
        why = f"words of strangers came into this run by {', '.join(context.tainted)}"
        return Ask(tool.name, what, f"{why}, and {stray} stands nowhere in what was read" if stray else why)
    if pattern := listed(tool.name, context.allow):
        return Allow(f"allowed by {pattern!r}")
    return Ask(tool.name, what, SAYS[tool.reach] if tool.effect in ("pure", "read") else CHANGES[tool.reach])


SAYS = {
    "none": "it computes",
    "workspace": "it looks at the workspace",
    "net": "it calls another machine, and what it asks for can carry secrets away",
    "exec": "it runs a program on this machine",
    "remote": "it looks at a service",
}
CHANGES = {
    "none": "it changes something",
    "workspace": "it changes the workspace",
    "net": "it sends something to another machine",
    "exec": "it runs a program on this machine",
    "remote": "it changes a service",
}


def harmless(tool: Tool) -> bool:
    """It looks, or computes, and nothing of it leaves this folder."""
    return tool.effect in ("pure", "read") and tool.reach in ("none", "workspace")


def leaves(tool: Tool) -> bool:
    """It can do what strangers would want: run programs, change services, send things out."""
    if tool.sandboxed:
        return False
    return tool.reach in ("exec", "remote") or (tool.reach == "net" and tool.effect not in ("pure", "read"))


def runs(tool: Tool, context: Context) -> str:
    """How a tool runs before its arguments are known: unasked, when a person says yes, never, or not here."""
    if tool.missing:
        return "missing"
    if listed(tool.name, context.deny):
        return "never"
    return "unasked" if harmless(tool) or tool.sandboxed or listed(tool.name, context.allow) else "asks"


def _stray(tool: Tool, arguments: Mapping[str, Any], context: Context) -> str:
    """An address that a model made up after strangers had their say: what stands in it may be a secret on its way out."""
    if context.met is None or not context.tainted or tool.reach != "net":
        return ""
    for value in arguments.values():
        if isinstance(value, PublicUrl) and not _known(str(value), context):
            return visible(str(value)[:200])
    return ""


def _known(url: str, context: Context) -> bool:
    return any(url in text for text in context.met or ()) or any(
        url.startswith(place.rstrip("/") + "/") for place in context.places
    )


def listed(name: str, patterns: Sequence[str]) -> str:
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), "")


def _approved(name: str, what: str, patterns: Sequence[str], *, exact: bool) -> str:
    """The pattern that says yes; after strangers had their say, only the very words do."""
    for pattern in patterns:
        tool, colon, text = pattern.partition(":")
        if exact:
            if tool == name and text.strip() == what:
                return pattern
        elif fnmatch.fnmatchcase(name, tool) and (not colon or fnmatch.fnmatchcase(what, text.strip())):
            return pattern
    return ""


# What a person sees.


def shown(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """The exact command, URL or SQL; nothing in it can move the cursor or hide a part."""
    if tool.shows is not None:
        return visible(tool.shows(**arguments))
    written = ", ".join(f"{name}={_written(value)}" for name, value in arguments.items())
    return visible(f"{tool.name}({written})")


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else None
    if text is not None and len(text) > SHOWN // 4:
        mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
        return (
            f"{json.dumps(text[: SHOWN // 4], ensure_ascii=False)}… ({len(text):,} characters, sha256 {mark})"
        )
    return json.dumps(value, ensure_ascii=False, default=str)


def visible(text: str) -> str:
    """Without secrets, and with every character that is not seen written out."""
    text = redacted(text)
    if len(text) > SHOWN:
        text = f"{text[:SHOWN]}… ({len(text):,} characters)"
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def question(asks: Sequence[Ask]) -> str:
    """What a person is asked: every call, each line of it marked as not ours."""
    parts = []
    for ask in asks:
        lines = "\n".join(f"  | {line}" for line in ask.what.split("\n"))
        parts.append(f"{ask.tool} wants to run ({ask.why}):\n{lines}")
    return "\n".join((*parts, "Allow it?" if len(asks) == 1 else f"Allow these {len(asks)} calls?"))


# A person's yes.


@dataclass(slots=True)
class Approvals:
    """Each yes is for one call: of this run, this tool and these arguments, as it was shown, once, and soon."""

    refused: bool = False  # a person said no
    _given: list[tuple[str, float]] = field(default_factory=list)

    def grant(self, run: str, ask: Ask, arguments: Mapping[str, Any], now: float) -> None:
        self._given.append((_mark(run, ask, arguments), now + SECONDS))

    def spend(self, run: str, ask: Ask, arguments: Mapping[str, Any], now: float) -> bool:
        """True once for what was granted."""
        mark = _mark(run, ask, arguments)
        for given in self._given:
            if given[0] == mark and now < given[1]:
                self._given.remove(given)
                return True
        return False


def _mark(run: str, ask: Ask, arguments: Mapping[str, Any]) -> str:
    text = json.dumps([run, ask.tool, ask.what, plain(dict(arguments))], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


# Where words of strangers came in.

ALONE = "a graph that is run without a run"


def taint(source: str) -> None:
    """From now on this run holds words of strangers; its timeline says so, and a resumed run remembers."""
    run = current()
    if run.id and source not in (known := run.extra.setdefault("tainted", {})):
        known[source] = None
        emit("taint", source=source)


def tainted() -> tuple[str, ...]:
    """What brought them in. A graph without a run, as in Studio, has no memory of it: there it is always so."""
    run = current()
    return tuple(run.extra.get("tainted", ())) if run.id or not run.node else (ALONE,)


def meet(text: str) -> None:
    """Addresses that came in, which a model may call as they are."""
    run = current()
    if run.id:
        run.extra.setdefault("met", {}).update(dict.fromkeys(ADDRESS.findall(text)[:ADDRESSES]))


def met() -> tuple[str, ...]:
    return tuple(current().extra.get("met", ()))


def brings_strangers(tool: Tool) -> bool:
    """What it gives was written by others."""
    if tool.delivers:
        return False  # inside a run nothing comes back
    return tool.untrusted or (tool.reach in ("net", "remote") and not tool.sandboxed)

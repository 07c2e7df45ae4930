"""What a node may use, in one frozen value; and the one wrapper around a tool call."""

import asyncio
import fnmatch
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Protocol

from tinyllm import policy
from tinyllm.clock import CLOCK, Clock
from tinyllm.effects import current_ledger, keyed, perform
from tinyllm.errors import Permanent, TimedOut, TinyError, Unknown, classify
from tinyllm.grading import grade_tool
from tinyllm.guard import Guard
from tinyllm.memory.remembered import Memory, remembering
from tinyllm.plain import plain
from tinyllm.policy import Allow, Approvals, Ask, Context, Decision, Deny
from tinyllm.redaction import hidden, known_secrets, redacted, without
from tinyllm.running import STOPPED, current, emit, time_left, unclassified
from tinyllm.settings import MCP_FILE, PROJECT_FILE, Settings
from tinyllm.state import State
from tinyllm.toolkit import Bounds, Inside, Tool, Toolbox, within
from tinyllm.toolkit.connections import secrets_in

SHOWN = 8_000  # characters of a result that a small model can read
LARGEST = 256_000  # characters of a result that is kept
NOBODY = Approvals()


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: data for programs, text for models."""

    data: Any
    text: str


class Growing(Protocol):
    """What the steps of growth are done by: it reads grades and builds graphs, which no node may."""

    async def __call__(self, step: str, state: State) -> tuple[bool, Any]: ...


@dataclass(frozen=True)
class Services:
    """Models behind the guard, tools behind the policy, and the clock."""

    settings: Settings
    guard: Guard
    tools: Toolbox = field(default_factory=Toolbox)
    allow: tuple[str, ...] = ()
    clock: Clock = CLOCK
    growing: Growing | None = None
    kept: Memory | None = None  # what is remembered, when it is not to be opened by the settings

    @cached_property
    def memory(self) -> Memory:
        return self.kept or Memory(self.settings)

    @cached_property
    def bounds(self) -> Bounds:
        """What tools are kept in; what says what may run is not for them to write."""
        settings = self.settings
        kept = [settings.data]
        if settings.project:
            kept += [settings.project / name for name in (PROJECT_FILE, "graphs", MCP_FILE)]
        kept = [path.resolve() for path in kept]
        return Bounds(settings.root, tuple(kept), settings.allow_hosts, settings.connections)

    def context(self, allow: tuple[str, ...] = (), state: State | None = None) -> Context:
        """What calls are decided by, as it is now: what comes in later cannot have led to a call made before."""
        attached = ("an attached file",) if state and state.get("inputs", {}).get("attached") else ()
        return Context(
            allow=(*self.allow, *self.settings.allow, *allow),
            deny=self.settings.deny,
            approve=tuple(current().extra.get("approve", ())),
            tainted=(*policy.tainted(), *attached),
            places=tuple(
                str(entry.get("url", ""))
                for entry in self.settings.connections.values()
                if entry.get("service") == "rest" and "://" in str(entry.get("url", ""))
            ),
        )

    def decide(self, name: str, arguments: Mapping[str, Any], context: Context) -> Decision:
        """What the policy says of a call; arguments that cannot be read are an error."""
        tool = self.tools.get(name)
        with within(self.bounds):
            return policy.decide(tool, tool.read(arguments), context)

    def asks(self, name: str, arguments: Mapping[str, Any], context: Context) -> Ask | None:
        """What a person must be asked before this call; a call that cannot be made anyway asks nothing."""
        try:
            decision = self.decide(name, arguments, context)
        except TinyError:
            return None
        return decision if isinstance(decision, Ask) else None

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        context: Context | None = None,
        approvals: Approvals = NOBODY,
    ) -> Result:
        """Call a tool: arguments, policy, approval, deadline, ledger, cut output, failures with a name."""
        secrets = known_secrets(more=secrets_in(self.settings.connections))
        told = {"tool": name, "arguments": hidden(plain(dict(arguments)), secrets)}
        began = self.clock.monotonic()
        try:
            tool = self.tools.get(name)
            with within(self.bounds), remembering(self.memory):
                given = tool.read(arguments)
                self._permit(tool, arguments, given, context or self.context(), approvals)
                self._note_strangers(tool, given)
                data = await self._performed(tool, arguments, given, secrets)
                for source in tool.strangers(data) if tool.strangers else ():
                    policy.taint(source)
                result = Result(data, shown(data, tool))
                policy.meet(result.text)
        except asyncio.CancelledError:
            seconds = round(self.clock.monotonic() - began, 3)
            emit("stopped", **told, seconds=seconds, failure={"code": STOPPED})
            raise
        except Exception as failure:  # noqa: BLE001 - every failure of a tool gets a name here
            named = _named(failure, name, secrets)
            emit("tool", **told, seconds=round(self.clock.monotonic() - began, 3), failure=named.as_dict())
            grade_tool(name, told["arguments"], named)
            raise named from (failure.__cause__ if failure is named else failure)
        if current().extra.get("content"):
            emit("content", text=result.text)
        emit("tool", **told, seconds=round(self.clock.monotonic() - began, 3))
        return result

    async def deliver(self, name: str, arguments: Mapping[str, Any], key: str) -> Any:
        """Send what waited for its run to commit. A person said yes to it then."""
        return await self._after(name, key, lambda tool: tool.run(**tool.read(arguments)))

    async def compensate(self, name: str, key: str, result: Any) -> Any:
        """Do what can be done about an effect of a run that was rolled back. A person asked for it."""

        async def act(tool: Tool) -> Any:
            assert tool.compensate is not None
            return await tool.compensate(key, result)

        return await self._after(name, key, act)

    async def _after(self, name: str, key: str, act: Callable[[Tool], Awaitable[Any]]) -> Any:
        """What happens when the run is over; what was forbidden since does not."""
        secrets = known_secrets(more=secrets_in(self.settings.connections))
        try:
            tool = self.tools.get(name)
            if pattern := policy.listed(name, self.settings.deny):
                raise Permanent(f"{name} is forbidden by {pattern!r}", code="TOOL_FORBIDDEN")
            with within(self.bounds), keyed(key):
                return await _in_time(tool, lambda: act(tool), secrets)
        except Exception as failure:  # noqa: BLE001 - every failure of a tool gets a name here
            named = _named(failure, name, secrets)
            raise named from (failure.__cause__ if failure is named else failure)

    def _permit(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        given: Mapping[str, Any],
        context: Context,
        approvals: Approvals,
    ) -> None:
        decision = policy.decide(tool, given, context)
        if isinstance(decision, Allow):
            return
        if isinstance(decision, Deny):
            raise Permanent(decision.why, hint=decision.fix, code="TOOL_FORBIDDEN")
        if approvals.spend(current().id, decision, arguments, self.clock.now()):
            return
        if approvals.refused:
            raise Permanent(
                f"{tool.name} was not allowed to run: a person said no",
                hint="do not ask for it again; answer without it",
                code="TOOL_REFUSED",
            )
        raise Permanent(
            f"{tool.name} was not allowed to run: {decision.why}",
            hint=f"a person can say yes: --approve {tool.name}, or `allow: [{tool.name}]` in the graph",
            code="TOOL_NOT_ALLOWED",
        )

    def _note_strangers(self, tool: Tool, given: Mapping[str, Any]) -> None:
        if policy.brings_strangers(tool):
            policy.taint(tool.name)
        for value in given.values() if self.settings.untrusted else ():
            if isinstance(value, Inside) and _covers(self.settings.untrusted, value):
                policy.taint(f"{tool.name} {value}")

    async def _performed(
        self, tool: Tool, arguments: Mapping[str, Any], given: dict[str, Any], secrets: tuple[str, ...]
    ) -> Any:
        """Once, by the ledger; what comes back is plain, of a bearable size, and holds no secret of ours."""

        async def do(_key: str) -> Any:
            return await _in_time(tool, lambda: tool.run(**given), secrets)

        async def verify(key: str) -> Any:
            assert tool.verify is not None
            return await tool.verify(key, **given)

        def names(failure: Exception) -> TinyError:
            return _named(failure, tool.name, secrets, told=None)

        checked = verify if tool.verify is not None else None
        ledger = current_ledger()
        try:
            if tool.delivers and ledger is not None:
                return await ledger.deliver(tool.name, plain(dict(arguments)), do)
            return await perform(tool.name, tool.effect, plain(dict(arguments)), do, checked, names)
        except TinyError as failure:
            raise failure.at(tool.name) from failure.__cause__


async def _in_time(tool: Tool, work: Callable[[], Awaitable[Any]], secrets: tuple[str, ...]) -> Any:
    """What the tool gives, plain, bearable and without secrets, if it comes before its deadline."""
    limit = time_left(tool.seconds)
    try:
        async with asyncio.timeout(limit) as clock:
            return bearable(without(plain(await work()), secrets))
    except TimeoutError:
        if not clock.expired():
            raise
        raise TimedOut(
            f"{tool.name} did not end within {limit:g} s", hint="ask it for less", code="TOOL_TIMEOUT"
        ) from None


def _named(
    failure: Exception, tool: str, secrets: tuple[str, ...], told: Unknown | None = unclassified
) -> TinyError:
    named = failure if isinstance(failure, TinyError) else classify(failure, op=tool, unknown=told).at(tool)
    named.message = redacted(without(named.message, secrets))
    named.hint = redacted(without(named.hint, secrets))
    return named


def _covers(patterns: tuple[str, ...], path: Inside) -> bool:
    """It is such a file, or a folder that may hold one."""
    for pattern in patterns:
        fixed = pattern.split("*")[0]
        folder = "" if path.relative == "." else f"{path.relative}/"
        if fnmatch.fnmatchcase(path.relative, pattern) or PurePosixPath(path.relative).match(pattern):
            return True
        if path.is_folder and (fixed.startswith(folder) or folder.startswith(fixed)):
            return True
    return False


def bearable(data: Any) -> Any:
    """The value itself, or its beginning as text when it is too large to be kept."""
    text = data if isinstance(data, str) else None
    if text is None and isinstance(data, (list, dict)):
        text = json.dumps(data, ensure_ascii=False, default=str)
    if text is None or len(text) <= LARGEST:
        return data
    return f"{text[:LARGEST]}\n[cut: this is the beginning of {len(text):,} characters]"


def shown(data: Any, tool: Tool) -> str:
    """A result as a model reads it: text, cut with a note that says how to see more."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, default=str)
    if len(text) <= SHOWN:
        return text
    ways = " or ".join(tool.narrowing)
    more = f"call {tool.name} again with {ways}" if ways else "ask for a smaller part"
    return f"{text[:SHOWN]}\n[cut: {SHOWN:,} of {len(text):,} characters are shown; to see more, {more}]"

"""One call of one model: its place in the queue, both breakers, four timeouts, and a name for whatever goes wrong."""

import asyncio
import email.utils
from collections.abc import Callable
from typing import Any, TypeVar

from tinyllm.errors import BadReply, Permanent, TinyError, Unavailable, classify
from tinyllm.finishing import to_the_end
from tinyllm.guard.breaker import AT_ONCE, Admitted, Breakers
from tinyllm.guard.prompted import prompted
from tinyllm.guard.queue import place
from tinyllm.guard.request import Request
from tinyllm.guard.timing import timed
from tinyllm.memory.counting import Ratios, of_request
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.redaction import safe
from tinyllm.running import STOPPED, current, emit, unclassified

T = TypeVar("T")
Use = Callable[[Reply, Ask], T]  # the value of a reply to this request, or a BadReply

OF_THE_HOST = (*AT_ONCE, "MODEL_CONNECT_TIMEOUT")  # no model on it can be reached


class Attempts:
    """Calls a model, and tells the breakers how it went."""

    def __init__(self, models: Models, breakers: Breakers, ratios: Ratios | None = None) -> None:
        self.models = models
        self.breakers = breakers
        self.ratios = ratios or Ratios()

    async def make(self, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        request.place = place(self.models, entry.name)
        if request.place is None:
            return await self._admitted(entry, ask, request, use)
        async with request.place:
            return await self._admitted(entry, ask, request, use)

    async def _admitted(self, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        settings = self.models.settings
        lasts = (entry.timeout or settings.call_timeout) + settings.connect_timeout
        host, model = await self.breakers.admit(settings.ollama_host, entry.name, lasts=lasts)
        failure: TinyError | None = None
        finished = False
        began = self.models.clock.monotonic()
        try:
            value = await self._used(entry, ask, request, use)
            finished = True
            return value
        except asyncio.CancelledError:
            stopped = round(self.models.clock.monotonic() - began, 3)
            emit("stopped", model=entry.name, seconds=stopped, code=STOPPED)
            raise
        except Exception as raised:
            failure = self.named(raised, entry).at(current().node)
            seconds = round(self.models.clock.monotonic() - began, 3)
            emit("failure", model=entry.name, seconds=seconds, **failure.as_dict())
            if failure is raised:
                raise
            raise failure from raised
        finally:
            # A cancelled call comes here as well: it says nothing, but its probe must be given back.
            if not (finished and host.quiet and model.quiet):
                await to_the_end(self.told(host, model, failure, finished, request))

    async def _used(self, entry: Entry, ask: Ask, request: Request, use: Use[T]) -> T:
        request.said = ""
        self.models.chat(entry.name)  # to make its client is no part of the model's time
        async with timed(entry, ask, request, self.models.settings) as watch:
            asked = await self._fitting(entry, ask, request)
            reply = await self.models.ask(entry, asked, watch.heard)
        if request.place is not None:
            request.place.heard(reply)
        request.said = reply.text
        self.ratios.learn(entry.name, of_request(asked.messages, asked.tools), reply.tokens_in)
        if current().extra.get("content"):
            emit("content", messages=asked.messages, text=reply.text)
        emit(
            "call",
            model=reply.model,
            entry=entry.key,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            seconds=round(reply.seconds, 3),
            done_reason=reply.done_reason,
            **({"cache": "missed"} if request.missed else {}),
        )
        return use(reply, asked)

    async def _fitting(self, entry: Entry, ask: Ask, request: Request) -> Ask:
        """The request in a form that the model takes: asked beforehand, not found out by failing."""
        if not ask.tools:
            return ask
        if request.in_words:
            return prompted(ask)
        try:
            can = await self.models.capabilities(entry.name)
        except TinyError as failure:
            if failure.code in (*OF_THE_HOST, "MODEL_NOT_FOUND"):
                raise
            return ask  # the call itself will say what is wrong
        return prompted(ask) if can and "tools" not in can else ask

    async def told(
        self, host: Admitted, model: Admitted, failure: TinyError | None, finished: bool, request: Request
    ) -> None:
        if finished:
            await self.breakers.succeeded(host)
            await self.breakers.succeeded(model)
        elif failure is None:
            await self.breakers.ignored(host)
            await self.breakers.ignored(model)
        elif failure.code in OF_THE_HOST:
            await self._blame(host, failure, request)
            await self.breakers.ignored(model)
        else:
            await (self.breakers.succeeded if answered(failure) else self.breakers.ignored)(host)
            await self._blame(model, failure, request)

    async def _blame(self, call: Admitted, failure: TinyError, request: Request) -> None:
        """Once per request: three attempts at one poisonous prompt must not close a model to everybody."""
        again = call.target in request.blamed and not call.probe
        if again or not failure.deserves.breaker:
            await self.breakers.ignored(call)
        else:
            request.blamed.add(call.target)
            await self.breakers.failed(call, failure)

    def named(self, failure: Exception, entry: Entry) -> TinyError:
        """The failure as a user needs it: which server, which model."""
        named = classify(failure, op="ollama", unknown=unclassified)
        if named.code == "DNS_FAILURE":
            named = Unavailable(named.message, code=AT_ONCE[0])
        if named.retry_after is None:
            named.retry_after = told_to_wait(failure, self.models.clock.now())
        if isinstance(named, Unavailable) and named.code in AT_ONCE:
            named.message = f"no answer from the model server at {self.models.settings.ollama_host}"
            named.hint = "start it with `ollama serve`, or set OLLAMA_HOST"
        elif named.code == "MODEL_NOT_FOUND":
            named.message, named.hint = (said := absent(entry.name)).message, said.hint
        elif entry.name not in named.message and named.code not in OF_THE_HOST:
            named.message = f"{entry.name}: {named.message}"
        named.message = safe(named.message)
        return named


def absent(name: str) -> TinyError:
    """The server does not have this model."""
    return Permanent(f"{name} is not installed", hint=f"tinyllm models pull {name}", code="MODEL_NOT_FOUND")


def answered(failure: TinyError) -> bool:
    """The server spoke, whatever it said: then the host at least is there."""
    return isinstance(failure, BadReply) or isinstance(getattr(failure.__cause__, "status_code", None), int)


def told_to_wait(failure: BaseException, now: float) -> float | None:
    """Retry-After in both its forms; Ollama's client drops it with the response that it came in."""
    response: Any = getattr(failure.__context__, "response", None) or getattr(failure, "response", None)
    said = str(getattr(response, "headers", {}).get("retry-after") or "")
    if said.strip().isdigit():
        return float(said)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, TypeError, IndexError):
        return None

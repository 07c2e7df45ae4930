"""One call of one model: four timeouts, both breakers, and a name for whatever goes wrong."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tinyllm.errors import BadReply, TinyError, Unavailable, classify
from tinyllm.guard.breaker import AT_ONCE, Admitted, Breakers
from tinyllm.guard.loops import Loops
from tinyllm.models import Ask, Entry, Models, Reply
from tinyllm.running import current, emit, time_left

BRIEF = 256  # tokens: a reply that may not be longer is not worth streaming


@dataclass
class Request:
    """What one question has done so far: a target is blamed once for it, however often it was tried."""

    blamed: set[str] = field(default_factory=set)
    shown: bool = False  # tokens went out to somebody


class Attempts:
    """Calls a model, and tells the breakers how it went."""

    def __init__(self, models: Models, breakers: Breakers) -> None:
        self.models = models
        self.breakers = breakers

    async def make(self, entry: Entry, ask: Ask, request: Request) -> Reply:
        host = await self.breakers.admit(self.models.settings.ollama_host)
        try:
            model = await self.breakers.admit(entry.name)
        except TinyError:
            await self.breakers.ignored(host)
            raise
        failure: TinyError | None = None
        finished = False
        try:
            reply = await self._timed(entry, ask, request)
            finished = True
            return reply
        except Exception as raised:
            failure = self.named(raised, entry)
            emit("failure", model=entry.name, **failure.as_dict())
            raise failure.at(current().node) from raised
        finally:
            # A cancelled call comes here as well: it says nothing, but its probe must be given back.
            await asyncio.shield(self._told(host, model, failure, finished, request))

    async def _told(
        self, host: Admitted, model: Admitted, failure: TinyError | None, finished: bool, request: Request
    ) -> None:
        if finished:
            await self.breakers.succeeded(host)
            await self.breakers.succeeded(model)
        elif failure is None or not failure.deserves.breaker:
            await self.breakers.ignored(host)
            await self.breakers.ignored(model)
        elif failure.code in AT_ONCE:
            await self.breakers.failed(host, failure)
            await self.breakers.ignored(model)
        else:
            await self.breakers.ignored(host)
            blamed = model.target in request.blamed
            request.blamed.add(model.target)
            await (self.breakers.ignored(model) if blamed else self.breakers.failed(model, failure))

    async def _timed(self, entry: Entry, ask: Ask, request: Request) -> Reply:
        settings = self.models.settings
        total = time_left(entry.timeout or settings.call_timeout)
        loop = asyncio.get_running_loop()
        last = loop.time() + total
        brief = 0 < int(ask.options.get("num_predict") or entry.num_predict or 0) <= BRIEF
        phase = "answer" if brief else "begin to answer"
        loops = Loops()
        try:
            async with asyncio.timeout(total if brief else min(total, settings.load_timeout)) as limit:

                def heard(text: str) -> None:
                    nonlocal phase
                    phase = "go on" if loop.time() + settings.idle_timeout < last else "finish"
                    limit.reschedule(min(last, loop.time() + settings.idle_timeout))
                    if loops.heard(text):
                        raise BadReply(f"{entry.name} repeats itself", code="OUTPUT_REPETITION")
                    if text and ask.token is not None:
                        request.shown = True
                        ask.token(text)

                return await self._called(entry, ask, None if brief else heard)
        except TimeoutError as failure:
            named = classify(failure, op="ollama")
            named.message = f"{entry.name} did not {phase} in time"
            named.hint = "give it longer (`timeout` in the graph), or use a smaller model"
            raise named from failure

    async def _called(self, entry: Entry, ask: Ask, heard: Callable[[str], None] | None) -> Reply:
        reply = await self.models.ask(entry, ask, heard)
        emit(
            "call",
            model=reply.model,
            entry=entry.key,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            seconds=round(reply.seconds, 3),
            done_reason=reply.done_reason,
        )
        return reply

    def named(self, failure: Exception, entry: Entry) -> TinyError:
        """The failure as a user needs it: which server, which model."""
        named = classify(failure, op="ollama")
        if isinstance(named, Unavailable) and named.code in AT_ONCE:
            named.message = f"no answer from the model server at {self.models.settings.ollama_host}"
            named.hint = "start it with `ollama serve`, or set OLLAMA_HOST"
        elif entry.name not in named.message:
            named.message = f"{entry.name}: {named.message}"
        return named

"""Growing while nobody asks: begun after a while of quiet, and dropped when somebody comes."""

import asyncio

from tinyllm.engine import Engine
from tinyllm.errors import TinyError
from tinyllm.growth.evidence import LEAST, cases
from tinyllm.growth.growing import Round, grow
from tinyllm.growth.probation import live
from tinyllm.growth.steps import Steps
from tinyllm.growth.trigger import needs
from tinyllm.running import Event

QUIET = 20.0  # seconds of it before anything is begun: whoever types a question needs the models


async def due(engine: Engine) -> bool:
    """A round would decide something: so none is begun that only finds that nothing should grow."""
    if engine.settings.growth_mode == "off":
        return False
    known = await Steps(engine).known()
    if any(patch.state == "probation" and live(patch, known.outcomes).verdict for patch in known.patches):
        return True
    return any(len(cases(need)) >= LEAST for need in needs(known.spec, known.outcomes, known.history))


async def grow_while_idle(engine: Engine) -> None:
    """One round after a while of quiet."""
    await engine.clock.sleep(QUIET)
    await grow_if_due(engine)


async def grow_if_due(engine: Engine, *, budget: int | None = None) -> Round | None:
    """One round, if one is due; a round that is cut short is rolled back, and one that fails is left to `growth run`."""
    begun: list[str] = []

    def told(event: Event) -> None:
        if event.kind == "begin":
            begun.append(str(event.data["run"]))

    try:
        return await grow(engine, budget=budget, listen=told) if await due(engine) else None
    except asyncio.CancelledError:
        for run in begun:
            await asyncio.shield(engine.transactions.give_up(run))
        raise
    except TinyError:
        return None

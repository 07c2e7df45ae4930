"""A model is loaded while a person still types."""

import asyncio

from tests.guard.test_queue import asking
from tinyllm.models import Entry


async def test_a_model_that_will_be_asked_is_loaded_once_and_as_it_will_be_asked() -> None:
    async with asking() as asked:
        asked.guard.entries = {"general": Entry(key="general", name="m:1b", num_ctx=2048)}
        await asked.guard.warm("general")
        await asked.put("hello", model="general")
        await asked.ends()
        await asked.guard.warm("general")  # it was asked a moment ago
        simulator = asked.simulator
        assert [request.path for request in simulator.asked] == ["/api/generate", "/api/chat"]
        assert simulator.asked[0].body["keep_alive"] == "30m"
        assert (simulator.world.memory.loads, simulator.world.memory.swaps) == (1, 0)


async def test_a_line_that_was_typed_does_not_stop_the_loading_and_the_end_does() -> None:
    async with asking(slots=4) as asked:
        asked.simulator.world.memory.scale = 1000.0
        models = asked.simulator.world.catalogue
        model = models.find("m:1b")
        assert model is not None
        object.__setattr__(model, "load", 1.0)
        work = asyncio.ensure_future(asked.guard.warm("m:1b"))
        while not asked.simulator.asked:
            await asyncio.sleep(0.001)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        (loading,) = asked.guard.models.beside
        assert not loading.done()
        await asked.guard.models.aclose()
        assert loading.cancelled()
        assert not asked.guard.models.beside
    async with asking() as asked:
        await asked.guard.warm("unknown:1b")  # the question itself will say it
        assert len(asked.simulator.asked) == 1

"""What is loaded for good is no business of the garbage collector's."""

import gc

from tinyllm.steady import steadied, steadily


def test_what_is_there_is_not_looked_at_again_and_what_comes_is() -> None:
    try:
        steadied()
        assert gc.get_freeze_count() > 1_000
        loop: list[object] = []
        loop.append(loop)
        del loop
        assert gc.collect() > 0
    finally:
        gc.unfreeze()


async def test_a_process_that_serves_is_steady_after_its_first_work_and_does_no_more_then() -> None:
    async def work(number: int) -> int:
        return number + 1

    served = steadily(work)
    gc.unfreeze()
    try:
        assert await served(1) == 2
        assert (count := gc.get_freeze_count()) > 1_000
        assert await served(2) == 3
        assert gc.get_freeze_count() <= count
    finally:
        gc.unfreeze()

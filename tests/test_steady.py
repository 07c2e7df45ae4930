"""What is loaded for good is no business of the garbage collector's."""

import gc

from tinyllm.steady import steadied


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

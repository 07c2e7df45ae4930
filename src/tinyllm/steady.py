"""A process that works on many runs at once: what is loaded for good stays out of the garbage collector's way."""

import gc


def steadied() -> None:
    """Call it once, when the first run is over and all is loaded: a full collection then looks at the runs alone.

    Without it one takes a tenth of a second and more, in which no run moves. What the program itself holds at this moment
    is not looked at again either, so a library does not do this by itself.
    """
    gc.collect()
    gc.freeze()

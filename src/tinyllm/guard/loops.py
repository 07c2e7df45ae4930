"""A model that says the same thing over and over is stopped while it does."""

from tinyllm.errors.loops import TAIL, looping

EVERY = 200  # new characters between two looks


class Loops:
    """Watches a text grow."""

    def __init__(self) -> None:
        self.tail = ""
        self.fresh = 0

    def heard(self, text: str) -> bool:
        """More text came; is it going round in circles?"""
        self.tail = (self.tail + text)[-TAIL:]
        self.fresh += len(text)
        if self.fresh < EVERY:
            return False
        self.fresh = 0
        return looping(self.tail)

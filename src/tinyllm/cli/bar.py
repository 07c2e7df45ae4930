"""How far a long command is: one line that changes, on a terminal and nowhere else."""

import os
import sys
import time

WIDTH = 20
OFTEN = 0.1  # seconds between two changes


class Bar:
    """A bar, a rate and the time that is left."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.begun = time.monotonic()
        self._shown = 0.0
        self._said = ""
        self._open = False

    def show(self, done: int, rows: int, said: str = "", *, before: int = 0) -> None:
        """So many of so many are done; `before` of them were done when this began, and say nothing of the rate."""
        now = time.monotonic()
        if not self.live or (now - self._shown < OFTEN and done < rows and said == self._said):
            return
        self._shown, self._said = now, said
        full = WIDTH * done // rows if rows else WIDTH
        rate = (done - before) / max(now - self.begun, 1e-6)
        left = f"  {_clock((rows - done) / rate)} left" if rate and done < rows else ""
        told = f"  {said}" if said else ""
        text = f"[{'#' * full}{'.' * (WIDTH - full)}] {done:,}/{rows:,}  {rate:.1f}/s{left}{told}"
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
        self._open = True

    def close(self) -> None:
        """What comes next begins a line of its own."""
        if self._open:
            self._open = False
            sys.stderr.write("\n")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

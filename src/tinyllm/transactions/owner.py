"""Who works on a run, for how long without a sign of life, and what is said when it was taken over."""

from tinyllm.errors import Permanent, Policy
from tinyllm.store.process import Owner

__all__ = ["LEASE", "RENEWAL", "Fenced", "Owner", "fenced"]

LEASE = 30.0  # seconds
RENEWAL = 10.0


class Fenced(Permanent):
    """Somebody else has this run now; no node may take that for a failure of its own."""

    policy = Policy("cancelled", exit_code=1)
    default_code = "FENCED"


def fenced(run: str) -> Fenced:
    return Fenced(
        f"the run {run} was taken over by another process",
        hint=f"`tinyllm runs show {run}` tells by whom; this process wrote nothing more",
    )


def too_late(run: str, _: object) -> None:
    """In the place of a check, for a run that is over."""
    raise fenced(run)

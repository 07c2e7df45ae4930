"""What goes wrong with an answer of a population, by chance."""

from dataclasses import replace

from tinyllm.testing.simulator.chance import uniform
from tinyllm.testing.simulator.model import FaultName, Model
from tinyllm.testing.simulator.reply import Reply

_STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
    "check ollama server logs for details"
)
_BUSY = "server busy, please try again.  maximum pending requests exceeded"


def mishap(reply: Reply, model: Model, nth: int, seed: int) -> Reply:
    """The reply, or what a fault makes of it; the first fault that strikes counts."""
    for place, fault in enumerate(model.faults):
        if uniform(seed, "fault", model.name, place, fault.fault, nth) < fault.rate:
            return _struck(reply, fault.fault)
    return reply


def _struck(reply: Reply, fault: FaultName) -> Reply:
    half = max(1, len(reply.text.split()) // 2)
    struck: dict[FaultName, Reply] = {
        "error": replace(reply, status=500, error=_STOPPED),
        "busy": replace(reply, status=503, error=_BUSY),
        "crash": replace(reply, after=half, error=_STOPPED),
        "silent": replace(reply, after=half, ending="silent"),
        "reset": replace(reply, after=half, ending="reset"),
        "hang": replace(reply, after=half, ending="hang"),
        "garbage": replace(reply, after=half, ending="garbage"),
        "empty": replace(reply, text="", thinking="", tool_calls=()),
        "cut": replace(reply, text=reply.text[: len(reply.text) // 2], done_reason="length", format="ignore"),
        "loop": replace(reply, text=" and so on" * 400, done_reason="length", format="ignore"),
        "violate": replace(reply, format="violate"),
        "slow": replace(reply, first_delay=reply.first_delay * 10, delay=reply.delay * 10),
    }
    return struck[fault]

"""Ask a person before calls that need a yes, and go on with what they said."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tinyllm.policy import NO, YES, Approvals, Ask, question
from tinyllm.running import current
from tinyllm.state import Pause

Calls = Sequence[tuple[Ask, Mapping[str, Any]]]


def approval(calls: Calls, go_on: Callable[[Approvals], Awaitable[Any]]) -> Pause:
    """One question for all of them, before any call is made; only a person's yes approves, and only these."""

    def then(answer: str) -> Awaitable[Any]:
        run = current()
        approvals = Approvals(refused=answer.strip().casefold() != YES)
        for ask, arguments in () if approvals.refused else calls:
            approvals.grant(run.id, ask, arguments, run.clock.now())
        return go_on(approvals)

    return Pause(question([ask for ask, _ in calls]), (YES, NO), then)

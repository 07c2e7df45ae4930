"""A tool called by itself, as a run of its own: kept, shown, and taken back like any other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tinyllm.mcp.serving import Serving
from tinyllm.plain import plain
from tinyllm.policy import Approvals, Ask, Context
from tinyllm.redaction import hidden, known_secrets
from tinyllm.running import Event, Running, entered
from tinyllm.services import Result, Services
from tinyllm.toolkit import Toolbox
from tinyllm.transactions import Transactions

GRAPH = "mcp"  # no graph, and named in lists of runs as where the call came from


@dataclass(frozen=True)
class Calls:
    """Calls from elsewhere, each a transaction of one step."""

    services: Services
    transactions: Transactions
    tainted: dict[str, None] = field(default_factory=dict)  # grows by what a call brings in

    async def __call__(
        self, name: str, arguments: Mapping[str, Any], context: Context, yes: Ask | None
    ) -> Result:
        """Call it; `yes` is what a person was shown and agreed to."""
        clock = self.services.clock
        given = hidden(plain(dict(arguments)), known_secrets())
        asked = f"{name} {json.dumps(given, ensure_ascii=False)}"
        run = await self.transactions.begin(question=asked, graph=GRAPH)
        running = Running(id=run.id, node=name, listen=run.note, clock=clock, extra={"tainted": self.tainted})
        approvals = Approvals()
        if yes is not None:
            approvals.grant(run.id, yes, arguments, clock.now())
        async with run:
            with entered(running):
                run.note(Event("begin", data={"run": run.id, "graph": GRAPH}, at=clock.now()))
                result = await self.services.call(name, arguments, context, approvals)
            await run.commit({"answer": result.text}, ())
        return result


def serving(
    services: Services,
    transactions: Transactions,
    allow: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    version: str = "",
) -> Serving:
    """Our tools for other programs, each call a run; none of a foreign server's."""
    services = replace(services, tools=Toolbox.standard(), allow=())
    tainted: dict[str, None] = {}
    calls = Calls(services, transactions, tainted)
    found = Serving(services, calls, allow, only or ("*",), version, tainted)
    found.tools()  # a pattern that names none is an error now
    return found

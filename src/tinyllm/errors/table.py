"""The table of codes as a page of the manual: `python -m tinyllm.errors.table docs/errors.md` renews it."""

import sys
from pathlib import Path
from typing import Final

from tinyllm.errors.codes import CODES, Code

BEGIN: Final = "<!-- table: begin -->"
END: Final = "<!-- table: end -->"
_ORDER: Final = ("timeout", "validation", "retryable", "permanent", "cancelled")


def table() -> str:
    head = "| code | class | raised as | breaker | retry | exit | what to do |\n|---|---|---|---|---|---|---|"
    rows = sorted(CODES.values(), key=lambda code: (_ORDER.index(code.kind), code.name))
    return "\n".join([head, *(_row(code) for code in rows)])


def _row(code: Code) -> str:
    counts = "yes" if code.breaker else "no"
    cells = (
        f"`{code.name}`",
        code.kind,
        code.raises.__name__,
        counts,
        code.retry,
        str(code.exit_code),
        code.hint,
    )
    return "| " + " | ".join(cells) + " |"


def renewed(page: str) -> str:
    """The page with the present table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text("utf-8")), "utf-8")

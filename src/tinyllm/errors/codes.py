"""The one table of codes: what each failure is and what it deserves."""

from dataclasses import dataclass
from typing import Final

from tinyllm.errors import codes_hosts, codes_models, codes_tools
from tinyllm.errors.tree import Kind, Retry, TinyError


@dataclass(frozen=True, slots=True)
class Code:
    """One failure by name: its class in the tree, its retry, its hint, whether a breaker counts it."""

    name: str
    raises: type[TinyError]
    retry: Retry
    hint: str
    breaker: bool = False

    @property
    def kind(self) -> Kind:
        return self.raises.policy.kind

    @property
    def exit_code(self) -> int:
        return self.raises.policy.exit_code


UNCLASSIFIED: Final = "UNCLASSIFIED"

CODES: Final[dict[str, Code]] = {
    row[0]: Code(*row) for row in (*codes_models.ROWS, *codes_tools.ROWS, *codes_hosts.ROWS)
}

"""Conditions and values: one expression over plain data, parsed when the file is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from tinyllm.templates.evaluation import Evaluation
from tinyllm.templates.faults import fault
from tinyllm.templates.grammar import parse_expression
from tinyllm.templates.plain import called
from tinyllm.templates.whitelist import Names

if TYPE_CHECKING:
    from jinja2 import nodes

    from tinyllm.documents import Plain


@dataclass(frozen=True, slots=True)
class Expression:
    """Total, pure, and blind to what the values look like: they are looked up, never read as text."""

    source: str
    where: str
    asks: Names
    tree: "nodes.Node" = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, where: str) -> "Expression":
        tree, asks = parse_expression(text, where)
        return cls(text, where, asks, tree)

    @property
    def names(self) -> frozenset[str]:
        """The variables it uses."""
        return self.asks.top

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """The constant paths it looks up, such as `("outputs", "draft")`, and their beginnings."""
        return self.asks.paths

    def value(self, values: Mapping[str, object]) -> "Plain":
        # Constants and filters make plain data, and so are the values that it is given.
        return cast("Plain", Evaluation(values, self.where).whole(self.tree))

    def holds(self, values: Mapping[str, object]) -> bool:
        if isinstance(value := self.value(values), bool):
            return value
        told = f"the condition gave {called(value)}, not true or false"
        raise fault(
            told, self.where, 1, "compare it: `x == 'yes'`, `x | length > 0`, `x is defined`", "TEMPLATE_TYPE"
        )

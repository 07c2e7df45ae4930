"""Prompts: text with holes, parsed when the file is read; what fills a hole is never read as a template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyllm.templates.evaluation import Evaluation
from tinyllm.templates.grammar import parse_template
from tinyllm.templates.plain import Wrong, called, small
from tinyllm.templates.whitelist import Names

if TYPE_CHECKING:
    from jinja2 import nodes

_SIGNS = ("{{", "{%", "{#")


@dataclass(frozen=True, slots=True)
class Template:
    """A text whose holes are filled with plain data."""

    source: str
    where: str
    asks: Names = field(default_factory=Names)
    tree: "nodes.Template | None" = field(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, where: str) -> "Template":
        if not any(sign in text for sign in _SIGNS):
            return cls(text, where)
        tree, asks = parse_template(text, where)
        return cls(text, where, asks, tree)

    @property
    def names(self) -> frozenset[str]:
        """The variables it uses."""
        return self.asks.top

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """The constant paths it looks up, such as `("outputs", "draft")`, and their beginnings."""
        return self.asks.paths

    def render(self, values: Mapping[str, object]) -> str:
        if self.tree is None:
            return self.source
        rendering = _Rendering(values, self.where)
        rendering.whole(self.tree)
        return "".join(rendering.written)


class _Rendering(Evaluation):
    """Statements on top of expressions. As in Jinja, an empty text, list or mapping counts as false."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        super().__init__(dict(values), where)
        self.written: list[str] = []
        self.length = 0

    def true(self, value: object, role: str) -> bool:  # noqa: ARG002
        return bool(value)

    def write(self, body: "Iterable[nodes.Node]") -> None:
        for node in body:
            self.of(node)

    def _output(self, node: "nodes.Output") -> None:
        for each in node.nodes:
            words = each.data if type(each).__name__ == "TemplateData" else self.text(self.of(each))  # type: ignore[attr-defined]
            self.length += len(words)
            small(self.length)
            self.written.append(words)

    def _if(self, node: "nodes.If") -> None:
        for branch in (node, *node.elif_):
            if self.true(self.of(branch.test), "if"):
                return self.write(branch.body)
        return self.write(node.else_)

    def _assign(self, node: "nodes.Assign") -> None:
        self.values = {**self.values, **_bound(node.target, self.of(node.node))}

    def _for(self, node: "nodes.For") -> None:
        items = self.of(node.iter)
        if isinstance(items, Mapping):
            items = list(items)
        if not isinstance(items, list):
            raise Wrong(f"{called(items)} is not a list", "cut text with `| lines` or `| split`")
        outside = self.values
        if node.test is not None:
            items = [item for item in items if self._wanted(node, item, outside)]
        for index, item in enumerate(items):
            self.values = {**outside, **_bound(node.target, item), "loop": _loop(index, len(items))}
            self.write(node.body)
        self.values = outside
        if not items:
            self.write(node.else_)

    def _wanted(self, node: "nodes.For", item: object, outside: Mapping[str, object]) -> bool:
        assert node.test is not None
        self.values = {**outside, **_bound(node.target, item)}
        wanted = self.true(self.of(node.test), "if")
        self.values = outside
        return wanted


_Rendering.METHODS = Evaluation.METHODS | {
    "Template": lambda self, node: self.write(node.body),
    "Output": _Rendering._output,
    "If": _Rendering._if,
    "For": _Rendering._for,
    "Assign": _Rendering._assign,
}


def _bound(target: "nodes.Node", value: object) -> dict[str, object]:
    """The names that a `for` or `set` gives to a value."""
    if type(target).__name__ == "Name":
        return {target.name: value}  # type: ignore[attr-defined]
    names = [part.name for part in target.items]  # type: ignore[attr-defined]
    if not isinstance(value, list) or len(value) != len(names):
        raise Wrong(
            f"{called(value)} does not give the {len(names)} values {', '.join(names)}", "use `| items`"
        )
    return dict(zip(names, value, strict=True))


def _loop(index: int, length: int) -> dict[str, object]:
    return {
        "index": index + 1,
        "index0": index,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
        "revindex": length - index,
    }

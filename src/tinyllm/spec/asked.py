"""Whether a graph looks at the question at all."""

from tinyllm.errors import TinyError
from tinyllm.kinds import Node
from tinyllm.spec.check import PARSED, strings
from tinyllm.spec.graph import GraphSpec

LOOKS = ("router", "solve", "growth")  # kinds that read it themselves


def overlooked(spec: GraphSpec) -> str:
    """The first node that asks a model, where no node of the graph sees what was asked; nothing where one does."""
    asking = [id for id, node in spec.nodes.items() if node.kind == "llm"]
    return asking[0] if asking and not any(map(_sees, spec.nodes.values())) else ""


def _sees(node: Node) -> bool:
    if node.kind in LOOKS or getattr(node, "window", False) or getattr(node, "recall", 0):
        return True
    return any(
        _looks_up(text, what) for field, what in node.texts.items() for text in strings(getattr(node, field))
    )


def _looks_up(text: str, what: str) -> bool:
    try:
        return any(path[:1] in (("inputs",), ("messages",)) for path in PARSED[what](text, "").paths)
    except TinyError:
        return True

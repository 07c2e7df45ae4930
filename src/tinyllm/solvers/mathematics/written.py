"""A tree written back in plain notation, for the derivation."""

from tinyllm.solvers.mathematics import shown
from tinyllm.solvers.mathematics.expressions import Binary, Call, Minus, Name, Node, Number


def written(node: Node) -> str:
    match node:
        case Number(value=value):
            return f"{value * 100}%" if node.percent else shown.fraction(value, True)
        case Name(name=name):
            return name
        case Minus(operand=operand):
            return f"-{_in_brackets(operand) if isinstance(operand, Binary) else written(operand)}"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Binary():
            return _spine(node)


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "mod": 2, "^": 3}


def _spine(node: Node) -> str:
    """A long sum leans to the left: walk it in a loop, recursion would run out."""
    waiting: list[Binary] = []
    while isinstance(node, Binary):
        waiting.append(node)
        node = node.left
    text = written(node)
    before: Node = node
    for step in reversed(waiting):
        left = f"({text})" if _weaker_on_the_left(before, step.operator) else text
        right = (
            _in_brackets(step.right)
            if _weaker_on_the_right(step.right, step.operator)
            else written(step.right)
        )
        text, before = f"{left} {step.operator} {right}", step
    return text


def _in_brackets(node: Node) -> str:
    return f"({written(node)})"


def _weaker_on_the_left(node: Node, operator: str) -> bool:
    if operator == "^":
        return isinstance(node, Binary | Minus) or _is_fraction(node)
    return _is_fraction(node) or (isinstance(node, Binary) and _STRENGTH[node.operator] < _STRENGTH[operator])


def _weaker_on_the_right(node: Node, operator: str) -> bool:
    if isinstance(node, Binary):
        return _STRENGTH[node.operator] <= _STRENGTH[operator]
    return isinstance(node, Minus) or _is_fraction(node)


def _is_fraction(node: Node) -> bool:
    return isinstance(node, Number) and not node.percent and "/" in shown.fraction(node.value, True)

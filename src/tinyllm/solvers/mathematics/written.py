"""A tree written back in plain notation, for the derivation."""

from tinyllm.solvers.mathematics import shown
from tinyllm.solvers.mathematics.expressions import Binary, Minus, Name, Node, Number


def written(node: Node) -> str:
    """A tree in plain notation, for the derivation."""
    match node:
        case Number(value=value):
            return f"{value * 100}%" if node.percent else shown.fraction(value, True)
        case Name(name=name):
            return name
        case Minus(operand=operand):
            return f"-{written(operand) if not isinstance(operand, Binary) else f'({written(operand)})'}"
        case Binary(operator=operator, left=left, right=right):
            return f"{_side(left, operator)} {operator} {_side(right, operator, right=True)}"
    return f"{node.name}({', '.join(map(written, node.arguments))})"


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "mod": 2, "^": 3}


def _side(node: Node, operator: str, *, right: bool = False) -> str:
    text = written(node)
    if isinstance(node, Minus) and right:
        return f"({text})"
    if isinstance(node, Number) and (node.value.denominator != 1 and "/" in text):
        return f"({text})"
    weaker = isinstance(node, Binary) and (
        _STRENGTH[node.operator] < _STRENGTH[operator]
        or (right and _STRENGTH[node.operator] == _STRENGTH[operator])
    )
    return (
        f"({text})"
        if weaker or (isinstance(node, Binary | Minus) and operator == "^" and not right)
        else text
    )

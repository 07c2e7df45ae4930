"""What goes wrong in a template, with its place."""

from tinyllm.errors import GraphError


def fault(message: str, where: str, line: int, hint: str = "", code: str = "TEMPLATE_SYNTAX") -> GraphError:
    """Lines are counted within the template, and told from the second on."""
    placed = f"{message} (line {line} of the template)" if line > 1 else message
    return GraphError(placed, hint=hint, where=where, code=code)

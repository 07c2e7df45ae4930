"""Everything that the solvers understand, as it is written in their files."""

from importlib import import_module

from tinyllm.solvers.fields import FIELDS


def phrases() -> dict[str, list[str]]:
    """Field → its phrases, in the order in which they are tried."""
    from tinyllm.solvers.mathematics.rules import RULES
    from tinyllm.solvers.mathematics.vocabulary import known

    known()
    found: dict[str, list[str]] = {}
    for rule in RULES:
        found.setdefault(rule.field, []).append(rule.text)
    for field in FIELDS:
        book = getattr(import_module(f"tinyllm.solvers.{field.name}"), "BOOK", None)
        if book is not None:
            shared = [f"<{name}> = {text}" for name, text in book.parts.items()]
            found[field.name] = [phrase.text for phrase in book.phrases] + shared
    return found

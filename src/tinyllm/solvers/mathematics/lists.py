"""Lists as people write them: `1, 2 and 3`."""

import re

from tinyllm.solvers.mathematics.expressions import unclear

MOST_ITEMS = 500
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3})+")


def listed(text: str) -> list[str]:
    """The members of `1, 2 and 3`; brackets keep their commas."""
    text = text.strip().rstrip(" ,.…")
    text = text.strip("[]{}") if text[:1] in ("[", "{") else text
    pieces, depth, start = [], 0, 0
    for match in re.finditer(r"[()]|,\s*(?:and\s+|or\s+)?|;\s*|\s+(?:and|or)\s+", text):
        mark = match[0]
        if mark in "()":
            depth += 1 if mark == "(" else -1
        elif depth == 0 and not _inside_number(text, match):
            pieces.append(text[start : match.start()])
            start = match.end()
    pieces = [piece.strip() for piece in [*pieces, text[start:]]]
    if (
        not all(pieces)
        or len(pieces) > MOST_ITEMS
        or (
            len(pieces) > 1
            and ", " not in text
            and _COMMAS.search(text)
            and "," in text
            and " and " not in text
        )
    ):
        unclear("a list of which the members are not clear")
    return pieces


def _inside_number(text: str, comma: re.Match[str]) -> bool:
    """`1,200` keeps its comma where members are parted by a comma and a space."""
    return (
        comma[0] == ","
        and (", " in text or " and " in text)
        and bool(_COMMAS.match(text[max(0, comma.start() - 3) : comma.end() + 3].lstrip(" ,-(")))
    )

"""SQL without its comments, read as PostgreSQL reads it: they may stand in each other, and never in a string."""

import re
from typing import Final

BODY = r"(?:[^'\\]|\\.|'')*"
# A string goes on after a line's end, in the way it began.
GAP = r"[\ \t\f\v]*[\n\r](?:\s|--[^\n\r]*[\n\r])*"
LETTER = r"A-Za-z_\x80-\U0010ffff"
PIECE: Final = re.compile(
    rf"""
      (?P<open>/\*)
    | (?P<line>--[^\n\r]*)
    | [eE]'{BODY}(?:'{GAP}'{BODY})*'?
    | '[^']*'?
    | "[^"]*"?
    | \$(?P<tag>(?:[{LETTER}][{LETTER}0-9]*)?)\$.*?(?:\$(?P=tag)\$|\Z)
    | [{LETTER}][{LETTER}0-9$]*
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
EDGE: Final = re.compile(r"/\*|\*/")


def without(sql: str) -> str:
    """A space stands where a comment was."""
    kept, at = [], 0
    while piece := PIECE.match(sql, at):
        at = piece.end()
        if piece["open"]:
            at = _closed(sql, at)
        comment = piece["open"] or piece["line"]
        kept.append(" " if comment else piece[0])
    return "".join(kept)


def _closed(sql: str, at: int) -> int:
    """Where the comment ends that began before."""
    depth = 1
    for edge in EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return len(sql)

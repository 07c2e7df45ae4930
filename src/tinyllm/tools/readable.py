"""An HTML page as text that a small model can read: the title, then headings, paragraphs, lists, tables and links."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

LINKS = 100
DEEPEST = 200
VOID_OF = """
area base br col embed hr img input link meta source track wbr
"""
VOID: Final = frozenset(VOID_OF.split())
SKIPPED_OF = """
script style template noscript svg math iframe object head nav footer aside select button dialog
"""
SKIPPED: Final = frozenset(SKIPPED_OF.split())
BLOCKS_OF = """
address article blockquote body dd details div dl dt figcaption figure form header hr html li main ol p pre
section summary table tbody thead tr ul h1 h2 h3 h4 h5 h6
"""
BLOCKS: Final = frozenset(BLOCKS_OF.split())
HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
KEPT = "\0"  # a space that stays where it is
ROOTS: Final = ("main", "article")


@dataclass
class Readable:
    """What there is to read on a page."""

    title: str = ""
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)  # words, address


@dataclass
class _Open:
    tag: str
    skips: bool = False
    pre: bool = False
    link: str = ""
    at: int = 0  # where its text begins


class _Reader(HTMLParser):
    """Text piece by piece; what is hidden, or is no content, is left out."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.open: list[_Open] = []
        self.pieces: list[str] = []
        self.roots: dict[str, list[str]] = {name: [] for name in ROOTS}
        self.links: list[tuple[str, str]] = []
        self.title: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self.base = urljoin(self.base, given["href"])
        if tag in ("li", "p") and self.open and self.open[-1].tag == tag:
            self.handle_endtag(tag)  # their ends may be left out
        if tag in BLOCKS or tag == "br":
            self._write("\n")
        if tag in VOID or len(self.open) >= DEEPEST:
            if tag == "img" and given.get("alt") and not self._skipping:
                self._write(f"[{given['alt']}]")
            return
        skips = tag in SKIPPED or "hidden" in given or given.get("aria-hidden") == "true"
        skips = skips or HIDDEN.search(given.get("style", "")) is not None
        self.open.append(
            _Open(tag, skips, tag == "pre", given.get("href", "") if tag == "a" else "", len(self.pieces))
        )
        if tag == "li":
            self._write("- ")
        elif tag[0] == "h" and tag[1:].isdigit():
            self._write("#" * int(tag[1:]) + " ")

    def handle_endtag(self, tag: str) -> None:
        if not any(each.tag == tag for each in self.open):
            return
        while self.open:
            ended = self.open.pop()
            self._end(ended)
            if ended.tag == tag:
                return

    def _end(self, ended: _Open) -> None:
        text = "".join(self.pieces[ended.at :])
        if ended.tag in ROOTS:
            self.roots[ended.tag].append(text)
        elif ended.tag == "a" and ended.link and len(self.links) < LINKS and not self._skipping:
            words = " ".join(text.split())
            to = _joined(self.base, ended.link)
            if words and to.startswith(("http://", "https://")):
                self.links.append((words[:120], to))
        if ended.tag in ("td", "th"):
            self._write(" | ")
        elif ended.tag in BLOCKS and ended.tag not in ("li", "tr"):
            self._write("\n")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1].tag == "title" and not any(each.tag == "svg" for each in self.open):
            self.title.append(data)
        elif any(each.pre for each in self.open):
            self._write(data.replace(" ", KEPT))
        else:
            self._write(re.sub(r"\s+", " ", data))

    @property
    def _skipping(self) -> bool:
        return any(each.skips for each in self.open)

    def _write(self, text: str) -> None:
        if not self._skipping:
            self.pieces.append(text)


def readable(page: str, base: str = "") -> Readable:
    """The page's main part, when it marks one, else all of it."""
    reader = _Reader(base)
    reader.feed(page)
    reader.close()
    while reader.open:
        reader.handle_endtag(reader.open[-1].tag)
    whole = "".join(reader.pieces)
    found = next((text for name in ROOTS if (text := "".join(reader.roots[name])).strip()), "")
    # A teaser may be an article too: the main part is most of what there is.
    text = found if len(found) * 3 >= len(whole) else whole
    return Readable(" ".join("".join(reader.title).split()), tidy(text), reader.links)


def tidy(text: str) -> str:
    """Without spaces at the ends of lines, and with at most one empty line."""
    lines = [re.sub(r"[ \t]+", " ", line).strip(" |") for line in text.splitlines()]
    kept = [line for line in lines if line not in ("-", "#", "##", "###")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip().replace(KEPT, " ")


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""

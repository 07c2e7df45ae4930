"""From text to a document: is it text, which syntax is it, and what does its parser report?"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinyllm.documents.building import DEPTH, Building, refuse
from tinyllm.documents.document import Document
from tinyllm.problems import raise_all

if TYPE_CHECKING:
    from yaml import CollectionStartEvent, Event, ScalarEvent

BYTES = 1_000_000

_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"|[][{}]|[^][{}",:\s]+')
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_SHAPE_TAGS = frozenset({"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_FIXES = {
    "mapping values are not allowed": 'quote text that contains ": ", and look for a missing colon or indent above',
    "could not find expected ':'": "after a key stand a colon and a space",
    "cannot start any token": "quote text that begins with @, ` or %",
    "expected <block end>": "the indentation does not line up with the lines above",
    "did not find expected key": "the indentation does not line up with the lines above",
    "expected ',' or": "a bracket is not closed",
    "end of stream": "a quote or a bracket is not closed",
}


def read(text: str | bytes, where: str) -> Document:
    """Read it, or raise one `GraphError` that tells every fault with its line."""
    decoded = _decoded(text, where)
    building = Building(where)
    if decoded.lstrip()[:1] in ("{", "[") and _is_json(decoded, where):
        _take_json(decoded, building)
    else:
        _take_yaml(decoded, building)
    raise_all(building.problems)
    if not building.top:
        return Document(None, where)
    return Document(building.top[0], where, building.top_lines[0], building.lines)


def _decoded(text: str | bytes, where: str) -> str:
    if len(text) > BYTES:
        refuse(where, 0, f"larger than {BYTES // 1000:,} kB", "split it into several files", "TOO_LARGE")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        decoded.encode()
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = text[:start].count(b"\n" if isinstance(text, bytes) else "\n") + 1  # type: ignore[arg-type]
        refuse(where, line, "not UTF-8 text", "save it as UTF-8", "NOT_TEXT")
    if "\0" in decoded:
        line = decoded.count("\n", 0, decoded.index("\0")) + 1
        refuse(where, line, "a NUL character: this is a binary file", "give a text file", "NOT_TEXT")
    return decoded


def _is_json(text: str, where: str) -> bool:
    """What only begins like JSON may still be YAML, unless its name says otherwise."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except RecursionError:
        refuse(where, 0, f"nested deeper than {DEPTH}", "flatten it", "INPUT_TOO_DEEP")
    except json.JSONDecodeError as error:
        if where.endswith(".json"):
            refuse(where, error.lineno, f"not JSON: {error.msg}", "", "YAML_SYNTAX")
        return False
    return True


def _take_json(text: str, building: Building) -> None:
    """Take the tokens of a text that is known to be JSON: its own parser tells no lines."""
    line, seen = 1, 0
    for token in _TOKEN.finditer(text):
        word, start = token[0], token.start()
        line, seen = line + text.count("\n", seen, start), start
        if word == "{":
            building.opened({}, line)
        elif word == "[":
            building.opened([], line)
        elif word in "}]":
            building.closed()
        elif word[0] == '"':
            building.text(str(json.loads(word)) if "\\" in word else word[1:-1], line)
        elif word in ("NaN", "Infinity", "-Infinity"):
            building.fault(line, f"{word} is not JSON", "put it in quotes")
            building.text(word, line)
        else:
            building.word(word, line)


def _take_yaml(text: str, building: Building) -> None:
    import yaml

    try:
        for event in _events(text):
            _take(event, 0 if event.start_mark is None else event.start_mark.line + 1, building)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _broken(building, 0 if mark is None else mark.line + 1, str(error.problem or error.context), text)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        _broken(building, 0, str(error).splitlines()[0], text)


def _events(text: str) -> "Iterator[Event]":
    """The parser's events, from libyaml where PyYAML was built with it: ten times as fast."""
    import yaml

    try:
        from yaml._yaml import CParser
    except ImportError:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
        return
    parser = CParser(text)
    while (event := parser.get_event()) is not None:
        yield event


def _take(event: "Event", line: int, building: Building) -> None:
    import yaml

    if isinstance(event, yaml.ScalarEvent):
        _take_scalar(event, line, building)
    elif isinstance(event, yaml.CollectionStartEvent):
        _check_tag(event, line, building, _SHAPE_TAGS)
        building.opened({} if isinstance(event, yaml.MappingStartEvent) else [], line, event.anchor)
    elif isinstance(event, yaml.CollectionEndEvent):
        building.closed()
    elif isinstance(event, yaml.AliasEvent):
        building.alias(event.anchor or "", line)
    elif isinstance(event, yaml.DocumentStartEvent) and building.top:
        refuse(building.where, line, "a second document (---)", "one document per file", "YAML_SYNTAX")


def _take_scalar(event: "ScalarEvent", line: int, building: Building) -> None:
    _check_tag(event, line, building, _TEXT_TAGS)
    if event.tag is None and event.implicit[0]:
        building.word(event.value, line, event.anchor)
    else:
        building.text(event.value, line, event.anchor)


def _check_tag(
    event: "ScalarEvent | CollectionStartEvent", line: int, building: Building, known: frozenset[str]
) -> None:
    if event.tag is not None and event.tag not in known:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:60]
        building.fault(line, f"the tag {tag} is not allowed", "leave the tag out", "YAML_UNSAFE_TAG")


def _broken(building: Building, line: int, message: str, text: str) -> None:
    fix = next((fix for sign, fix in _FIXES.items() if sign in message), "")
    if line and "\t" in (text.splitlines()[line - 1 : line] or [""])[0]:
        fix = "indent with spaces, not with tabs"
    building.fault(line, f"not YAML: {message}", fix)

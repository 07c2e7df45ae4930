"""A population file, read with the place of everything that is wrong in it."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from tinyllm.errors import GraphError, UsageError
from tinyllm.testing.simulator.model import Fault, Judging, Latency, Model
from tinyllm.testing.simulator.population import Aside, Gold, Population, Use
from tinyllm.testing.simulator.reply import Reply, ToolCall

SMALL = Path(__file__).parent.parent / "populations" / "small.yaml"

_LARGEST = 64 * 1024 * 1024
_HINT = "docs/simulator.md shows a whole file with comments"
_Place = tuple[int | str, ...]
_MESSAGES = {
    "missing": "is missing",
    "string_type": "has to be text",
    "int_parsing": "has to be a whole number",
    "float_parsing": "has to be a number",
    "bool_parsing": "has to be true or false",
}


def read_population(path: Path) -> Population:
    """The population of a file; all that is wrong with it in one error."""
    where = str(path)
    root = _composed(_text(path), where)
    _refuse_tricks(root, where)
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_document(root)
    except yaml.YAMLError as failure:
        raise _invalid([f"line {_line(failure)}: {_said(failure)}"], where) from failure
    try:
        return Population.model_validate(value)
    except ValidationError as failure:
        raise _invalid(
            list(dict.fromkeys(_problem(each, root) for each in failure.errors())), where
        ) from failure


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise GraphError("the file is larger than 64 MB", where=str(path), hint="split the population")
        return path.read_text("utf-8")
    except FileNotFoundError as failure:
        raise UsageError(f"there is no file {path}", hint="check the path") from failure
    except IsADirectoryError as failure:
        raise UsageError(f"{path} is a folder", hint="name the file in it") from failure
    except OSError as failure:
        raise UsageError(f"cannot read {path}: {failure.strerror}", hint="check who may read it") from failure
    except UnicodeDecodeError as failure:
        raise GraphError("the file is not text in UTF-8", where=str(path), hint=_HINT) from failure


def _composed(text: str, where: str) -> yaml.Node:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as failure:
        raise _invalid([f"line {_line(failure)}: {_said(failure)}"], where) from failure
    if not isinstance(root, yaml.MappingNode):
        raise GraphError("this is no population: it has no `models:`", where=where, hint=_HINT)
    return root


def _line(failure: Exception) -> int:
    mark = getattr(failure, "problem_mark", None) or getattr(failure, "context_mark", None)
    return mark.line + 1 if mark else 1


def _said(failure: Exception) -> str:
    return str(getattr(failure, "problem", "") or failure).split("\n", 1)[0] or "nested too deeply"


def _refuse_tricks(root: yaml.Node, where: str) -> None:
    """Keys that come twice hide each other, and references to the same part can grow without end."""
    seen: set[int] = set()
    problems: list[str] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            problems.append(f"line {node.start_mark.line + 1}: `&` and `*` references are not taken here")
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            problems += _doubles(node)
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
    if problems:
        raise _invalid(problems, where)


def _doubles(node: yaml.MappingNode) -> list[str]:
    keys: set[str] = set()
    found: list[str] = []
    for key, _ in node.value:
        if key.value in keys and isinstance(key, yaml.ScalarNode):
            found.append(f"line {key.start_mark.line + 1}: `{key.value}` stands here for the second time")
        elif isinstance(key, yaml.ScalarNode):
            keys.add(key.value)
    return found


def _problem(error: Any, root: yaml.Node) -> str:
    place: _Place = tuple(part for part in error["loc"] if part != "[key]")
    line = _line_of(place, root)
    name = ".".join(str(part) for part in place) or "the file"
    if error["type"] == "extra_forbidden" or error["type"] == "unexpected_keyword_argument":
        return f"line {line}: there is no key `{name}`{_meant(place)}"
    message = _MESSAGES.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return f"line {line}: {name}: {message[:1].lower()}{message[1:]}"


def _meant(place: _Place) -> str:
    known = _fields(place[:-1])
    close = get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(known)}"


def _fields(place: _Place) -> list[str]:
    names = [part for part in place if isinstance(part, str)]
    kinds: dict[str, Any] = {
        "latency": Latency,
        "judging": Judging,
        "faults": Fault,
        "replies": Reply,
        "tool_calls": ToolCall,
        "gold": Gold,
        "tool": Use,
        "asides": Aside,
    }
    kind: Any = next((kinds[name] for name in reversed(names) if name in kinds), None)
    kind = kind or (Model if names[:1] == ["models"] else Population)
    if issubclass(kind, BaseModel):
        return [name for name in kind.model_fields if name != "name" or kind is Use]
    return list(kind.__dataclass_fields__)


def _line_of(place: _Place, root: yaml.Node) -> int:
    node, line = root, root.start_mark.line
    for part in place:
        found = _child(node, part)
        if found is None:
            break
        line, node = found
    return line + 1


def _child(node: yaml.Node, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line, value
    return None


def _invalid(problems: list[str], where: str) -> GraphError:
    several = f"{len(problems)} things are wrong:\n  " if len(problems) > 1 else ""
    return GraphError(several + "\n  ".join(problems), where=where, hint=_HINT, code="POPULATION_INVALID")

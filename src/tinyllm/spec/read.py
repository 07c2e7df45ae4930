"""A file becomes a graph, or all that is wrong with it is said at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinyllm.documents import Document
from tinyllm.documents import Path as Place
from tinyllm.documents import read as read_document
from tinyllm.errors import GraphError, UsageError
from tinyllm.kinds import Node, kinds
from tinyllm.models import Entry
from tinyllm.problems import Problem, did_you_mean, raise_all
from tinyllm.settings import Settings
from tinyllm.spec.check import Named, check
from tinyllm.spec.graph import GraphSpec
from tinyllm.spec.head import Head
from tinyllm.spec.prompts import Prompts
from tinyllm.spec.shape import in_part, not_written, unknown, unread, validated
from tinyllm.state import END
from tinyllm.toolkit import Toolbox

ENDINGS = (".yaml", ".yml", ".json")


def find(name: str, settings: Settings) -> Path:
    """The file of a graph: a path, or a name in the project's folder or in ours."""
    try:
        path = Path(name).expanduser()
        if path.suffix in ENDINGS or path.parent != Path():
            return path
        for folder in settings.graph_folders:
            for ending in ENDINGS:
                if name and (folder / f"{name}{ending}").is_file():
                    return folder / f"{name}{ending}"
    except (OSError, ValueError, RuntimeError) as failure:  # too long, half a character, a home of nobody
        raise UsageError(f"{name[:80]!r} cannot be a graph", hint="name a graph or its file") from failure
    raise UsageError(
        f"there is no graph {name!r}",
        hint=did_you_mean(name, listed(settings))
        or "`tinyllm graph list` lists them; a file is named by its path",
    )


def listed(settings: Settings) -> dict[str, Path]:
    """The graphs that are found by name, and the file of each: the project's, then ours."""
    files = (
        path
        for folder in reversed(settings.graph_folders)
        for path in sorted(folder.glob("*"), reverse=True)
        if path.suffix in ENDINGS and path.name != "langgraph.json" and not path.stem.endswith(".growth")
    )
    return dict(sorted({path.stem: path for path in files}.items()))


def read_file(path: Path, settings: Settings, tools: Toolbox | None = None) -> GraphSpec:
    """The graph in this file."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {path}", hint="check the path; `tinyllm graph list` lists graphs"
        ) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder", hint="name a graph file in it, such as graph.yaml") from None
    except (OSError, ValueError) as failure:
        said = getattr(failure, "strerror", None) or failure
        raise UsageError(
            f"{str(path)[:200]} cannot be read: {said}", hint="check its name and its permissions"
        ) from failure
    return read(body, str(path), Prompts.beside(path, settings), tools or Toolbox.of(settings))


def read(
    body: str | bytes | Mapping[str, Any],
    where: str = "graph",
    prompts: Prompts | None = None,
    tools: Toolbox | None = None,
) -> GraphSpec:
    """The graph that a text, or plain data, describes."""
    document = Document(dict(body), where) if isinstance(body, Mapping) else read_document(body, where)
    problems: list[Problem] = []
    if not isinstance(document.value, dict):
        raise_all([document.problem((), "this is not a graph", "start with `name:` and `nodes:`")])
    data: dict[str, Any] = dict(document.value)  # type: ignore[arg-type]
    listed: dict[str, Any] = {name: data.pop(name) for name in ("nodes", "steps") if name in data}
    head = validated(Head, data, document, (), problems) or in_part(Head, data) or Head()
    models = _entries(data.get("models"), document, problems)
    bodies = _bodies(listed, document, problems)
    nodes = _nodes(bodies, document, prompts or Prompts(()), problems)
    if not bodies and not problems:
        raise_all([document.problem((), "this graph has no nodes", "add `nodes:` or `steps:`")])
    spec = GraphSpec(
        name=head.name or Path(where).stem,
        nodes=nodes,
        description=head.description,
        models=models,
        inputs=head.inputs,
        allow=head.allow,
        start=head.start,
        checkpoint_every=head.checkpoint_every,
        where=where,
    )
    # What is named in the file is there, even where its own fields are wrong: one fault is one line.
    keys = tuple(data["models"]) if isinstance(data.get("models"), dict) else ()
    left_out = {id: unread(body, nodes[id]) for id, body, _ in bodies if id in nodes}
    named = Named({id: place for id, _, place in bodies}, keys, left_out)
    raise_all([*problems, *check(spec, document, named, tools or Toolbox.standard())])
    return spec


def _entries(value: Any, document: Document, problems: list[Problem]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for key, entry in value.items() if isinstance(value, dict) else ():  # of anything else the head complains
        body = {"name": entry} if isinstance(entry, str) else entry
        if isinstance(body, dict) and "key" in body:
            problems.append(unknown("key", Entry, document, ("models", key)))
            continue
        made = validated(Entry, body, document, ("models", key), problems)
        if made is not None:
            found[key] = made.model_copy(update={"key": key})
    return found


def _nodes(
    bodies: list[tuple[str, Any, Place]], document: Document, prompts: Prompts, problems: list[Problem]
) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, body, place in bodies:
        made = _node(key, body, document, place, prompts, problems)
        if made is not None:
            found[key] = made
    return found


def _bodies(
    listed: dict[str, Any], document: Document, problems: list[Problem]
) -> list[tuple[str, Any, Place]]:
    """Each node with its id and its place in the file, however it was listed."""
    if len(listed) > 1:
        problems.append(
            document.problem(("steps",), "a graph has `nodes:` or `steps:`, not both", "keep one")
        )
    if "nodes" in listed:
        if isinstance(listed["nodes"], dict):
            return [(str(id), body, ("nodes", id)) for id, body in listed["nodes"].items()]
        problems.append(
            document.problem(("nodes",), "`nodes:` is a map from an id to a node", "write `nodes: {a: {…}}`")
        )
        return []
    steps = listed.get("steps", [])
    if not isinstance(steps, list):
        problems.append(document.problem(("steps",), "`steps:` is a list", "write `- {id: a, kind: llm, …}`"))
        return []
    ids = [step.get("id") if isinstance(step, dict) else None for step in steps]
    found: list[tuple[str, Any, Place]] = []
    for index, (id, step) in enumerate(zip(ids, steps, strict=True)):
        place: Place = ("steps", index)
        if not isinstance(step, dict) or not isinstance(id, str):
            problems.append(
                document.problem(place, "a step is a map with an `id`", "write `- {id: a, kind: llm, …}`")
            )
            continue
        if ids.index(id) != index:
            problems.append(document.problem(place, f"there are two steps {id!r}", "give each its own id"))
            continue
        following = next((later for later in ids[index + 1 :] if isinstance(later, str)), END)
        found.append((id, _step(step, following), place))
    return found


def _step(step: dict[str, Any], following: str) -> dict[str, Any]:
    """A step goes to the next one, and its prompt is the question."""
    body = {key: value for key, value in step.items() if key != "id"}
    kind = kinds().get(str(body.get("kind", "llm")))
    if kind is not None:
        for name in ("to", "then", "otherwise", "passes"):
            if name in kind.config.model_fields and name in kind.config.exit_fields:
                body.setdefault(name, following)
        if "window" in kind.config.model_fields:
            body.setdefault("window", False)
    return body


def _node(
    id: str, body: Any, document: Document, place: Place, prompts: Prompts, problems: list[Problem]
) -> Node | None:
    if not isinstance(body, dict):
        problems.append(document.problem(place, f"node {id!r} is not a map", "write `kind:` and its fields"))
        return None
    name = body.get("kind", "llm")
    known = [kind.name for kind in kinds().values() if not kind.internal]
    if name not in known:
        fix = did_you_mean(str(name), known) or f"the kinds are: {', '.join(known)}"
        problems.append(document.problem((*place, "kind"), f"there is no kind {name!r}", fix))
        return None
    config = kinds()[name].config
    if alien := [field for field in body if field in not_written(config)]:
        problems.extend(unknown(field, config, document, place) for field in alien)
        body = {field: value for field, value in body.items() if field not in alien}
    if isinstance(body.get("prompt"), str) and body["prompt"].endswith(".md") and "\n" not in body["prompt"]:
        try:
            body = {**body, "prompt": prompts.text(body["prompt"])}
        except GraphError as failure:
            problems.append(document.problem((*place, "prompt"), failure.message, failure.hint))
            body = {field: value for field, value in body.items() if field != "prompt"}
    whole = {**body, "id": id}
    return validated(config, whole, document, place, problems) or in_part(config, whole)

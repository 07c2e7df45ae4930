"""A suite: cases with their demands, read from YAML or JSON lines with all faults at once."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyllm.documents import Document
from tinyllm.documents import Path as Place
from tinyllm.documents import read as read_document
from tinyllm.errors import GraphError, TinyError, UsageError
from tinyllm.evals.case import SCORERS, Case, Head
from tinyllm.problems import Problem, did_you_mean, raise_all
from tinyllm.settings import Settings
from tinyllm.spec import read as read_graph
from tinyllm.spec.shape import validated

ENDINGS = (".yaml", ".yml", ".jsonl", ".json")
SHIPPED = Path(__file__).parent / "suites"
BYTES = 50_000_000


@dataclass(frozen=True)
class Suite:
    """Cases in order, and the graph that they are meant for."""

    name: str
    cases: tuple[Case, ...]
    description: str = ""
    graph: str | dict[str, Any] = ""
    only: str = ""
    where: str = ""

    @property
    def folder(self) -> Path:
        return Path(self.where).parent


def listed(settings: Settings) -> dict[str, Path]:
    """The suites that are found by name: those in the project's `evals/`, then ours."""
    folders = (SHIPPED, *((settings.project / "evals",) if settings.project else ()))
    files = (path for folder in folders for path in sorted(folder.glob("*")) if path.suffix in ENDINGS)
    return dict(sorted({path.stem: path for path in files}.items()))


def find(name: str, settings: Settings) -> Path:
    """The file of a suite: a path, or a name."""
    path = Path(name).expanduser()
    if path.suffix in ENDINGS or path.parent != Path():
        return path
    known = listed(settings)
    if name not in known:
        hint = did_you_mean(name, known) or "`tinyllm eval list` lists them; a file is named by its path"
        raise UsageError(f"there is no suite {name!r}", hint=hint)
    return known[name]


def read(path: Path) -> Suite:
    """The suite in this file, or everything that is wrong with it."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", hint="`tinyllm eval list` lists the suites") from None
    except (OSError, ValueError) as failure:
        said = getattr(failure, "strerror", None) or failure
        raise UsageError(f"{path} cannot be read: {said}", hint="name a file of cases") from failure
    return parsed(body, str(path))


def parsed(body: bytes, where: str) -> Suite:
    """The suite that a text describes."""
    problems: list[Problem] = []
    lines = where.endswith(".jsonl")
    head, documents = _lines(body, where, problems) if lines else _whole(body, where, problems)
    cases = [
        case
        for document, place in documents
        if (case := _case(document, place, problems, folder=Path(where).parent)) is not None
    ]
    problems.extend(_twice(documents))
    if not cases and not problems:
        problems.append(Problem(where, 0, "this suite has no cases", "add `cases:` with a question in it"))
    raise_all(problems)
    named = [case if case.id else _named(case, number) for number, case in enumerate(cases, 1)]
    return Suite(
        name=head.name or Path(where).stem,
        cases=tuple(named),
        description=head.description,
        graph=head.graph,
        only=head.only,
        where=where,
    )


Found = tuple[Head, list[tuple[Document, Place]]]


def _whole(body: bytes, where: str, problems: list[Problem]) -> Found:
    """A document with a head and `cases:`, or a bare list of cases."""
    document = read_document(body, where)
    if isinstance(document.value, list):
        return Head(), [(document, (index,)) for index in range(len(document.value))]
    if not isinstance(document.value, dict):
        raise_all([document.problem((), "this is not a suite", "start with `name:` and `cases:`")])
        raise AssertionError
    data = dict(document.value)
    cases = data.pop("cases", [])
    head = _head(data, document, problems)
    if not isinstance(cases, list):
        fix = "write `cases:` and under it `- question: …`"
        problems.append(document.problem(("cases",), "`cases:` is a list", fix))
        cases = []
    return head, [(document, ("cases", index)) for index in range(len(cases))]


def _head(data: dict[str, Any], document: Document, problems: list[Problem]) -> Head:
    known = ("cases", *Head.model_fields)
    for key in [key for key in data if key not in known]:
        fix = did_you_mean(key, known) or f"the fields are: {', '.join(known)}"
        problems.append(document.problem((key,), f"there is no field {key!r} here", fix))
        del data[key]
    head = validated(Head, data, document, (), problems) or Head()
    problems.extend(_of_graph(head, document))
    return head


def _of_graph(head: Head, document: Document) -> Iterator[Problem]:
    """What is wrong with a graph that stands in the suite."""
    if isinstance(head.graph, dict):
        try:
            read_graph(head.graph)
        except GraphError as failure:
            for problem in getattr(failure, "problems", ()):
                yield document.problem(("graph",), problem.message, problem.fix)


def _lines(body: bytes, where: str, problems: list[Problem]) -> Found:
    """One case in each line; the first line may be the head."""
    if len(body) > BYTES:
        raise GraphError(f"{where} is larger than {BYTES // 10**6} MB", hint="split it into several files")
    head = Head()
    found: list[tuple[Document, Place]] = []
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        document = _line(line, where, number, problems)
        if document is None:
            continue
        if number == 1 and isinstance(document.value, dict) and "question" not in document.value:
            head = _head(dict(document.value), document, problems)
        else:
            found.append((document, ()))
    return head, found


def _line(line: bytes, where: str, number: int, problems: list[Problem]) -> Document | None:
    """A line as a document of which every part stands in that line."""
    try:
        document = read_document(line, f"{where}.json")
    except GraphError as failure:
        found = getattr(failure, "problems", ())
        problems.extend(Problem(where, number, each.message, each.fix, each.code) for each in found)
        return None
    return Document(document.value, where, number)


def _case(document: Document, place: Place, problems: list[Problem], folder: Path) -> Case | None:
    value = _at(document, place)
    if not isinstance(value, dict):
        problems.append(document.problem(place, "a case is a map", "write `question:` and what is right"))
        return None
    case = validated(Case, value, document, place, problems)
    if case is None:
        return None
    problems.extend(document.problem((*place, name), said, fix) for name, said, fix in _faults(case, folder))
    return case


def _faults(case: Case, folder: Path) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a case whose fields are right: the field, the fault, the fix."""
    if not case.wanted:
        yield "question", "nothing says what is right", f"add one of {', '.join(SCORERS)}"
    if case.form is not None and (said := _bad_schema(case.form)):
        yield "schema", f"this is not a JSON schema: {said}", "see json-schema.org"
    if case.code is not None:
        yield from _bad_tests(case.code.tests)
    if case.numeric is not None:
        from tinyllm.evals.numbers import exactly

        for text in case.numeric.value:
            if exactly(text) is None:
                yield "numeric", f"{text!r} is not a number", "write it like 12.5 or 1/3"
    for name in case.attach:
        if not (folder / name).is_file():
            yield "attach", f"there is no file {name}", f"paths begin in the suite's folder, {folder}"


def _bad_schema(schema: dict[str, Any]) -> str:
    import jsonschema

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.exceptions.SchemaError as failure:
        return str(failure.message)[:200]
    return ""


def _bad_tests(tests: str) -> Iterator[tuple[str, str, str]]:
    from tinyllm.tools.asserts import program

    try:
        program("", tests)
    except TinyError as failure:
        yield "code", failure.message, failure.hint


def _twice(documents: list[tuple[Document, Place]]) -> Iterator[Problem]:
    """Cases of one name: results could not tell them apart."""
    seen: dict[str, int] = {}
    for number, (document, place) in enumerate(documents, 1):
        value = _at(document, place)
        id = value.get("id") if isinstance(value, dict) else None
        name = id if isinstance(id, str) and id else f"case-{number}"
        if name in seen:
            fix = f"the first stands in line {seen[name]}"
            yield document.problem((*place, "id"), f"there are two cases {name!r}", fix)
        seen.setdefault(name, document.line(place))


def _at(document: Document, place: Place) -> Any:
    value: Any = document.value
    for part in place:
        value = value[part]
    return value


def _named(case: Case, number: int) -> Case:
    return case.model_copy(update={"id": f"case-{number}"})


def chosen(suite: Suite, limit: int = 0, seed: int | None = None) -> tuple[Case, ...]:
    """The first cases of a suite, or as many drawn at random."""
    cases = list(suite.cases)
    if seed is not None:
        random.Random(seed).shuffle(cases)  # noqa: S311 - not for secrets
    return tuple(cases[: limit or None])

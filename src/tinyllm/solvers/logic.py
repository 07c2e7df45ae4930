"""Questions about formulas of propositional logic, decided by looking at every case."""

import re

from tinyllm.solvers.formula import TWO_IMPLICATIONS, Formula, read, variables, worlds
from tinyllm.solvers.numbers import integer
from tinyllm.solvers.phrases import Found, Phrasebook, Unsure
from tinyllm.solvers.solution import Question, Solution

_TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
BOOK: Phrasebook[Solution] = Phrasebook(
    {
        "f": r".+?",
        "verdict": "tautology|contradiction|contingency|satisfiable|unsatisfiable|valid|contingent|tautological|"
        "contradictory|always true|always false|logically valid|never true|never false",
        "values": r".*(?:true|false|[=] ?[tf01])",
        "both": r".+?",
        "plural": "formulas|expressions|statements|propositions",
        "form": "converse|inverse|contrapositive|negation",
    },
    {
        "formula": "[implication|conditional] [propositional|logical|boolean|compound] [formula|expression|proposition|statement|sentence]",
        "same": "[logically|tautologically] (equivalent|equal|the same)",
        "so": "(therefore|so|hence|thus|conclusion|∴|⊢|⊨)",
    },
)


def _solution(answer: str, value: object, *steps: str) -> Solution:
    return Solution(answer, value, steps, "logic")


def _yes(fact: bool, *steps: str) -> Solution:
    return _solution("yes" if fact else "no", fact, *steps)


def _case(world: dict[str, bool]) -> str:
    return ", ".join(f"{name} is {'true' if truth else 'false'}" for name, truth in world.items())


def _read(text: str) -> Formula:
    """A formula that says something: a lone word is no logic."""
    text = text.strip().rstrip(",.:;")
    quoted = re.fullmatch(r"([\"'`])(.+)\1", text)
    formula = read(quoted[2] if quoted else text)
    if not formula.parts:
        raise Unsure("not a formula")
    return formula


@BOOK.says(
    "[(make|construct|draw|build|create|write|generate|produce)] [a|the] truth table (of|for) [the] <formula> {f}"
)
def _table(found: Found) -> Solution | None:
    formula = _read(found["f"])
    names = variables(formula)
    if not 1 <= len(names) <= 6:
        raise Unsure("no table, or too long a table")
    column = [formula.holds(world) for world in worlds(names)]
    rows = [[*world.values(), truth] for world, truth in zip(worlds(names), column, strict=True)]
    heads = [*names, str(formula)]
    lines = [
        " | ".join(("T" if cell else "F").center(len(head)) for cell, head in zip(row, heads, strict=True))
        for row in rows
    ]
    return _solution(
        "\n".join(line.rstrip() for line in [" | ".join(heads), *lines]), column, f"{len(column)} cases"
    )


@BOOK.says(
    "is [the] <formula> {f} [a|an] {verdict}",
    "[(decide|check|verify|prove|test)] (that|whether|if) [the] <formula> {f} is [a|an] {verdict} [or not]",
    "is it [a|an] {verdict} {f}",
)
def _verdict(found: Found) -> Solution | None:
    formula = _read(found["f"])
    names = variables(formula)
    true = [world for world in worlds(names) if formula.holds(world)]
    false = [world for world in worlds(names) if not formula.holds(world)]
    verdict = found["verdict"].lower()
    facts = {
        ("tautology", "tautological", "valid", "always true", "logically valid", "never false"): not false,
        ("contradiction", "contradictory", "unsatisfiable", "always false", "never true"): not true,
        ("contingency", "contingent"): bool(true and false),
        ("satisfiable",): bool(true),
    }
    fact = next(fact for words, fact in facts.items() if verdict in words)
    steps = [f"{len(true)} of {len(true) + len(false)} cases are true"]
    steps += [f"true when {_case(true[0])}"] if true and true[0] else []
    steps += [f"false when {_case(false[0])}"] if false and false[0] else []
    return _yes(fact, *steps)


@BOOK.says(
    "is [the] <formula> {f} [a] (tautology contradiction or contingency|a tautology a contradiction or a contingency)"
)
def _which(found: Found) -> Solution | None:
    formula = _read(found["f"])
    truths = {formula.holds(world) for world in worlds(variables(formula))}
    name = "contingency" if len(truths) == 2 else "tautology" if True in truths else "contradiction"
    return _solution(name, name)


def _halves(text: str, word: str) -> tuple[Formula, Formula]:
    """The two formulas on both sides of a word that may also stand inside them."""
    places = [match.span() for match in re.finditer(rf"(?:,? {word} |, )", text)]
    found = []
    for start, end in places:
        try:
            found.append((_either(text[:start]), _either(text[end:])))
        except Unsure:
            continue
    if len(found) != 1:
        raise Unsure("where does the second begin?")
    return found[0]


def _either(text: str) -> Formula:
    """A formula or a single letter."""
    return read(text.strip(" ,.:;\"'`"))


@BOOK.says(
    "are [the] [{plural}] {both} <same> [{plural}]",
    "[(decide|check|verify|prove|test)] (that|whether|if) [the] {both} are <same>",
)
def _equivalent(found: Found) -> Solution | None:
    return _compared(*_halves(found["both"], "and"))


@BOOK.says(
    "is [the] <formula> {f} <same> (to|as) {f2}",
    "[(decide|check|verify|prove|test)] (that|whether|if) {f} is <same> (to|as) {f2}",
)
def _equivalent_to(found: Found) -> Solution | None:
    return _compared(_either(found["f"]), _either(found["f2"]))


def _compared(first: Formula, second: Formula) -> Solution:
    if not first.parts and not second.parts:
        raise Unsure("two letters")
    cases = worlds(variables(first, second))
    differing = next((world for world in cases if first.holds(world) != second.holds(world)), None)
    return _yes(
        differing is None,
        "the same in every case" if differing is None else f"they differ when {_case(differing)}",
    )


@BOOK.says(
    "does {f} [logically] (imply|entail) {f2}",
    "does {f2} [logically] follow from {f}",
    "(if|given|given that) {f} (does|must) {f2}",
    "(from|given|if) {f} (does|do) {f2} [logically] follow",
    "(from|given) {f} can (we|you|i|one) (conclude|infer|deduce|derive) [that] {f2}",
    "can (we|you|i|one) (conclude|infer|deduce|derive) [that] {f2} from {f}",
    "is [the|this] [following] argument [logically] valid [premises] {f} <so> {f2}",
    "is [the|this] [following] (argument|inference) {f} <so> {f2} [logically] valid",
    "[premises|given] {f} <so> {f2} is (this|that|it|the argument|this argument|the inference|this inference) [logically] valid",
)
def _argument(found: Found) -> Solution | None:
    premises = [_either(premise) for premise in _premises(found["f"])]
    conclusion = _either(found["f2"])
    if not any(formula.parts for formula in [*premises, conclusion]):
        raise Unsure("only letters")
    names = variables(*premises, conclusion)
    against = (world for world in worlds(names) if all(premise.holds(world) for premise in premises))
    counter = next((world for world in against if not conclusion.holds(world)), None)
    return _yes(
        counter is None, "it holds in every case" if counter is None else f"against it: {_case(counter)}"
    )


def _premises(text: str) -> list[str]:
    """Several formulas, after commas, full stops, or an `and` between formulas written in signs."""
    signs = re.search(r"[→⇒>∧∨¬~&|↔⇔=⊃]", text) or TWO_IMPLICATIONS.search(text)
    parts = re.split(r"[,;.] (?:and )?|,? and " if signs else r"[,;.] (?:and )?", text)
    return [part for part in parts if part.strip()]


@BOOK.says(
    "[evaluate|truth value of|value of|is] [the] <formula> {f} (when|if|where|for|given|with|given that) {values}",
    "(if|when|given|let|suppose) {values} [then] [<asking>] [evaluate|truth value of|value of] [the] <formula> {f}",
)
def _valued(found: Found) -> Solution | None:
    formula, world = _read(found["f"]), _assignment(found["values"])
    if set(variables(formula)) != set(world):
        raise Unsure("a variable without a value, or a value too many")
    truth = formula.holds(world)
    return _solution("true" if truth else "false", truth, f"{formula} with {_case(world)}")


def _assignment(text: str) -> dict[str, bool]:
    text = re.sub(r"\bboth\b", "", text.lower() if text.islower() else text)
    world: dict[str, bool] = {}
    waiting: list[str] = []
    for piece in re.split(r",? and |, ?|; ?", text):
        match = re.fullmatch(
            r"\s*([A-Za-z])(?: ?(?:=|is|are|:) ?(true|false|[tf01]))?\s*", piece, re.IGNORECASE
        )
        if match is None:
            raise Unsure(piece)
        waiting.append(match[1])
        if match[2]:
            if set(waiting) & set(world):
                raise Unsure("a variable with two values")
            world |= dict.fromkeys(waiting, _TRUTH[match[2].lower()])
            waiting = []
    if waiting or not world:
        raise Unsure(text)
    return world


@BOOK.says("(if|when|given|given that|suppose) {values} [then] is [the] <formula> {f} true")
def _is_true(found: Found) -> Solution | None:
    valued = _valued(found)
    return _yes(valued.value is True, *valued.steps) if valued else None


@BOOK.says("[evaluate|truth value of|value of] [the] <formula> {f}", "is [the] <formula> {f} true")
def _constant(found: Found) -> Solution | None:
    formula = _read(found["f"])
    if variables(formula):
        raise Unsure("it depends on the variables")
    truth = formula.holds({})
    return _solution("true" if truth else "false", truth, str(formula))


@BOOK.says("{form} of [the] [<formula>] [implication|conditional] {f}")
def _form(found: Found) -> Solution | None:
    formula, form = _read(found["f"]), found["form"].lower()
    if form == "negation":
        text = str(Formula("not", (formula,)))
        return _solution(text, text)
    if formula.sign != "implies":
        raise Unsure("not a conditional")
    first, second = formula.parts
    if form != "converse":
        first, second = Formula("not", (first,)), Formula("not", (second,))
    if form != "inverse":
        first, second = second, first
    text = str(Formula("implies", (first, second)))
    return _solution(text, text)


@BOOK.says(
    "how many (rows|lines) (are|does|are there) [there] [in] [a|the] truth table (of|for|with) {n} [distinct|different] "
    "[propositional|boolean] variables [have]",
    "how many rows does [a|the] truth table (of|for|with) {n} [distinct|different] [propositional|boolean] variables have",
)
def _rows(found: Found) -> Solution | None:
    count = 2 ** integer(found["n"], least=1, most=64)
    return _solution(f"{count} rows", str(count))


@BOOK.says(
    "how many (satisfying assignments|models|solutions|satisfying truth assignments) does [the] <formula> {f} have"
)
def _models(found: Found) -> Solution | None:
    formula = _read(found["f"])
    count = sum(map(formula.holds, worlds(variables(formula))))
    return _solution(str(count), str(count))


def solve(question: Question) -> Solution | None:
    return BOOK.solve(question)

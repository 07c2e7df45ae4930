"""Conditions and values: what they compute, what they refuse, and that nothing else can happen."""

import ast
import operator
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tinyllm.errors import GraphError
from tinyllm.templates import FILTERS, TESTS, Expression

VALUES: Mapping[str, object] = {
    "inputs": {"text": "Hello small world", "count": "12"},
    "outputs": {
        "draft": "It's {{ inputs.text }}\nand 'so' on \\",
        "words": 90,
        "numbers": [3, 1, 2],
        "people": [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}],
        "flag": True,
        "nothing": None,
    },
}


def value(text: str, values: Mapping[str, object] = VALUES) -> object:
    return Expression.parse(text, "g.yaml:3").value(values)


def refused(text: str, values: Mapping[str, object] = VALUES) -> GraphError:
    with pytest.raises(GraphError) as caught:
        value(text, values)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("outputs.words > 80", True),
        ("outputs['words'] > 80 and outputs.flag", True),
        ("1 < 2 <= 2 and not 3 == 4", True),
        ("(outputs.flag or outputs.flag) and not outputs.flag", False),
        ("1 + 2 * 3 - 7 // 2 - 7 % 4", 1),
        ("7 / 2", 3.5),
        ("-outputs.words + 1", -89),
        ("'Ada' in (outputs.people | map(attribute='name'))", True),
        ("'world' in inputs.text", True),
        ("'x' not in outputs", True),
        ("outputs.numbers[0] ~ '/' ~ outputs.numbers[-1]", "3/2"),
        ("outputs.numbers[1:]", [1, 2]),
        ("inputs.text[:5]", "Hello"),
        ("[1] + [2]", [1, 2]),
        ("{'a': [1, {'b': none}], 'c': true}", {"a": [1, {"b": None}], "c": True}),
        ("'long' if outputs.words > 80 else 'short'", "long"),
        ("outputs.missing | default('none')", "none"),
        ("outputs.missing.deeper | default([])", []),
        ("outputs.nothing | default('x', true)", "x"),
        ("outputs.missing is defined", False),
        ("outputs.missing.deeper is undefined", True),
        ("range(3)", [0, 1, 2]),
    ],
)
def test_expressions_compute(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'AbC' | lower", "abc"),
        ("'AbC' | upper", "ABC"),
        ("'abc def' | capitalize", "Abc def"),
        ("'abc def' | title", "Abc Def"),
        ("'  x ' | trim", "x"),
        ("'--x-' | trim('-')", "x"),
        ("'a-b-c' | replace('-', '+')", "a+b+c"),
        ("'a b  c' | split", ["a", "b", "c"]),
        ("'a,b' | split(',')", ["a", "b"]),
        ("'a\\nb' | lines", ["a", "b"]),
        ("inputs.text | wordcount", 3),
        ("inputs.text | contains('small')", True),
        ("outputs.numbers | contains(3)", True),
        ("outputs | contains('flag')", True),
        ("inputs.text | startswith('Hell')", True),
        ("inputs.text | endswith('Hell')", False),
        ("inputs.text | truncate(14)", "Hello small..."),
        ("inputs.text | truncate(99)", "Hello small world"),
        ("'a\\nb' | indent(2)", "a\n  b"),
        ("'a\\n\\nb' | indent(2, true)", "  a\n\n  b"),
        ("outputs.people | length", 2),
        ("outputs.numbers | first", 3),
        ("outputs.numbers | last", 2),
        ("outputs.numbers | reverse", [2, 1, 3]),
        ("outputs.numbers | join('-')", "3-1-2"),
        ("outputs.people | join(', ', attribute='name')", "Ada, Alan"),
        ("outputs.numbers | sort", [1, 2, 3]),
        ("outputs.people | sort(attribute='age', reverse=true) | map('name')", ["Alan", "Ada"]),
        ("[1, 'a', 1, true, 'a'] | unique", [1, "a", True]),
        ("outputs.numbers | sum", 6),
        ("outputs.numbers | min", 1),
        ("outputs.numbers | max", 3),
        ("-3 | abs", 3),
        ("2.567 | round(1)", 2.6),
        ("2.567 | round", 3),
        ("inputs.count | int + 1", 13),
        ("'3.99' | int", 3),
        ("'1e3' | float", 1000.0),
        ("12 | string", "12"),
        ("{'a': 1} | keys", ["a"]),
        ("{'a': 1} | values", [1]),
        ("{'a': 1} | items", [["a", 1]]),
        ("{'a': 'é'} | tojson", '{"a": "é"}'),
        ("'{\"a\": [1, null]}' | fromjson", {"a": [1, None]}),
        ("'2' | fromjson", 2),
    ],
)
def test_filters_do_what_they_say(text: str, expected: object) -> None:
    assert value(text) == expected


def test_every_filter_is_tried_above() -> None:
    tried = {name for name in FILTERS for mark in test_filters_do_what_they_say.pytestmark  # type: ignore[attr-defined]
             for text, _ in mark.args[1] if f"| {name}" in text}  # fmt: skip
    assert FILTERS.keys() - tried == {"default"}


@pytest.mark.parametrize(
    ("test", "of"),
    [
        ("none", [None]),
        ("true", [True]),
        ("false", [False]),
        ("boolean", [True, False]),
        ("string", ["", "a"]),
        ("number", [0, 1, 2.5]),
        ("integer", [0, 1]),
        ("float", [2.5]),
        ("list", [[], [1]]),
        ("mapping", [{}, {"a": 1}]),
        ("empty", [None, "", [], {}]),
        ("even", [0]),
        ("odd", [1]),
    ],
)
def test_tests_hold_for_their_kind_only(test: str, of: list[object]) -> None:
    all_values: list[object] = [None, True, False, "", "a", 0, 1, 2.5, [], [1], {}, {"a": 1}]
    held = [each for each in all_values if Expression.parse(f"x is {test}", "w").holds({"x": each})]
    assert list(map(repr, held)) == list(map(repr, of))
    assert test in TESTS


@pytest.mark.parametrize(
    ("text", "code", "told", "hint"),
    [
        ("outputs.wrds > 1", "TEMPLATE_UNDEFINED", "'outputs' has no part 'wrds'", 'did you mean "words"?'),
        ("ouputs.words > 1", "TEMPLATE_UNDEFINED", "'ouputs' is not defined", 'did you mean "outputs"?'),
        ("outputs.numbers[7]", "TEMPLATE_UNDEFINED", "'outputs.numbers' has no part '7'", "default"),
        ("outputs.nothing.x", "TEMPLATE_UNDEFINED", "'outputs.nothing' has no part 'x'", "nothing"),
        ("outputs.draft and true", "TEMPLATE_TYPE", "one side of `and` is text", "compare it"),
        ("not outputs.draft", "TEMPLATE_TYPE", "after `not` is text", "compare it"),
        ("1 if outputs.words else 2", "TEMPLATE_TYPE", "after `if` is a number", "compare it"),
        ("outputs.draft > 1", "TEMPLATE_TYPE", "text and a number have no order", "both"),
        ("outputs.draft + 'x'", "TEMPLATE_TYPE", "cannot calculate with text and text", "~"),
        ("'%0200000000d' % 1", "TEMPLATE_TYPE", "cannot calculate with text", "~"),
        ("'ab' * 1000000000", "TEMPLATE_TYPE", "cannot calculate with text", "~"),
        ("true + 1", "TEMPLATE_TYPE", "cannot calculate with true or false", "numbers"),
        ("1 / 0", "TEMPLATE_TYPE", "division by zero", "before"),
        ("1 in 2", "TEMPLATE_TYPE", "nothing is in a number", "list"),
        ("1 in 'a1'", "TEMPLATE_TYPE", "a number cannot be in a text", "string"),
        ("outputs.words | upper", "TEMPLATE_TYPE", "the filter 'upper' takes text, not a number", ""),
        ("'a' | truncate(true)", "TEMPLATE_TYPE", "takes a number as length, not true or false", ""),
        ("'many' | int", "TEMPLATE_TYPE", "'many' is not a number", ""),
        ("[] | first", "TEMPLATE_TYPE", "it is empty", "empty"),
        ("[1, 'a'] | sort", "TEMPLATE_TYPE", "have an order", ""),
        ("'{' | fromjson", "TEMPLATE_TYPE", "not JSON", ""),
        ("9223372036854775807 + 1", "TOO_LARGE", "too large to hold", "64"),
        ("range(1000000000000000)", "TOO_LARGE", "too much work", ""),
        ("'x' | indent(1000000000)", "TOO_LARGE", "longer than", ""),
        ("outputs.upper()", "TEMPLATE_SANDBOX", "calls are not allowed", "filter"),
        ("().__class__.__base__", "TEMPLATE_SANDBOX", "'__base__' is refused", "data"),
        ("outputs['__class__']", "TEMPLATE_SANDBOX", "'__class__' is refused", "data"),
        ("__import__", "TEMPLATE_SANDBOX", "'__import__' is refused", "data"),
        ("2 ** 3", "TEMPLATE_SYNTAX", "powers (**)", "tool"),
        ("'yes' if outputs.flag", "TEMPLATE_SYNTAX", "needs an `else`", "else"),
        ("x | uper", "TEMPLATE_SYNTAX", "no filter 'uper'", 'did you mean "upper"?'),
        ("x is strnig", "TEMPLATE_SYNTAX", "no test 'strnig'", 'did you mean "string"?'),
        ("'x' | replace('y')", "TEMPLATE_SYNTAX", "missing a required argument: 'new'", ""),
        ("outputs.flag == true )))garbage(((", "TEMPLATE_SYNTAX", "unexpected ')'", ""),
        ("outputs.flag == 'no' ; rm -rf /", "TEMPLATE_SYNTAX", "';' is left over", ""),
        ("outputs.flag outputs.flag", "TEMPLATE_SYNTAX", "'outputs' is left over", "one expression"),
        ("outputs.words == not [1]", "TEMPLATE_SYNTAX", "'not' cannot stand here", "brackets"),
        ("in", "TEMPLATE_SYNTAX", "'in' cannot stand here", ""),
        ("outputs.numbers[0, 1]", "TEMPLATE_SYNTAX", "one part at a time", "x[1][2]"),
        ("outputs.numbers[]", "TEMPLATE_SYNTAX", "", ""),
        ("outputs.flag = true", "TEMPLATE_SYNTAX", "'=' is left over", ""),
        ("'yes' in '$decision'.lower()", "TEMPLATE_SANDBOX", "calls", "upper"),
        ("$decision == 'yes'", "TEMPLATE_SYNTAX", "unexpected char '$'", ""),
        ("{{ outputs.flag }}", "TEMPLATE_SYNTAX", "", ""),
        ("", "TEMPLATE_SYNTAX", "unexpected 'end of template'", "missing"),
        ("1 +", "TEMPLATE_SYNTAX", "unexpected 'end of template'", "missing"),
        ("9" * 5000, "TEMPLATE_SYNTAX", "too long", "quotes"),
        ("9" * 30, "TEMPLATE_SYNTAX", "64 bits", "quotes"),
        ("1e999", "TEMPLATE_SYNTAX", "64 bits", "quotes"),
        ("(" * 5000, "INPUT_TOO_DEEP", "too deep", "split"),
        ("1" + "+1" * 5000, "INPUT_TOO_DEEP", "too deep", "split"),
        ("[" + "1," * 30_000 + "]", "INPUT_TOO_DEEP", "too long", "split"),
        ("'" + "x" * 1_000_001 + "'", "TOO_LARGE", "longer than", ""),
    ],
)
def test_what_cannot_be_is_an_error_with_a_way_out(text: str, code: str, told: str, hint: str) -> None:
    error = refused(text)
    assert error.code == code
    assert error.where == "g.yaml:3"
    assert told in error.message
    assert hint in error.hint


def test_the_page_names_every_filter_and_test() -> None:
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    assert [name for name in FILTERS if f"| {name}" not in page and f"`{name}(" not in page] == []
    assert [name for name in [*TESTS, "defined", "undefined"] if f"`{name}`" not in page] == []


def test_the_examples_of_the_page_are_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    examples = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", page.replace("\\|", "|"), re.MULTILINE)
    assert len(examples) > 20
    for text, expected in examples:
        assert value(text) == ast.literal_eval(expected), text


def test_most_faults_show_when_the_file_is_read() -> None:
    for text in ("2 ** 3", "x | uper", "x.__class__", "f(1)", "x y"):
        with pytest.raises(GraphError):
            Expression.parse(text, "g.yaml")


def test_a_condition_is_a_bool_or_an_error() -> None:
    assert Expression.parse("outputs.words > 80", "w").holds(VALUES) is True
    with pytest.raises(GraphError, match="the condition gave text"):
        Expression.parse("outputs.draft", "w").holds(VALUES)


def test_an_expression_tells_what_it_asks_for() -> None:
    expression = Expression.parse("outputs.draft | length > limits['short'] and range(inputs.n)[0] == 0", "w")
    assert expression.names == {"outputs", "limits", "inputs"}
    assert ("outputs", "draft") in expression.paths
    assert ("limits", "short") in expression.paths


def test_data_nested_without_end_is_an_error() -> None:
    deep: list[object] = []
    like: list[object] = []
    for _ in range(100_000):
        deep, like = [deep], [like]
    for text in ("x == y", "x | tojson", "x ~ ''", "x in [y]", "[x, y] | unique"):
        assert refused(text, {"x": deep, "y": like}).code in {"INPUT_TOO_DEEP", "TEMPLATE_TYPE", "TOO_LARGE"}


def test_foreign_objects_are_opaque() -> None:
    class Bait:
        secret = "s3cret"

        def __str__(self) -> str:
            return self.secret

    for text in ("x.secret", "x ~ ''", "x | string", "x | tojson", "x['secret']"):
        assert "s3cret" not in str(refused(text, {"x": Bait()}))


def test_importing_it_loads_no_jinja() -> None:
    code = "import sys, tinyllm.templates; sys.exit('jinja2' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# An independent reference: Python's own parser, and a strict evaluator of a few lines.

HOSTILE = ["", "yes", "No, I don't", 'a"b', "a\nb", "ends in \\", "{{ x }}", "{% if %}", "$x", "\U0001f600", "\0", "' or 'a' in 'a",
           "__class__", "\u202e", "'+().__class__+'"]  # fmt: skip
BINARY: dict[type[ast.AST], object] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
ORDER: dict[type[ast.AST], object] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Bad(Exception):
    pass


def need(condition: bool) -> None:
    if not condition:
        raise Bad


def numeric(thing: object) -> bool:
    return type(thing) in (int, float)


def reference(node: ast.AST, values: Mapping[str, object]) -> object:  # noqa: C901 - one case per kind of syntax
    def of(inner: ast.AST) -> object:
        return reference(inner, values)

    match node:
        case ast.Constant(literal):
            return literal
        case ast.Name(name):
            return values[name]
        case ast.List(items):
            return [of(item) for item in items]
        case ast.UnaryOp(ast.Not(), operand):
            need(isinstance(inner := of(operand), bool))
            return not inner
        case ast.UnaryOp(ast.USub(), operand):
            need(numeric(inner := of(operand)))
            return -inner  # type: ignore[operator]
        case ast.BoolOp(kind, parts):
            for part in parts:
                need(isinstance(inner := of(part), bool))
                if inner is isinstance(kind, ast.Or):
                    return inner
            return inner
        case ast.BinOp(left, sign, right):
            return calculated(sign, of(left), of(right))
        case ast.Compare(left, relations, rights):
            a = of(left)
            for relation, right in zip(relations, rights, strict=True):
                b = of(right)
                if not compared(relation, a, b):
                    return False
                a = b
            return True
        case ast.IfExp(test, body, orelse):
            need(isinstance(inner := of(test), bool))
            return of(body if inner else orelse)
    raise AssertionError(ast.dump(node))


def calculated(sign: ast.operator, a: object, b: object) -> object:
    if isinstance(sign, ast.Add) and isinstance(a, list) and isinstance(b, list):
        return a + b
    need(numeric(a) and numeric(b) and not (b == 0 and isinstance(sign, ast.Div | ast.FloorDiv | ast.Mod)))
    return BINARY[type(sign)](a, b)  # type: ignore[operator]


def compared(kind: ast.cmpop, a: object, b: object) -> bool:
    match kind:
        case ast.Eq():
            return a == b
        case ast.NotEq():
            return a != b
        case ast.In() | ast.NotIn():
            need(isinstance(b, list) or (isinstance(a, str) and isinstance(b, str)))
            return (a in b) is isinstance(kind, ast.In)  # type: ignore[operator]
    need((numeric(a) and numeric(b)) or (isinstance(a, str) and isinstance(b, str)))
    return bool(ORDER[type(kind)](a, b))  # type: ignore[operator]


atoms = some.sampled_from(
    ["a", "b", "c", "d", "n", "True", "False", "0", "1", "2", "7", "2.5", "[]", "[a, n]", "''", "'yes'"]
)
operators = some.sampled_from(
    ["and", "or", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "//", "%"]
)


def compound(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    """Text without brackets as well, so that precedence is put to the test."""
    return some.one_of(
        some.tuples(inner, operators, inner).map(" ".join),
        some.tuples(inner, operators, inner, operators, inner).map(" ".join),
        inner.map("not {}".format),
        inner.map("({})".format),
        some.tuples(inner, inner, inner).map(lambda parts: "({} if {} else {})".format(*parts)),
    )


expressions = some.recursive(atoms, compound, max_leaves=8)
hostile = some.sampled_from(HOSTILE) | some.text(max_size=8)
bindings = some.fixed_dictionaries(
    {
        "a": hostile,
        "b": hostile,
        "c": some.booleans(),
        "d": hostile | some.lists(hostile, max_size=3),
        "n": some.integers(-9, 9),
    }
)


def outcome_of_reference(text: str, values: Mapping[str, object]) -> object:
    try:
        return reference(ast.parse(text, mode="eval").body, values)
    except Bad:
        return Bad


def agrees(text: str, values: Mapping[str, object]) -> None:
    try:
        expected = outcome_of_reference(text, values)
    except SyntaxError:  # `1 + not a` is not an expression, here or there
        expected = Bad
    try:
        got = value(text, values)
    except GraphError:
        got = Bad
    assert (type(got), got) == (type(expected), expected)


@given(expressions, bindings)
@settings(max_examples=2_000, deadline=None)
def test_it_agrees_with_an_independent_evaluator(text: str, values: Mapping[str, object]) -> None:
    agrees(text, values)


@pytest.mark.evidence
@given(expressions, bindings)
@settings(max_examples=20_000, deadline=None)
def test_it_agrees_at_length(text: str, values: Mapping[str, object]) -> None:
    agrees(text, values)


@given(hostile, some.sampled_from(["yes", "no"]))
@settings(max_examples=200, deadline=None)
def test_what_a_reply_looks_like_changes_nothing(reply: str, wanted: str) -> None:
    condition = Expression.parse(f"reply == '{wanted}'", "w")
    assert condition.holds({"reply": reply}) is (reply == wanted)


words = some.lists(
    some.sampled_from(
        [*"()[]{},.:|~+-*/%=<>!'\"\\ \n$#;", "a", "n", "x.y", "1", "9.5", "'s'", "and", "or", "not", "in", "is", "if", "else", "**", "//",
         "==", "{{", "}}", "{%", "none", "range", "default", "upper", "join", "int", "tojson", "__class__", "defined", "true"]
    )
    | some.text(max_size=2),
    max_size=14,
).map(" ".join)  # fmt: skip


@given(words, bindings)
@settings(max_examples=1_000, deadline=None)
def test_noise_gives_a_value_or_our_error(text: str, values: Mapping[str, object]) -> None:
    try:
        value(text, values)
    except GraphError as error:
        assert error.message  # noqa: PT017 - either outcome is fine, another exception is not

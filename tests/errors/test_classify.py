"""The promises of `classify`: it always answers, keeps the cause, and the table behind it is whole."""

import ssl
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyllm.errors import BadReply, Bug, Retry, TinyError, UsageError, classify
from tinyllm.errors.by_number import ERRNO, MODEL_STATUS, SQLSTATE, SQLSTATE_CLASS, STATUS
from tinyllm.errors.by_symbol import BROWSER, GRPC, K8S, MYSQL, REDIS, SQLITE, TRACEBACK
from tinyllm.errors.by_text_models import RULES as MODEL_RULES
from tinyllm.errors.by_text_tools import RULES as TOOL_RULES
from tinyllm.errors.by_type import EXACT, SHORT, STOPS
from tinyllm.errors.case import Case, from_exception, from_row
from tinyllm.errors.codes import CODES
from tinyllm.errors.diagnosis import diagnose
from tinyllm.errors.local import LOCAL, USUALLY
from tinyllm.errors.loops import looping
from tinyllm.errors.replies import shape
from tinyllm.errors.table import renewed

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


class Rude(Exception):
    """Every question to it fails."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    @property
    def status_code(self) -> int:
        raise RuntimeError("no")


def concrete(kind: type[BaseException]) -> list[type[BaseException]]:
    found = [each for child in kind.__subclasses__() for each in [child, *concrete(child)]]
    return [
        each for each in found if each.__module__ == "builtins" and not issubclass(each, BaseExceptionGroup)
    ]


def made(kind: type[BaseException], values: list[Any]) -> BaseException:
    try:
        return kind(*values)
    except TypeError:
        return RuntimeError(*values)


VALUES = st.lists(
    st.one_of(st.text(max_size=80), st.integers(-200, 600), st.none(), st.binary(max_size=9)), max_size=4
)


@given(
    st.sampled_from(concrete(BaseException)),
    VALUES,
    st.text(max_size=20),
    st.sampled_from([*USUALLY, "ollama", ""]),
)
def test_any_exception_gets_an_answer(
    kind: type[BaseException], values: list[Any], op: str, part: str
) -> None:
    failure = made(kind, values)
    named = failure if isinstance(failure, TinyError) else classify(failure, op=op, component=part)
    assert isinstance(named, TinyError)
    assert named.code in CODES
    assert named.__cause__ is failure


@given(
    st.text(max_size=300),
    st.sampled_from(["", "ollama", "llm.output", "tool.sql", "tool.k8s", "core.graph", "tool.x"]),
)
def test_any_text_gets_an_answer(text: str, part: str) -> None:
    for kind in ("text", "http", "process", "exception"):
        assert diagnose(Case(component=part, kind=kind, message=text)).code in CODES


def test_an_exception_that_refuses_every_question_is_still_named() -> None:
    named = classify(Rude())
    assert (named.code, named.kind) == ("UNCLASSIFIED", "permanent")
    assert named.message


def test_the_message_shows_the_host_but_no_secret() -> None:
    import httpx

    request = httpx.Request("GET", "http://user:secret@example.org:81/token/abc?key=1")
    named = classify(httpx.ReadTimeout("", request=request), op="tool.http GET")
    assert str(named) == "no answer in time at http://example.org:81"


def test_causes_that_lead_in_circles_end() -> None:
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert classify(first).code in CODES


def test_ours_passes_through_unchanged() -> None:
    ours = UsageError("there is no tool 'x'")
    assert classify(ours) is ours


def test_an_unknown_failure_is_handed_on_to_be_kept() -> None:
    kept: list[Case] = []
    named = classify(Rude(), op="odd", unknown=kept.append)
    assert named.code == "UNCLASSIFIED"
    assert [case.op for case in kept] == ["odd"]


def test_a_known_failure_is_not_kept() -> None:
    kept: list[Case] = []
    classify(TimeoutError(), unknown=kept.append)
    assert kept == []


def test_the_deepest_cause_may_be_the_one_that_tells() -> None:
    outer = RuntimeError("it did not work")
    outer.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert classify(outer, op="ollama chat").code == "MODEL_SERVER_DOWN"


def test_what_openssl_counts_is_no_number_of_the_system() -> None:
    failure = httpx.ConnectTimeout("")
    failure.__cause__ = ssl.SSLWantReadError(int(ssl.SSL_ERROR_WANT_READ), "the operation did not complete")
    assert classify(failure, op="ollama").code == "MODEL_CONNECT_TIMEOUT"


def test_a_hidden_context_is_not_looked_at() -> None:
    outer = RuntimeError("odd")
    outer.__context__, outer.__suppress_context__ = TimeoutError(), True
    assert classify(outer).code == "UNCLASSIFIED"


def test_a_mistake_of_our_program_is_our_bug() -> None:
    named = classify(AttributeError("'NoneType' object has no attribute 'x'"))
    assert isinstance(named, Bug)
    assert named.exit_code == 70


@pytest.mark.parametrize("number", ["503", "port 404", "took 500 tokens", "id 429"])
def test_a_number_in_a_text_is_not_a_status(number: str) -> None:
    assert from_exception(RuntimeError(number)).status is None
    assert classify(RuntimeError(number)).code == "UNCLASSIFIED"


@pytest.mark.parametrize(
    ("cause", "code"),
    [("builtins.EOFError", "SSH_NOT_SSH"), ("socket.timeout", "SSH_BANNER_TIMEOUT"), (None, "SSH_BANNER")],
)
def test_one_text_with_three_causes_is_three_failures(cause: str | None, code: str) -> None:
    row = {"component": "tool.ssh", "exc_type": "paramiko.ssh_exception.SSHException", "cause": cause}
    assert diagnose(from_row({**row, "message": "Error reading SSH protocol banner"})).code == code


def test_one_sqlstate_with_two_meanings_is_told_apart_by_its_text() -> None:
    by_clock = Case("tool.sql", message="canceling statement due to statement timeout", sqlstate="57014")
    by_hand = Case("tool.sql", message="canceling statement due to user request", sqlstate="57014")
    assert (diagnose(by_clock).kind, diagnose(by_hand).kind) == ("timeout", "cancelled")


def test_without_sentences_the_structure_still_speaks() -> None:
    case = Case("tool.sql", exc_type="psycopg.errors.DeadlockDetected", message="odd words", sqlstate="40P01")
    assert diagnose(case, texts=False) == diagnose(case)
    only_words = Case("ollama", kind="text", message="Error: timed out waiting for llama runner to start")
    assert diagnose(only_words, texts=False).code == "UNCLASSIFIED"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "OUTPUT_EMPTY"),
        ("$ANSWER", "OUTPUT_PLACEHOLDER"),
        ("ab, " * 40, "OUTPUT_REPETITION"),
        ("```json\n{}\n```", "OUTPUT_FENCED"),
        ("Here it is: {}", "OUTPUT_PROSE_AROUND_JSON"),
        ("{'a': 1}", "OUTPUT_SINGLE_QUOTES"),
        ('{"a": [1, 2', "OUTPUT_TRUNCATED"),
        ('{"a": "b\nc"}', "OUTPUT_CONTROL_CHAR"),
        ('{"a": 1}', "OUTPUT_SCHEMA"),
        ("I'm sorry, but I can't help with that.", "OUTPUT_REFUSED"),
        ("<think>well</think> 42", "OUTPUT_THINKING"),
        ("forty-two", "OUTPUT_NOT_JSON"),
    ],
)
def test_a_reply_is_named_by_its_shape(text: str, code: str) -> None:
    assert shape(text) == code
    assert issubclass(CODES[code].raises, BadReply)


@pytest.mark.parametrize(
    "piece", ["{", "[", "ab", " ", "\n", "a b", "Error: ", "{'", "timed ", "<think", "no such "]
)
def test_a_huge_text_is_named_without_reading_it_twice(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for part in ("llm.output", "ollama", "tool.k8s", "tool.browser", "core"):
        for kind in ("text", "exception"):
            assert diagnose(Case(component=part, kind=kind, message=text)).code in CODES


def test_a_list_or_a_rule_of_dashes_is_not_a_loop() -> None:
    assert not looping("one, two, three, four, five, six, seven, eight, nine", 100)
    assert not looping("-" * 200, 100)


def test_every_code_has_a_policy_and_a_hint() -> None:
    for code in CODES.values():
        assert code.hint
        assert code.retry in get_args(Retry)
        assert code.exit_code


def test_no_code_is_named_twice() -> None:
    from tinyllm.errors import codes_hosts, codes_models, codes_tools

    names = [row[0] for part in (codes_hosts, codes_models, codes_tools) for row in part.ROWS]
    assert len(names) == len(set(names))


def test_what_is_cancelled_or_invalid_never_counts_for_a_breaker() -> None:
    assert [
        code.name for code in CODES.values() if code.breaker and code.kind in ("cancelled", "validation")
    ] == []


def test_every_rule_leads_to_a_code() -> None:
    tables: tuple[dict[Any, str], ...] = (
        STOPS, EXACT, SHORT, ERRNO, SQLSTATE, SQLSTATE_CLASS, STATUS, MODEL_STATUS, BROWSER, GRPC, K8S, MYSQL, REDIS,
        SQLITE, TRACEBACK, USUALLY, *LOCAL.values(),
    )  # fmt: skip
    reached = {code for table in tables for code in table.values()}
    reached |= {code for _, code, _ in (*MODEL_RULES, *TOOL_RULES)}
    assert (reached | set(LOCAL)) - set(CODES) == set()


def test_the_manual_shows_the_present_table() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "renew it: python -m tinyllm.errors.table docs/errors.md"


def test_the_scored_failures_keep_their_score() -> None:
    import importlib.util

    script = PAGE.parents[1] / "benchmarks" / "classify.py"
    spec = importlib.util.spec_from_file_location("scored", script)
    assert spec
    assert spec.loader
    scored = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scored)
    rows = scored.rows_of(script.with_name("failures.jsonl"))
    full, bare = scored.score(rows), scored.score(rows, texts=False)
    assert full["accuracy_lenient"] >= 95, scored.wrong(rows)
    assert full["breaker"] >= 97
    assert bare["accuracy_lenient"] >= 75

"""What may run unasked, what asks, and what a yes is worth."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from tinyllm import policy
from tinyllm.policy import Allow, Approvals, Ask, Context, Deny, decide, question, shown
from tinyllm.running import Event, Running, entered
from tinyllm.toolkit import Effect, PublicUrl, Reach, Tool


async def nothing(text: str = "") -> None:
    """Do nothing."""


def made(effect: Effect = "unsafe", reach: Reach = "exec", **more: Any) -> Tool:
    return Tool("shell_run", nothing, effect, reach, **more)


CALL: Mapping[str, Any] = {"text": "git push"}
EVERY = list(itertools.product(get_args(Effect), get_args(Reach)))


@pytest.mark.parametrize(("effect", "reach"), EVERY)
def test_unasked_runs_only_what_looks_or_computes_here(effect: Effect, reach: Reach) -> None:
    runs = isinstance(decide(made(effect, reach), CALL, Context()), Allow)
    assert runs == (effect in ("pure", "read") and reach in ("none", "workspace"))


@pytest.mark.parametrize(("effect", "reach"), EVERY)
def test_an_allow_list_lets_it_run_until_strangers_had_their_say(effect: Effect, reach: Reach) -> None:
    tool = made(effect, reach)
    assert isinstance(decide(tool, CALL, Context(allow=("shell_*",))), Allow)
    after = decide(tool, CALL, Context(allow=("shell_*", "*"), tainted=("web_get",)))
    outgoing = reach in ("exec", "remote") or (reach == "net" and effect not in ("pure", "read"))
    assert isinstance(after, Ask) == outgoing
    assert not isinstance(after, Ask) or "words of strangers came into this run by web_get" in after.why


def test_code_in_the_sandbox_runs_unasked_whatever_came_in() -> None:
    tool = made("pure", "exec", sandboxed=True)
    assert isinstance(decide(tool, CALL, Context(tainted=("web_get",))), Allow)


def test_what_is_forbidden_stays_forbidden() -> None:
    context = Context(allow=("*",), approve=("*",), deny=("shell_*",))
    assert isinstance(decide(made(), CALL, context), Deny)
    assert isinstance(decide(made("pure", "none"), CALL, context), Deny)


def test_one_name_allows_no_other() -> None:
    assert isinstance(decide(made(), CALL, Context(allow=("shell", "shell_runs", "files_*"))), Ask)


def test_a_pattern_may_allow_some_calls_of_a_tool_ahead() -> None:
    tool = made(shows=lambda text: text)
    approve = ("shell_run: git status*",)
    assert isinstance(decide(tool, {"text": "git status -s"}, Context(approve=approve)), Allow)
    assert isinstance(decide(tool, CALL, Context(approve=approve)), Ask)


def test_after_strangers_had_their_say_only_the_exact_words_are_approved_ahead() -> None:
    tool = made(shows=lambda text: text)
    wary = Context(approve=("shell_run", "*", "shell_run:*", "shell_run:git *"), tainted=("web_get",))
    assert isinstance(decide(tool, CALL, wary), Ask)
    exact = Context(approve=("shell_run:git push",), tainted=("web_get",))
    assert isinstance(decide(tool, CALL, exact), Allow)


def test_an_approval_shows_the_exact_call() -> None:
    assert shown(made(), CALL) == 'shell_run(text="git push")'
    assert shown(made(shows=lambda text: f"$ {text}"), CALL) == "$ git push"


def test_nothing_in_a_call_can_hide_a_part_of_it() -> None:
    tool = made(shows=lambda text: text)
    evil = "git status\x1b[2K\r\u202egit log\nAllow it? yes\x00"
    seen = shown(tool, {"text": evil})
    assert seen == "git status\\u001b[2K\\u000d\\u202egit log\nAllow it? yes\\u0000"
    asked = question([Ask("shell_run", seen, "it runs a program")])
    assert "\n  | Allow it? yes" in asked
    assert asked.endswith("\nAllow it?")


def test_a_long_argument_is_shown_with_its_size_and_its_mark() -> None:
    seen = shown(made(), {"text": "x" * 50_000})
    assert len(seen) < 4_000
    assert "50,000 characters, sha256" in seen


def test_a_secret_is_not_shown_to_who_looks_over_the_shoulder() -> None:
    assert "hunter2hunter2" not in shown(made(), {"text": "login --password=hunter2hunter2"})


ASK = Ask("shell_run", "git push", "it runs a program")


def granted() -> Approvals:
    approvals = Approvals()
    approvals.grant("run1", ASK, CALL, now=100.0)
    return approvals


def test_a_yes_is_good_once() -> None:
    approvals = granted()
    assert approvals.spend("run1", ASK, CALL, 101.0)
    assert not approvals.spend("run1", ASK, CALL, 101.0)


@pytest.mark.parametrize(
    ("run", "ask", "arguments", "now"),
    [
        ("run2", ASK, CALL, 101.0),
        ("", ASK, CALL, 101.0),
        ("run1", replace(ASK, tool="shell_other"), CALL, 101.0),
        ("run1", replace(ASK, what="git push --force"), CALL, 101.0),
        ("run1", ASK, {"text": "git push --force"}, 101.0),
        ("run1", ASK, {"text": "git push", "more": 1}, 101.0),
        ("run1", ASK, {}, 101.0),
        ("run1", ASK, CALL, 100.0 + policy.SECONDS),
    ],
    ids=[
        "other run",
        "no run",
        "other tool",
        "shown otherwise",
        "other arguments",
        "more",
        "none",
        "too late",
    ],
)
def test_a_yes_is_for_nothing_else(run: str, ask: Ask, arguments: Mapping[str, Any], now: float) -> None:
    assert not granted().spend(run, ask, arguments, now)


def test_a_run_knows_what_brought_strangers_in_and_says_so_once() -> None:
    heard: list[Event] = []
    with entered(Running(id="run1", listen=heard.append)):
        assert policy.tainted() == ()
        policy.taint("web_get")
        policy.taint("web_get")
        assert policy.tainted() == ("web_get",)
    assert [(event.kind, event.data) for event in heard] == [("taint", {"source": "web_get"})]
    with entered(Running(id="run2")):
        assert policy.tainted() == ()


@pytest.mark.parametrize(
    ("url", "runs"),
    [
        ("https://tea.example/page?x=1", True),
        ("https://tea.example/page", True),  # shortened, it tells nobody anything
        ("https://tea.example/page?x=12", False),
        ("https://tea.example/page?x=1&d=secret", False),
        ("https://secret.tea.example/page?x=1", False),
        ("https://api.example/v1/anything?d=1", True),
        ("https://api.example/v2", False),
        ("https://api.example.evil.example/v1/", False),
    ],
)
def test_an_address_that_a_model_made_up_asks_once_strangers_had_their_say(url: str, runs: bool) -> None:
    tool = made("read", "net")
    context = Context(
        allow=("*",),
        tainted=("web_fetch",),
        met=("see https://tea.example/page?x=1", "go on"),
        places=("https://api.example/v1",),
    )
    arguments = {"url": PublicUrl.of(url)}
    decision = decide(tool, arguments, context)
    assert isinstance(decision, Allow) == runs
    assert not isinstance(decision, Ask) or f"{url} stands nowhere" in decision.why
    assert isinstance(decide(tool, arguments, replace(context, tainted=())), Allow)
    assert isinstance(
        decide(tool, arguments, replace(context, met=None)), Allow
    )  # the graph's author wrote it


def test_a_graph_without_a_run_trusts_nothing() -> None:
    with entered(Running(node="a")):
        policy.taint("web_get")
        assert policy.tainted() == (policy.ALONE,)
    assert policy.tainted() == ()

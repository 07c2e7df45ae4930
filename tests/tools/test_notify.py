"""People are told when a run is committed: by a webhook and by mail over real servers, and by a program on the desktop."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call as Tinyllm
from tests.cli.conftest import tinyllm  # noqa: F401 - a fixture
from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.machines import Post
from tests.tools.site import Site
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(notify_counterpart: Counterpart) -> Counterpart:
    return notify_counterpart


def with_entry(services: Services, name: str, entry: dict[str, Any]) -> Services:
    return replace(services, settings=replace(services.settings, connections={name: entry}))


async def refused(services: Services, name: str, **arguments: Any) -> TinyError:
    with pytest.raises(TinyError) as failure:
        await services.call(name, arguments)
    assert failure.value.hint
    return failure.value


def telling(*steps: tuple[str, dict[str, Any]], more: Any = ()) -> dict[str, Any]:
    nodes = [
        {"id": f"n{n}", "kind": "tool", "tool": name, "args": args} for n, (name, args) in enumerate(steps)
    ]
    return {"name": "t", "allow": ["notify_*"], "steps": [*nodes, *more]}


MAIL = {"to": ["ada@example.org"], "subject": "It is done", "text": "All of it."}
ALL = telling(
    ("notify_webhook", {"message": "done", "data": {"run": 7}}),
    ("notify_mail", MAIL),
    ("notify_desktop", {"title": "Done", "text": "<b>really</b>"}),
)


async def test_all_of_it_leaves_after_the_commit(
    open_engine: Open, site: Site, post: Post, desktop: Path
) -> None:
    engine = open_engine(ALL)
    answer = await engine.ask("go")
    assert answer.status == "committed"
    [asked] = site.asked
    assert (asked.method, json.loads(asked.body)) == ("POST", {"text": "done", "run": 7})
    [(to, letter)] = post.letters
    assert to == ("ada@example.org",)
    assert (letter["subject"], letter["to"], letter.get_content().strip()) == (
        "It is done",
        "ada@example.org",
        "All of it.",
    )
    shown = (desktop.parent / "shown.txt").read_text().splitlines()
    assert shown == ["--app-name=TinyLLM", "--", "Done", "&lt;b&gt;really&lt;/b&gt;"]
    assert await engine.transactions.outbox() == []


async def test_a_run_that_fails_tells_nobody(
    open_engine: Open, site: Site, post: Post, desktop: Path
) -> None:
    graph = {**ALL, "steps": [*ALL["steps"], {"id": "fail", "kind": "transform", "value": "1 + 'a'"}]}
    engine = open_engine(graph)
    with pytest.raises(TinyError):
        await engine.ask("go")
    await engine.deliver(again=True)
    assert (site.asked, post.letters, (desktop.parent / "shown.txt").exists()) == ([], [], False)


async def test_a_second_try_carries_the_same_key(open_engine: Open, site: Site, post: Post) -> None:
    """So that who got it twice can know."""
    site.has("/hook", "later", "text/plain", status=503)
    post.refuses["ada@example.org"] = "451 try again later"
    engine = open_engine(telling(("notify_webhook", {"message": "one"}), ("notify_mail", MAIL)))
    answer = await engine.ask("go")
    assert len(answer.notes) == 3
    site.has("/hook", "ok", "text/plain")
    post.refuses.clear()
    assert [each.state for each in await engine.deliver(again=True)] == ["sent", "sent"]
    keys = {each.headers["idempotency-key"] for each in site.asked}
    assert len(keys) == 1
    assert len(site.asked) > 1
    [(_, letter)] = post.letters
    assert letter["message-id"].endswith("@example.org>")
    assert letter["auto-submitted"] == "auto-generated"


async def test_what_is_refused_for_good_is_not_tried_again(open_engine: Open, site: Site, post: Post) -> None:
    site.has("/hook", "no such hook", "text/plain", status=404)
    post.refuses["ada@example.org"] = "550 nobody of that name"
    engine = open_engine(telling(("notify_webhook", {"message": "one"}), ("notify_mail", MAIL)))
    await engine.ask("go")
    left = await engine.transactions.outbox()
    assert [(each.state, each.tries) for each in left] == [("failed", 1), ("failed", 1)]
    assert "no such hook" in left[0].error
    assert "550 nobody of that name" in left[1].error


async def test_a_webhook_follows_nobody_elsewhere(services: Services, site: Site) -> None:
    site.has("/hook", "", status=307, location="http://127.0.0.1:1/")
    await services.call("notify_webhook", {"message": "one"})
    assert site.paths() == ["/hook"]


async def test_a_webhook_says_what_its_receiver_reads(call: Call, services: Services, site: Site) -> None:
    entry = {"service": "webhook", "url": f"{site.origin}/api/", "field": "content", "headers": ["X-Key: k"]}
    await with_entry(services, "w", entry).call("notify_webhook", {"message": "hi", "data": {"content": "x"}})
    assert json.loads(site.asked[-1].body) == {"content": "hi"}
    assert site.asked[-1].headers["x-key"] == "k"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"to": ["ada@example.com"]}, "RECIPIENT_NOT_ALLOWED"),
        ({"to": ["ada@example.org", "eve@evil.example"]}, "RECIPIENT_NOT_ALLOWED"),
        ({"to": ["ada@example.org\nBcc: eve@evil.example"]}, "ADDRESS_INVALID"),
        ({"to": ["ada@example.org, eve@evil.example"]}, "ADDRESS_INVALID"),
        ({"to": ["<ada@example.org> SIZE=1"]}, "ADDRESS_INVALID"),
        ({"to": []}, "TOOL_INPUT"),
        ({"to": ["ada@example.org"] * 21}, "TOOL_INPUT"),
        ({"subject": " \n "}, "TOOL_INPUT"),
        ({"text": ""}, "TOOL_INPUT"),
        ({"text": "x" * 30_000}, "TOOL_INPUT"),
        ({"connection": "smtp.evil.example"}, "NO_CONNECTION"),
        ({"cc": ["eve@evil.example"]}, "TOOL_ARGS_INVALID"),
    ],
)  # fmt: skip
async def test_a_mail_goes_where_it_may_and_is_what_it_says(
    services: Services, post: Post, arguments: dict[str, Any], code: str
) -> None:
    failure = await refused(services, "notify_mail", **{**MAIL, **arguments})
    assert failure.code == code
    assert post.letters == []


async def test_no_word_becomes_a_header(call: Call, post: Post) -> None:
    await call(
        "notify_mail",
        to=["ada@example.org"],
        subject="Hi\r\nBcc: eve@evil.example\r\n\r\nowned",
        text="one\r\n.\r\nRCPT TO:<eve@evil.example>\r\n",
    )
    [(to, letter)] = post.letters
    assert to == ("ada@example.org",)
    assert letter["bcc"] is None
    assert letter["subject"] == "Hi Bcc: eve@evil.example owned"
    assert "RCPT TO" in letter.get_content()


async def test_when_some_have_it_nobody_gets_it_twice(services: Services, post: Post) -> None:
    post.refuses["bob@example.org"] = "451 later"
    failure = await refused(services, "notify_mail", **{**MAIL, "to": ["ada@example.org", "bob@example.org"]})
    assert failure.code == "SMTP_REFUSED"
    assert "not for bob@example.org" in failure.message
    assert len(post.letters) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tls": "starttls"}, "SMTP_REFUSED"),
        ({"tls": "no"}, "CONFIG_INVALID"),
        ({"host": "mail.example.org", "user": "u", "password": "p"}, "CONFIG_INVALID"),
        ({"user": "u", "password": "p"}, "SMTP_REFUSED"),
        ({"sender": ""}, "CONFIG_INVALID"),
    ],
)
async def test_a_server_is_used_as_the_settings_say(
    services: Services, post: Post, changes: dict[str, Any], code: str
) -> None:
    """A password goes over TLS only, and a server that has none is not spoken to without."""
    entry = {**services.settings.connections["office"], **changes}
    assert (await refused(with_entry(services, "office", entry), "notify_mail", **MAIL)).code == code
    assert post.letters == []


async def test_a_server_that_is_not_there_is_tried_later(services: Services, closed_port: int) -> None:
    entry = {**services.settings.connections["office"], "port": closed_port}
    failure = await refused(with_entry(services, "office", entry), "notify_mail", **MAIL)
    assert (failure.code, failure.kind) == ("SMTP_LATER", "retryable")


async def test_a_note_without_a_desktop_says_so(services: Services, tmp_path: Path) -> None:
    (program := tmp_path / "broken").write_text("#!/bin/sh\necho 'cannot open display' >&2\nexit 1\n")
    program.chmod(0o755)
    screen = with_entry(services, "screen", {"service": "desktop", "program": str(program)})
    failure = await refused(screen, "notify_desktop", title="--help")
    assert (failure.code, "cannot open display" in failure.message) == ("DESKTOP_MISSING", True)


async def test_a_person_sees_what_is_sent_and_to_whom(open_engine: Open, post: Post) -> None:
    graph = {**telling(("notify_mail", MAIL)), "allow": []}
    engine = open_engine(graph)
    answer = await engine.ask("go")
    assert answer.status == "waiting"
    assert (
        "  | mail to ada@example.org\n  | Subject: It is done\n  | \n  | All of it."
        in answer.question["question"]
    )
    with pytest.raises(TinyError, match="a person said no"):
        await engine.resume(answer.run, "no")
    assert post.letters == []


@pytest.fixture
def project(home: Path, site: Site) -> Path:
    (home / "tinyllm.toml").write_text(
        f'[connections.team]\nservice = "webhook"\nurl = "{site.origin}/hook"\n'
    )
    (home / "graphs").mkdir()
    (home / "graphs" / "tell.yaml").write_text(json.dumps(telling(("notify_webhook", {"message": "done"}))))
    return home


def test_the_outbox_on_the_command_line(tinyllm: Tinyllm, project: Path, site: Site) -> None:  # noqa: F811
    site.has("/hook", "closed", "text/plain", status=404)
    done = tinyllm("run", "-g", "tell", "go")
    assert done.code == 0
    assert "notify_webhook could not be sent" in done.err
    listed = tinyllm("runs", "outbox", "list")
    assert ("failed" in listed.out, "notify_webhook" in listed.out) == (True, True)
    checked = tinyllm("doctor")
    assert "1 deliveries wait or failed, notify_webhook among them" in checked.out
    assert tinyllm("runs", "outbox", "deliver").code == 1
    site.has("/hook", "ok", "text/plain")
    sent = tinyllm("runs", "outbox", "deliver")
    assert (sent.code, "notify_webhook was sent" in sent.out) == (0, True)
    assert tinyllm("runs", "outbox", "list").err.strip() == "nothing waits to be sent"
    rows = json.loads(tinyllm("runs", "outbox", "list", "--all", "--json").out)
    assert [row["state"] for row in rows] == ["sent"]
    wrong = tinyllm("runs", "outbox", "drop", rows[0]["key"])
    assert (wrong.code, "was sent already" in wrong.err) == (2, True)
    assert "delivery" in tinyllm("runs", "show", rows[0]["run"]).out

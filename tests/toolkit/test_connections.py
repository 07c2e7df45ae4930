"""Services by name: a person says where they are and how to get in, and a model says at most which."""

from dataclasses import replace
from typing import Any

import pytest

from tinyllm.errors import TinyError
from tinyllm.guard import Guard
from tinyllm.models import Models
from tinyllm.services import Services
from tinyllm.settings import Settings
from tinyllm.toolkit import Bounds, Toolbox, connection, tool, within
from tinyllm.toolkit.connections import secrets_in, unset

SHOP = {"service": "postgres", "url": "postgresql://reader@db/shop", "password": "${env:SHOP_PW}"}
CACHE = {"service": "redis", "url": "redis://localhost"}
TAKES = ("url", "password", "timeout", "hosts", "tls")


def test_the_only_one_need_not_be_named() -> None:
    with within(Bounds(connections={"shop": SHOP, "cache": CACHE})):
        assert connection("postgres", takes=TAKES).name == "shop"
        assert connection("redis", "cache", TAKES).text("url") == "redis://localhost"


def test_a_secret_is_looked_up_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with within(Bounds(connections={"shop": SHOP})):
        shop = connection("postgres", takes=TAKES)
        with pytest.raises(TinyError, match="SHOP_PW") as refused:
            shop.text("password")
        assert "export SHOP_PW" in refused.value.hint
        monkeypatch.setenv("SHOP_PW", "one")
        assert shop.text("password") == "one"
        monkeypatch.setenv("SHOP_PW", "two")
        assert shop.text("password") == "two"
        assert "two" not in repr(shop)


@pytest.mark.parametrize(
    ("service", "name", "hint"),
    [
        ("mongo", "", '[connections.NAME] with service = "mongo"'),
        ("postgres", "shpo", 'did you mean "shop"'),
        ("postgres", "postgresql://evil.example/x", "one of: shop"),
        ("redis", "shop", "one of: cache, other"),
        ("redis", "", "one of: cache, other"),
    ],
)
def test_what_is_not_set_up_is_no_connection(service: str, name: str, hint: str) -> None:
    entries = {"shop": SHOP, "cache": CACHE, "other": CACHE}
    with within(Bounds(connections=entries)), pytest.raises(TinyError) as refused:
        connection(service, name, TAKES)
    assert refused.value.code == "NO_CONNECTION"
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("entry", "ask"),
    [
        ({"pasword": "x"}, lambda c: c.text("password")),
        ({"url": 5}, lambda c: c.text("url")),
        ({"timeout": "soon"}, lambda c: c.number("timeout", 5)),
        ({"timeout": -1}, lambda c: c.number("timeout", 5)),
        ({"timeout": True}, lambda c: c.number("timeout", 5)),
        ({"hosts": "a"}, lambda c: c.words("hosts")),
        ({"tls": "yes"}, lambda c: c.flag("tls")),
        ({}, lambda c: c.needed("url")),
    ],
)
def test_a_wrong_entry_is_named(entry: dict[str, Any], ask: Any) -> None:
    with within(Bounds(connections={"shop": {"service": "x", **entry}})), pytest.raises(TinyError) as refused:
        ask(connection("x", takes=TAKES))
    assert refused.value.exit_code == 3
    assert "shop" in str(refused.value)


def test_what_is_not_set_is_told_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    entries: dict[str, dict[str, Any]] = {
        "shop": SHOP,
        "cache": CACHE,
        "api": {"service": "rest", "headers": ["A: ${env:ONE}", "B: ${env:TWO}"]},
    }
    monkeypatch.setenv("TWO", "x")
    assert unset(entries) == {"shop": ["SHOP_PW"], "api": ["ONE"]}


def test_every_secret_of_an_entry_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PW", "from the environment")
    entries: dict[str, dict[str, Any]] = {
        "shop": SHOP,
        "cache": {"service": "redis", "url": "redis://me:in%20the%20url@localhost"},
        "api": {"service": "rest", "token": "in the file", "headers": ["X-Key: in a header"]},
    }
    found = set(secrets_in(entries))
    assert found >= {"from the environment", "in the url", "in the file", "in a header"}


async def test_no_result_or_error_of_a_tool_holds_a_secret_of_a_connection(
    monkeypatch: pytest.MonkeyPatch, offline: Settings
) -> None:
    monkeypatch.setenv("SHOP_PW", "a-very-secret-word")

    @tool(effect="pure")
    async def leaky(fails: bool = False) -> str:
        """Say what it connects with."""
        found = connection("postgres", takes=TAKES).text("password")
        if fails:
            raise ValueError(f"cannot log in with {found}")
        return f"it is {found}"

    settings = replace(offline, connections={"shop": SHOP})
    leaking = Services(settings, Guard(Models(settings), {}), Toolbox({leaky.name: leaky}))
    assert (await leaking.call(leaky.name, {})).text == "it is [redacted]"
    with pytest.raises(TinyError) as failure:
        await leaking.call(leaky.name, {"fails": True})
    assert "a-very-secret-word" not in str(failure.value)

"""Redis through the front, a real server: every kind of value, and the commands that never run."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tools.conftest import Call
from tests.tools.counterparts import Counterpart
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(redis_counterpart: Counterpart) -> Counterpart:
    return redis_counterpart


def state(url: str) -> Any:
    import redis

    with redis.Redis.from_url(url) as client:
        return (
            {key: client.dump(key) for key in client.keys("*")},
            client.config_get("*max*"),
            client.client_list().__len__(),
        )


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("greeting", "string", "hello"),
        ("bytes", "string", "\ufffd\ufffd"),
        ("user:1", "hash", {"name": "Ada", "age": "36"}),
        ("queue", "list", ["a", "b", "c"]),
        ("tags", "set", ["hot"]),
        ("scores", "zset", [["Grace", 1.0], ["Ada", 2.0]]),
        ("events", "stream", [["1-1", {"kind": "login"}]]),
    ],
)
async def test_every_kind_of_value_is_read(call: Call, key: str, kind: str, value: Any) -> None:
    assert await call("redis_get", key=key, connection="cache") == {"key": key, "kind": kind, "value": value}


async def test_what_is_much_is_read_in_part(call: Call) -> None:
    items = ["RPUSH", "long", *map(str, range(150))]
    assert await call("redis_write", command=items, connection="store") == 150
    assert len((await call("redis_get", key="long", limit=5, connection="cache"))["value"]) == 5
    assert (await call("redis_get", key="soon", connection="cache"))["expires in seconds"] > 900
    assert await call("redis_keys", limit=1, connection="cache")


async def test_a_command_may_be_written_as_one_text(call: Call) -> None:
    assert await call("redis_command", command=["HGET user:1 name"], connection="cache") == "Ada"


FORBIDDEN = [
    ["EVAL", "return redis.call('SET', 'x', '1')", "0"], ["EVAL_RO", "return 1", "0"], ["EVALSHA", "x", "0"],
    ["FCALL", "f", "0"], ["FCALL_RO", "f", "0"], ["FUNCTION", "LOAD", "x"], ["SCRIPT", "LOAD", "return 1"],
    ["CONFIG", "SET", "dir", "/tmp"], ["CONFIG", "GET", "*"], ["CONFIG GET *"], ["CONFIG GET", "requirepass"],
    ["DEBUG", "SLEEP", "10"], ["FLUSHALL"], ["flushdb"], ["SHUTDOWN"], ["SAVE"], ["BGSAVE"], ["BGREWRITEAOF"],
    ["SLAVEOF", "127.0.0.1", "1"], ["REPLICAOF", "127.0.0.1", "1"], ["MODULE", "LOAD", "/tmp/x.so"],
    ["MIGRATE", "127.0.0.1", "1", "greeting", "0", "10"], ["ACL", "SETUSER", "x", "on", "nopass", "~*", "+@all"],
    ["CLIENT", "KILL", "TYPE", "normal"], ["SELECT", "1"], ["SWAPDB", "0", "1"], ["MOVE", "greeting", "1"],
    ["COPY", "greeting", "g", "DB", "1"], ["MONITOR"], ["SUBSCRIBE", "x"], ["PUBLISH", "x", "y"], ["BLPOP", "x", "0"],
    ["XREAD", "BLOCK", "0", "STREAMS", "x", "$"], ["XREAD", "COUNT", "1", "block", "0", "STREAMS", "x", "$"], ["WAIT", "1", "0"],
    ["KEYS", "*"], ["SORT", "queue", "STORE", "x"], ["RESTORE", "x", "0", "y"], ["AUTH", "x"], ["RESET"], ["CLUSTER", "RESET"],
    ["GET\r\nFLUSHALL", "x"], ["GET greeting\r\nSET x 1"], ["MULTI"], ["EXEC"], ["LATENCY", "RESET"], ["SLOWLOG", "RESET"], [""], [],
]  # fmt: skip


@pytest.mark.parametrize("command", FORBIDDEN, ids=[" ".join(each)[:30] for each in FORBIDDEN])
async def test_what_is_on_no_list_never_runs(
    services: Services, redis_server: str, command: list[str]
) -> None:
    before = state(redis_server)
    for name, connection in (("redis_command", "cache"), ("redis_write", "store")):
        with pytest.raises(TinyError) as refused:
            await services.call(name, {"command": command, "connection": connection})
        assert refused.value.code in ("UNKNOWN_COMMAND", "REDIS_ARGUMENT")
        assert refused.value.hint
    assert state(redis_server) == before


@pytest.mark.parametrize("command", [["SET", "x", "1"], ["GETDEL", "greeting"], ["DEL", "greeting"], ["ZRANGESTORE", "a", "scores", "0", "1"]])  # fmt: skip
async def test_reading_changes_nothing(services: Services, redis_server: str, command: list[str]) -> None:
    before = state(redis_server)
    with pytest.raises(TinyError) as refused:
        await services.call("redis_command", {"command": command, "connection": "store"})
    assert "use redis_write" in refused.value.hint
    with pytest.raises(TinyError, match="is for reading"):
        await services.call("redis_write", {"command": command, "connection": "cache"})
    assert state(redis_server) == before


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("redis_get", {"key": "nothing"}, "TOOL_INPUT"),
        ("redis_command", {"command": ["LLEN", "greeting"]}, "WRONGTYPE"),
        ("redis_command", {"command": ["GET"]}, "REDIS_ARGUMENT"),
        ("redis_write", {"command": ["INCR", "greeting"], "connection": "store"}, "REDIS_ARGUMENT"),
        ("redis_command", {"command": ["GET", "x"], "connection": "cahce"}, "NO_CONNECTION"),
    ],
)
async def test_a_mistake_is_named(
    services: Services, name: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(TinyError) as failure:
        await services.call(name, {"connection": "cache", **arguments})
    assert failure.value.code == code
    assert failure.value.hint


async def test_a_server_that_cannot_be_used_is_named(
    services: Services, redis_server: str, closed_port: int
) -> None:
    place = redis_server.partition("@")[2]
    for url, code in (
        (f"redis://127.0.0.1:{closed_port}", "CONNECTION_REFUSED"),
        (f"redis://:wrong@{place}", "REDIS_AUTH"),
        (f"redis://{place}", "REDIS_AUTH"),
    ):
        connections = {"cache": {"service": "redis", "url": url}}
        services.__dict__["bounds"] = replace(services.bounds, connections=connections)
        with pytest.raises(TinyError) as failure:
            await services.call("redis_get", {"key": "greeting"})
        assert failure.value.code == code

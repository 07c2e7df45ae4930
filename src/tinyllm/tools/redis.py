"""Look into Redis, and change it where a person lets it: commands from two lists, connections from the settings."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import connection as connected_by
from tinyllm.toolkit import need, tool
from tinyllm.tools.rows import shortened, within

EXTRA = "redis"
TAKES = ("url", "password", "timeout", "writes")
SECONDS = 5.0
ARGUMENTS, LONGEST = 200, 100_000  # of a command; characters of an argument
SCANNED = 100_000  # keys that one search looks at
READS_OF = """
bitcount bitfield_ro bitpos dbsize exists expiretime geodist geohash geopos geosearch get getbit getrange
hexists hget hgetall hkeys hlen hmget hrandfield hstrlen hvals info lcs lindex llen lpos lrange mget
pexpiretime pfcount ping pttl randomkey scard sdiff sinter sintercard sismember smembers smismember
srandmember strlen substr sunion time ttl type xinfo xlen xpending xrange xread xrevrange zcard zcount zdiff
zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange
zrevrangebyscore zrevrank zscore zunion
"""
READS: Final = frozenset(READS_OF.split())
WRITES_OF = """
append bitfield bitop decr decrby del expire expireat geoadd getdel getex getset hdel hincrby hincrbyfloat
hmset hset hsetnx incr incrby incrbyfloat linsert lmove lpop lpush lpushx lrem lset ltrim mset msetnx persist
pexpire pexpireat pfadd pfmerge psetex rename renamenx rpop rpush rpushx sadd sdiffstore set setbit setex
setnx setrange sinterstore smove spop srem sunionstore touch unlink xadd xdel xtrim zadd zdiffstore zincrby
zinterstore zpopmax zpopmin zrangestore zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore
"""
WRITES: Final = frozenset(WRITES_OF.split())


@asynccontextmanager
async def opened(name: str, *, writes: bool = False) -> AsyncIterator[Any]:
    client_of = need("redis.asyncio", extra=EXTRA).Redis
    entry = connected_by("redis", name, TAKES)
    if writes and not entry.flag("writes"):
        raise Permanent(
            f"the connection {entry.name!r} is for reading",
            hint=f"a person adds writes = true to [connections.{entry.name}]",
            code="REDIS_AUTH",
        )
    seconds = entry.number("timeout", SECONDS)
    extra = {"password": password} if (password := entry.text("password")) else {}
    client = client_of.from_url(
        entry.needed("url"), decode_responses=True, encoding_errors="replace", socket_timeout=seconds,
        socket_connect_timeout=seconds, **extra,
    )  # fmt: skip
    async with client:
        yield client


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda pattern, connection, **_: f"find keys {pattern} on {_named(connection)}",
)
async def keys(pattern: str = "*", limit: int = 100, connection: str = "") -> list[str]:
    """Find keys of a Redis database by name, such as user:*."""
    found: list[str] = []
    looked = 0
    async with opened(connection) as client:
        async for key in client.scan_iter(match=pattern, count=1_000):
            looked += 1
            found.append(key)
            if len(found) >= within(limit) or looked >= SCANNED:
                break
    return sorted(found)


@tool(
    effect="read",
    reach="net",
    extra=EXTRA,
    shows=lambda key, connection, **_: f"get {key} from {_named(connection)}",
)
async def get(key: str, limit: int = 100, connection: str = "") -> dict[str, Any]:
    """Look at one key of a Redis database, whatever it holds: text, list, hash, set, sorted set or stream."""
    last = within(limit) - 1
    async with opened(connection) as client:
        kind = await client.type(key)
        if kind == "none":
            raise BadReply(f"there is no key {key!r}", hint="find keys with redis_keys", code="TOOL_INPUT")
        look: Mapping[str, Any] = {
            "string": lambda: client.getrange(key, 0, LONGEST),
            "list": lambda: client.lrange(key, 0, last),
            "hash": lambda: _scanned(client.hscan_iter(key, count=200), last + 1),
            "set": lambda: _scanned(client.sscan_iter(key, count=200), last + 1),
            "zset": lambda: client.zrange(key, 0, last, withscores=True),
            "stream": lambda: client.xrange(key, count=last + 1),
        }
        if kind not in look:
            raise BadReply(f"{key!r} holds a {kind}", hint="look at another key", code="WRONGTYPE")
        value: Any = await look[kind]()
        if kind == "hash":
            value = dict(value)
        told = {"key": key, "kind": kind, "value": shortened(value)}
        seconds = await client.ttl(key)
        return {**told, "expires in seconds": seconds} if seconds >= 0 else told


async def _scanned(found: AsyncIterator[Any], most: int) -> list[Any]:
    kept: list[Any] = []
    async for each in found:
        kept.append(each)
        if len(kept) >= most:
            break
    return kept


def _shown(command: list[str], connection: str) -> str:
    return f"on {_named(connection)}: {' '.join(command)}"


@tool(effect="read", reach="net", extra=EXTRA, shows=_shown)
async def command(command: list[str], connection: str = "") -> Any:
    """Ask Redis with one command that only reads, as a list: ["HGET", "user:1", "name"]."""
    return await _done(command, READS, "looks", connection)


@tool(effect="unsafe", reach="remote", extra=EXTRA, shows=_shown)
async def write(command: list[str], connection: str = "") -> Any:
    """Change Redis with one command, as a list: ["SET", "greeting", "hello"]."""
    return await _done(command, WRITES, "changes keys", connection)


async def _done(command: list[str], allowed: frozenset[str], does: str, connection: str) -> Any:
    words = _checked(command)
    name = words[0].casefold()
    if name not in allowed or _waits(words):
        other = "redis_write" if name in WRITES else "redis_command" if name in READS else ""
        raise Permanent(
            f"{' '.join(words[:2])[:60]} is not a command that {does}, or one that may not run",
            hint=f"use {other}"
            if other and name not in allowed
            else f"use one of: {', '.join(sorted(allowed))}",
            code="UNKNOWN_COMMAND",
        )
    async with opened(connection, writes=allowed is WRITES) as client:
        answer: Awaitable[Any] = client.execute_command(*words)
        return shortened(await answer)


def _checked(command: list[str]) -> list[str]:
    """A command word by word; small models write it as one text, too."""
    words = command[0].split() if len(command) == 1 else command
    if not words or len(words) > ARGUMENTS or any(len(word) > LONGEST for word in words):
        raise BadReply("this is no command", hint='write it like ["GET", "key"]', code="REDIS_ARGUMENT")
    return words


def _waits(words: list[str]) -> bool:
    """XREAD that stands there until somebody writes."""
    folded = [word.casefold() for word in words]
    return (
        folded[0] == "xread" and "block" in folded[: folded.index("streams") if "streams" in folded else None]
    )


def _named(connection: str) -> str:
    """The connection that a call without a name means."""
    return connected_by("redis", connection, TAKES).name

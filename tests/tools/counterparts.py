"""What tools of the outside talk to in tests: real servers where there are any, else fakes that speak the protocol."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.tools.elastic_wire import Cluster, cluster_serving
from tests.tools.mongo_wire import Wire, wire_server
from tests.tools.site import Site, serving


@dataclass(frozen=True)
class Counterpart:
    """What settings must say to reach it, and what stands in the calls in place of its address."""

    hosts: tuple[str, ...] = ()
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, dict[str, Any]], ...] = ()  # calls without which the others make no sense

    def call(self, arguments: dict[str, Any], expected: str) -> tuple[dict[str, Any], str]:
        """A call as it is made here."""
        return json.loads(self.said(json.dumps(arguments))), self.said(expected)

    def said(self, text: str) -> str:
        for word, here in self.words.items():
            text = text.replace(word, here)
        return text


NOTHING = Counterpart()

# The fixture for each domain, by the first word of its tools' names.
COUNTERPARTS: dict[str, str] = {
    "browser": "browser_counterpart",
    "docker": "docker_counterpart",
    "elastic": "elastic_counterpart",
    "memory": "memory_counterpart",
    "kube": "kube_counterpart",
    "mongo": "mongo_counterpart",
    "notify": "notify_counterpart",
    "postgres": "postgres_counterpart",
    "redis": "redis_counterpart",
    "ssh": "ssh_counterpart",
    "web": "web_counterpart",
}


@pytest.fixture(scope="session")
def standing_site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(standing_site: Site) -> Iterator[Site]:
    """A web site of this machine, that nobody has asked yet."""
    standing_site.asked.clear()
    replies = dict(standing_site.replies)
    yield standing_site
    standing_site.replies = replies


@pytest.fixture
def web_counterpart(site: Site, monkeypatch: pytest.MonkeyPatch) -> Counterpart:
    """The real protocol over loopback; the search engine says what SearXNG was seen to say."""
    monkeypatch.setenv("API_PASS", "the-pass-of-the-api")
    return Counterpart(
        (f"127.0.0.1:{site.port}",),
        {
            "engine": {"service": "searxng", "url": site.origin},
            "api": {"service": "rest", "url": f"{site.origin}/api/", "token": "${env:API_PASS}"},
        },
        {"https://tea.example": site.origin},
    )


SHOP = """
CREATE TABLE products (id int PRIMARY KEY, name text UNIQUE NOT NULL, price numeric(8, 2), made date, tags jsonb);
COMMENT ON TABLE products IS 'what is sold';
INSERT INTO products VALUES (1, 'tea', 3.5, '2026-03-01', '["hot"]'), (2, 'coffee', 5, NULL, NULL);
CREATE SEQUENCE numbers;
CREATE ROLE reader LOGIN PASSWORD 'read-me-not'; CREATE ROLE writer LOGIN PASSWORD 'write-me-not';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO reader;
GRANT ALL ON ALL TABLES IN SCHEMA public TO writer; GRANT CREATE ON SCHEMA public TO writer, reader;
"""


@pytest.fixture(scope="session")
def shop(postgres_server: str) -> str:
    """The URL of a database with a table, for the logins reader and writer."""
    import psycopg

    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    with psycopg.connect(f"{postgres_server}/shop", autocommit=True) as connection:
        for statement in SHOP.split(";"):
            connection.execute(statement)  # type: ignore[arg-type,call-overload,unused-ignore]
    return f"{postgres_server}/shop"


@pytest.fixture
def postgres_counterpart(shop: str, monkeypatch: pytest.MonkeyPatch) -> Counterpart:
    """A real PostgreSQL."""
    monkeypatch.setenv("SHOP_READER", "read-me-not")
    monkeypatch.setenv("SHOP_WRITER", "write-me-not")
    place = shop.partition("@")[2]
    return Counterpart(
        connections={
            "shop": {
                "service": "postgres",
                "url": f"postgresql://reader@{place}",
                "password": "${env:SHOP_READER}",
            },
            "stock": {
                "service": "postgres",
                "url": f"postgresql://writer@{place}",
                "password": "${env:SHOP_WRITER}",
                "writes": True,
            },
        }
    )


@pytest.fixture
def redis_counterpart(redis_server: str) -> Counterpart:
    """A real Redis, with some of everything in it."""
    import redis

    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
        client.mset({"greeting": "hello", "bytes": b"\xff\xfe"})
        client.hset("user:1", mapping={"name": "Ada", "age": 36})
        client.rpush("queue", "a", "b", "c")
        client.sadd("tags", "hot")
        client.zadd("scores", {"Ada": 2, "Grace": 1})
        client.xadd("events", {"kind": "login"}, id="1-1")
        client.set("soon", "gone", ex=1_000)
    return Counterpart(
        connections={
            "cache": {"service": "redis", "url": redis_server},
            "store": {"service": "redis", "url": redis_server, "writes": True},
        }
    )


@pytest.fixture(scope="session")
def standing_mongo() -> Iterator[Wire]:
    with wire_server() as wire:
        yield wire


@pytest.fixture
def mongo(standing_mongo: Wire) -> Wire:
    """Orders in mongomock, behind MongoDB's protocol."""
    import datetime as dt

    for name in standing_mongo.client["shop"].list_collection_names():
        standing_mongo.client["shop"].drop_collection(name)
    standing_mongo.client["shop"]["orders"].insert_many(
        [
            {"product": "tea", "amount": 2, "when": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)},
            {"product": "tea", "amount": 5, "when": None},
            {"product": "coffee", "amount": 9, "when": None},
        ]
    )
    return standing_mongo


@pytest.fixture
def mongo_counterpart(mongo: Wire) -> Counterpart:
    """No real MongoDB: the official client, the protocol over TCP, and mongomock behind it."""
    entry = {"service": "mongo", "url": mongo.url, "database": "shop"}
    return Counterpart(connections={"shop": entry, "stock": {**entry, "writes": True}})


@pytest.fixture(scope="session")
def standing_cluster() -> Iterator[Cluster]:
    with cluster_serving() as cluster:
        yield cluster


@pytest.fixture
def elastic(standing_cluster: Cluster) -> Cluster:
    """Log lines behind Elasticsearch's REST interface."""
    lines = (("info", "the server started"), ("error", "the disk is full"), ("error", "the network is down"))
    documents = {str(n): {"level": level, "message": text} for n, (level, text) in enumerate(lines, 1)}
    standing_cluster.indices = {"logs-1": documents, ".security": {}}
    standing_cluster.asked.clear()
    standing_cluster.key = ""
    return standing_cluster


@pytest.fixture
def elastic_counterpart(elastic: Cluster) -> Counterpart:
    """No real Elasticsearch: the official client, and a server that speaks its protocol."""
    entry = {"service": "elastic", "url": elastic.url}
    return Counterpart(connections={"logs": entry, "store": {**entry, "writes": True}})


@pytest.fixture(scope="session")
def chromium() -> Iterator[None]:
    """The browser of this process; it is started by the first tool that needs it."""
    from tinyllm.tools import chromium

    if not any(map(shutil.which, chromium.PROGRAMS)):
        pytest.skip("Chromium is not installed")
    yield
    chromium.stop()


@pytest.fixture
def browser_counterpart(site: Site, chromium: None) -> Counterpart:
    """A real Chromium, and a web site of this machine."""
    site.has("/form", FORM)
    return Counterpart(
        (f"127.0.0.1:{site.port}",),
        words={"https://tea.example": site.origin},
        before=(("browser_open", {"url": f"{site.origin}/form"}),),
    )


FORM = """<!doctype html><title>Order</title><h1>Order tea</h1><form action="/api/order" method="post">
<label for="n">Name</label><input id="n" name="name"><label>Kind <select name="kind"><option>Green</option><option>Black</option>
</select></label><label><input type="checkbox" name="hot">Hot</label><label>Word <input type="password" name="word" value="hush"></label>
<input type="file" aria-label="Papers" name="papers"><button>Send</button></form><a href="/tea" target="_blank">All tea</a>
<p style="position:absolute;left:-9999px;visibility:hidden">secret order</p>"""


@pytest.fixture
def memory_counterpart() -> Counterpart:
    """The memory of the test's own database, with one thing in it."""
    return Counterpart(before=(("memory_remember", {"text": "Ada likes tea.", "key": "drink"}),))

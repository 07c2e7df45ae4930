"""What tools of the outside talk to in tests: real servers where there are any, else fakes that speak the protocol."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.tools.site import Site, serving


@dataclass(frozen=True)
class Counterpart:
    """What settings must say to reach it, and what stands in the calls in place of its address."""

    hosts: tuple[str, ...] = ()
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def call(self, arguments: dict[str, Any], expected: str) -> tuple[dict[str, Any], str]:
        """A call as it is made here."""
        return json.loads(self.said(json.dumps(arguments))), self.said(expected)

    def said(self, text: str) -> str:
        for word, here in self.words.items():
            text = text.replace(word, here)
        return text


NOTHING = Counterpart()

# The fixture for each domain, by the first word of its tools' names.
COUNTERPARTS: dict[str, str] = {"web": "web_counterpart"}


@pytest.fixture(scope="session")
def standing_site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(standing_site: Site) -> Site:
    """A web site of this machine, that nobody has asked yet."""
    standing_site.asked.clear()
    return standing_site


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

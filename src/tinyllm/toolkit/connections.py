"""Services that a person has named in the settings: their addresses and secrets, never told to a model nor by one."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from tinyllm.errors import BadReply, GraphError, Permanent, TinyError
from tinyllm.problems import did_you_mean
from tinyllm.redaction import SECRET_NAME
from tinyllm.toolkit.bounds import bounds

REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Connection:
    """One entry of `[connections]`; references to the environment are followed when it is used."""

    name: str
    service: str
    given: Mapping[str, Any] = field(repr=False)

    def text(self, key: str, default: str = "") -> str:
        value = self.given.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return self._followed(value)

    def number(self, key: str, default: float) -> float:
        value = self.given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise self._wrong(key, "a number above 0")
        return float(value)

    def words(self, key: str) -> tuple[str, ...]:
        value = self.given.get(key, [])
        if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise self._wrong(key, "a list of texts")
        return tuple(map(self._followed, value))

    def flag(self, key: str) -> bool:
        value = self.given.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def needed(self, key: str) -> str:
        """A text that the service cannot do without."""
        if not (value := self.text(key)):
            raise GraphError(
                f"the connection {self.name!r} has no {key}",
                hint=f"add it to [connections.{self.name}]",
                code="CONFIG_INVALID",
            )
        return value

    def _followed(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            if found.group(1) not in os.environ:
                raise Permanent(
                    f"the connection {self.name!r} needs the environment variable {found.group(1)}",
                    hint=f"a person sets it: export {found.group(1)}=…",
                    code="CONFIG_INVALID",
                )
            return os.environ[found.group(1)]

        return REFERENCE.sub(value, text)

    def _wrong(self, key: str, wanted: str) -> GraphError:
        return GraphError(
            f"{key} of the connection {self.name!r} should be {wanted}",
            hint=f"mend [connections.{self.name}] in the settings",
            code="CONFIG_INVALID",
        )


def connection(service: str, name: str = "", takes: tuple[str, ...] = ()) -> Connection:
    """The connection of that name, or the only one to this service; `takes` are the keys that it may have."""
    known = {each.name: each for each in connections(service)}
    if not known:
        raise Permanent(
            f"no connection to {service} is set up",
            hint=f'a person adds [connections.NAME] with service = "{service}" to the settings',
            code="NO_CONNECTION",
        )
    if name not in known and (name or len(known) > 1):
        told = f"there is no connection {name!r} to {service}" if name else "several connections would do"
        raise BadReply(
            told,
            hint=did_you_mean(name, known) or f"give connection, one of: {', '.join(known)}",
            code="NO_CONNECTION",
        )
    found = known[name] if name else next(iter(known.values()))
    for key in found.given:
        if key not in (SERVICE, *takes):
            raise GraphError(
                f"a connection to {service} has no {key!r}",
                hint=did_you_mean(key, takes) or f"it has {', '.join(takes)}",
                where=f"connections.{found.name}",
                code="CONFIG_UNKNOWN",
            )
    return found


def connections(service: str) -> Iterator[Connection]:
    """Those to one service, as the settings have them."""
    for name, given in bounds().connections.items():
        if given.get(SERVICE) == service:
            yield Connection(name, service, given)


def unset(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The variables that an entry refers to and that are not set."""
    named = {name: REFERENCE.findall(str(list(entry.values()))) for name, entry in entries.items()}
    missing = {name: [each for each in found if each not in os.environ] for name, found in named.items()}
    return {name: found for name, found in missing.items() if found}


def secrets_in(entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What nobody may read: what is taken from the environment, what is called a secret, passwords in addresses."""
    for name, entry in entries.items():
        if "user" in entry and "password" in entry:  # as a login over HTTP writes them
            yield ":".join(_quietly(Connection(name, "", entry), key) for key in ("user", "password"))
        for key, value in entry.items():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    yield from _secrets(key, text)


def _quietly(entry: Connection, key: str) -> str:
    """The text; what is wrong with it is said when it is used."""
    try:
        return entry.text(key)
    except TinyError:
        return ""


def _secrets(key: str, text: str) -> Iterator[str]:
    for name in REFERENCE.findall(text):
        yield os.environ.get(name, "")
    if not REFERENCE.search(text) and (SECRET_NAME.search(key) or key == "headers"):
        yield text.partition(": ")[2] or text
    try:
        password = urlsplit(text).password if "@" in text else None
    except ValueError:
        return
    if password and not REFERENCE.search(password):
        yield from (password, unquote(password))

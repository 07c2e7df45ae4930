"""Tell people: a webhook, a mail, a note on the desktop. Inside a run all of it waits until the run is committed."""

import os
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tinyllm.effects import effect_key
from tinyllm.effects.contents import digest
from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import PublicUrl, bounds, tool, within
from tinyllm.toolkit import connection as connection_to
from tinyllm.toolkit.connections import connections
from tinyllm.tools import programs
from tinyllm.tools.calling import called
from tinyllm.tools.mailing import Letter, posted

LONGEST = 20_000  # characters of one message
WEBHOOK, SMTP, DESKTOP = "webhook", "smtp", "desktop"
WEBHOOK_TAKES = ("url", "field", "headers")
SMTP_TAKES = ("host", "port", "tls", "user", "password", "sender", "recipients")
SESSION = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")


def _shown_webhook(message: str, data: dict[str, Any] | None = None, connection: str = "") -> str:
    more = f"\n{data}" if data else ""
    return f"POST to the webhook {connection or '(the only one)'}\n{message}{more}"


@tool(effect="keyed", reach="net", delivers=True, shows=_shown_webhook, seconds=25.0)
async def webhook(message: str, data: dict[str, Any] | None = None, connection: str = "") -> str:
    """Send a message to a webhook, such as a chat channel, when the run is committed; data is sent along as JSON."""
    hook = connection_to(WEBHOOK, connection, WEBHOOK_TAKES)
    url = hook.needed("url")
    parts = urlsplit(url)
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    told = dict(line.split(":", 1) for line in hook.words("headers") if ":" in line)
    headers = {name.strip(): value.strip() for name, value in told.items()}
    body = {**(data or {}), hook.text("field", "text"): _bearable(message)}
    # A person named this host; what the model says is in the body only.
    with within(replace(bounds(), hosts=(*bounds().hosts, f"{parts.hostname}:{port}"))):
        reply = await called(PublicUrl.of(url), "POST", body, more={**headers, "idempotency-key": key()})
    return f"sent to {hook.name}, which answered {reply.status}"


def _shown_mail(to: list[str], subject: str, text: str, connection: str = "") -> str:
    by = f" by {connection}" if connection else ""
    return f"mail{by} to {', '.join(to)}\nSubject: {subject}\n\n{text}"


@tool(effect="unsafe", reach="net", delivers=True, shows=_shown_mail, seconds=60.0)
async def mail(to: list[str], subject: str, text: str, connection: str = "") -> str:
    """Send a mail as plain text when the run is committed."""
    server = connection_to(SMTP, connection, SMTP_TAKES)
    letter = Letter(tuple(to), " ".join(subject.split()), _bearable(text), key())
    await posted(letter, server)
    return f"sent to {', '.join(to)} by {server.name}"


def _shown_desktop(title: str, text: str = "") -> str:
    return f"show on the desktop: {title}\n{text}".rstrip()


@tool(effect="unsafe", reach="exec", delivers=True, programs=("notify-send",), shows=_shown_desktop)
async def desktop(title: str, text: str = "") -> str:
    """Show a note on the desktop of this machine when the run is committed."""
    if not title.strip():
        raise BadReply("a note needs a title", hint="give title, some words", code="TOOL_INPUT")
    words = [_unmarked(part[:500]) for part in (title, text)]
    session = {name: os.environ[name] for name in SESSION if name in os.environ}
    ended = await programs.run(
        [_notifier(), "--app-name=TinyLLM", "--", *words], bounds().root, more=session, seconds=10
    )
    if ended.code:
        raise Permanent(
            f"the note was not shown: {ended.stderr.strip()[:200] or ended.code}",
            hint="is there a desktop? notify-send shows it by D-Bus",
            code="DESKTOP_MISSING",
        )
    return "sent to the desktop"


def _notifier() -> str:
    """notify-send, or the program that a person names in its place."""
    named = next(connections(DESKTOP), None)
    return named.needed("program") if named else programs.program("notify-send")


def _unmarked(text: str) -> str:
    """A desktop reads markup in a note; here it is text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")


def _bearable(text: str) -> str:
    if not text.strip() or len(text) > LONGEST:
        raise BadReply(
            f"a message has 1 to {LONGEST:,} characters", hint="say less, or something", code="TOOL_INPUT"
        )
    return text


def key() -> str:
    """The key of this delivery as a header can hold it: the same for every try."""
    return digest(effect_key().encode())[:32]

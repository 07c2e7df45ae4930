"""One mail to one server: built so that no word of it can become a header, sent over TLS, known by its Message-ID."""

import asyncio
import fnmatch
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

from tinyllm.errors import BadReply, GraphError, Permanent, TinyError, Unavailable
from tinyllm.toolkit import Connection

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
SECONDS = 15.0  # of each exchange with the server
MOST = 20  # recipients
TLS = ("starttls", "tls", "none")
HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, to whom; the key is the same for every try."""

    to: tuple[str, ...]
    subject: str
    text: str
    key: str


async def posted(letter: Letter, server: Connection) -> None:
    """Give it to the server, in a thread that ends by itself: every exchange has its time."""
    message = written(letter, server)
    try:
        await asyncio.to_thread(_send, message, letter.to, server)
    except (smtplib.SMTPException, OSError) as failure:
        raise _said(failure, server) from failure


def written(letter: Letter, server: Connection) -> EmailMessage:
    if not letter.subject or not 0 < len(letter.to) <= MOST:
        raise BadReply(
            f"a mail needs a subject and 1 to {MOST} recipients",
            hint="give to and subject",
            code="TOOL_INPUT",
        )
    for each in letter.to:
        _check(each, server)
    sender = server.needed("sender")
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(letter.to)
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2].strip('> ') or 'tinyllm.invalid'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _check(address: str, server: Connection) -> None:
    if not ADDRESS.fullmatch(address):
        raise BadReply(
            f"{address[:80]!r} is not an address",
            hint="write it like ada@example.org",
            code="ADDRESS_INVALID",
        )
    allowed = server.words("recipients")
    if allowed and not any(fnmatch.fnmatchcase(address.lower(), each.lower()) for each in allowed):
        raise Permanent(
            f"mail to {address} is not allowed here",
            hint=f"it may go to {', '.join(allowed)}; a person extends `recipients` of {server.name}",
            code="RECIPIENT_NOT_ALLOWED",
        )


def _send(message: EmailMessage, to: tuple[str, ...], server: Connection) -> None:
    with _opened(server) as smtp:
        if user := server.text("user"):
            smtp.login(user, server.needed("password"))
        if refused := smtp.send_message(message, to_addrs=list(to)):
            # The others have it: a second try would come to them again.
            raise Permanent(
                f"{server.name} took the mail, but not for {', '.join(refused)}",
                hint="mend those addresses, and write to them alone",
                code="SMTP_REFUSED",
            )


def _opened(server: Connection) -> smtplib.SMTP:
    host, tls = server.needed("host"), server.text("tls", "starttls")
    if tls not in TLS or (tls == "none" and server.text("user") and host not in HERE):
        raise GraphError(
            f"tls of the connection {server.name!r} is {tls!r}",
            hint='choose "starttls" or "tls"; "none" only without a password, or on this machine',
            code="CONFIG_INVALID",
        )
    if tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, int(server.number("port", 465)), timeout=SECONDS, context=context)
    smtp = smtplib.SMTP(host, int(server.number("port", 587)), timeout=SECONDS)
    if tls == "starttls":
        smtp.starttls(context=ssl.create_default_context())
    return smtp


def _said(failure: Exception, server: Connection) -> TinyError:
    """What the server says decides: 4xx may pass, 5xx will not."""
    code, text = _reply(failure)
    if isinstance(failure, ssl.SSLError):
        return Permanent(
            f"{server.name} has no certificate that is trusted here: {failure}",
            hint="a person mends its certificate, or the connection's host",
            code="TLS_INVALID",
        )
    # SMTPException is an OSError as well.
    passing = not isinstance(failure, smtplib.SMTPException) or isinstance(
        failure, smtplib.SMTPServerDisconnected
    )
    if passing or (code is not None and code < 500):
        return Unavailable(
            f"{server.name} does not take mail now: {text or failure}",
            hint="it is tried again later",
            code="SMTP_LATER",
            retry="backoff_long",
        )
    if code is None:
        return Permanent(
            f"{server.name}: {failure}", hint="a person looks at its settings", code="SMTP_REFUSED"
        )
    hint = "a person mends user and password" if code == 535 else "mend the recipients or the text"
    return Permanent(f"{server.name} refused the mail: {code} {text}", hint=hint, code="SMTP_REFUSED")


def _reply(failure: Exception) -> tuple[int | None, str]:
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        replies: list[Any] = list(failure.recipients.values())
        worst = max(replies, key=lambda reply: int(reply[0]))
        return int(worst[0]), _text(worst[1])
    if isinstance(failure, smtplib.SMTPResponseException):
        return failure.smtp_code, _text(failure.smtp_error)
    return None, ""


def _text(said: Any) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:300]

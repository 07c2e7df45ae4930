"""A machine reached by SSH: one that the settings name, whose key a person has confirmed; nothing of ours goes along."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tinyllm.errors import GraphError, Permanent, TinyError
from tinyllm.toolkit import Connection, connection, need

EXTRA = "ssh"
TAKES = ("host", "port", "user", "key", "passphrase", "password", "known_hosts")
SECONDS = 15.0  # to connect, and to log in


def machine(name: str) -> Connection:
    """The connection that a person has named."""
    found = connection("ssh", name, TAKES)
    for key in ("host", "user"):
        if (text := found.needed(key)).startswith("-") or not text.isprintable() or " " in text:
            raise GraphError(
                f"the {key} of the connection {found.name!r} is no {key}",
                hint=f"mend [connections.{found.name}]",
                code="CONFIG_INVALID",
            )
    return found


@asynccontextmanager
async def entered(server: Connection) -> AsyncIterator[Any]:
    """Logged in: no settings of ssh's own are read, no agent is asked or lent, no program stands in between."""
    asyncssh = need("asyncssh", extra=EXTRA)
    try:
        opened = await asyncssh.connect(**_options(server))
    except asyncssh.HostKeyNotVerifiable as failure:
        raise await _unknown(server, asyncssh) from failure
    except FileNotFoundError as failure:
        raise Permanent(
            f"the key of {server.name} is not there: {failure.filename}",
            hint=f"mend `key` of [connections.{server.name}]",
            code="CONFIG_INVALID",
        ) from failure
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as failure:
        raise Permanent(
            f"the key of {server.name} cannot be read: {failure}",
            hint="a person gives its passphrase in the settings, or another key",
            code="SSH_KEY_FILE",
        ) from failure
    async with opened:
        yield opened


def _options(server: Connection) -> dict[str, Any]:
    password = server.text("password") or None
    key = server.text("key")
    return {
        "host": server.text("host"),
        "port": int(server.number("port", 22)),
        "username": server.text("user"),
        "known_hosts": _known(server),
        "client_keys": [str(Path(key).expanduser())] if key else None,
        "passphrase": server.text("passphrase") or None,
        "password": password,
        "preferred_auth": "publickey,password" if password else "publickey",
        "config": None,
        "agent_path": None,
        "agent_forwarding": False,
        "proxy_command": None,
        "x509_trusted_certs": None,
        "gss_host": None,
        "connect_timeout": SECONDS,
        "login_timeout": SECONDS,
    }


def _known(server: Connection) -> str:
    """The file of known keys; without one nobody is known, which is not the same as anybody."""
    path = _known_path(server)
    return str(path) if path.is_file() else os.devnull


def _known_path(server: Connection) -> Path:
    return Path(server.text("known_hosts", "~/.ssh/known_hosts")).expanduser()


async def _unknown(server: Connection, asyncssh: Any) -> TinyError:
    """It has no key that we know, or another one than it had: which is told apart, and never passed over."""
    host, port = server.text("host"), int(server.number("port", 22))
    place, path = (host if port == 22 else f"[{host}]:{port}"), _known_path(server)
    shown = await asyncssh.get_server_host_key(host, port, config=None, proxy_command=None)
    print_ = shown.get_fingerprint() if shown else "none"
    if path.is_file() and any(asyncssh.match_known_hosts(str(path), host, "", port)):
        return Permanent(
            f"{server.name} shows another key than it had ({print_}): somebody may be in between",
            hint=f"find out why; if it was renewed, a person runs: ssh-keygen -R '{place}' -f {path}",
            code="HOST_KEY_CHANGED",
        )
    return Permanent(
        f"the key of {server.name} is not known here: {place} shows {print_}",
        hint=f"a person compares it with the machine's own, then: ssh-keyscan -p {port} {host} >> {path}",
        code="HOST_KEY_UNKNOWN",
    )

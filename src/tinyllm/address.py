"""The address of a model server, in all its spellings."""

from tinyllm.errors import GraphError

OLLAMA_PORT = 11434


def host_url(text: str, origin: str = "ollama_host") -> str:
    """OLLAMA_HOST in all its spellings as a URL that a client can call."""
    from urllib.parse import urlsplit

    text = text.strip().strip("\"'")
    scheme = text.split("://", 1)[0] if "://" in text else ""
    try:
        parts = urlsplit(text if scheme else f"//{text}")
        port = parts.port or {"http": 80, "https": 443}.get(scheme, OLLAMA_PORT)
        if scheme not in ("", "http", "https") or any(char.isspace() for char in text):
            raise ValueError(scheme)
    except ValueError:
        raise GraphError(
            f"{text!r} is not an address of a model server",
            hint="write it like http://127.0.0.1:11434",
            where=origin,
            code="URL_INVALID",
        ) from None
    name = parts.hostname or "127.0.0.1"
    # A server is told to listen everywhere; a client cannot call "everywhere".
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104
    host = f"[{name}]" if ":" in name else name
    return f"{scheme or 'http'}://{host}:{port}{parts.path.rstrip('/')}"

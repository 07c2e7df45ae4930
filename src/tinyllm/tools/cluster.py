"""A Kubernetes cluster as a kubeconfig names it: one namespace at a time, and no program is run to log in."""

import base64
import binascii
import re
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tinyllm.documents import read
from tinyllm.errors import BadReply, GraphError, Permanent, TinyError
from tinyllm.toolkit import Connection, connection

if TYPE_CHECKING:
    import httpx

TAKES = ("kubeconfig", "context", "namespaces")
SECONDS = 10.0
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")
LABELS = re.compile(r"[A-Za-z0-9._/=!,() -]{0,500}")
HERE = ("127.0.0.1", "localhost", "::1")

# What may be looked at; a Secret is not among it, and neither is what belongs to no namespace.
KINDS = {
    "pod": "api/v1", "service": "api/v1", "configmap": "api/v1", "persistentvolumeclaim": "api/v1",
    "deployment": "apis/apps/v1", "statefulset": "apis/apps/v1", "daemonset": "apis/apps/v1",
    "replicaset": "apis/apps/v1", "job": "apis/batch/v1", "cronjob": "apis/batch/v1",
    "ingress": "apis/networking.k8s.io/v1", "horizontalpodautoscaler": "apis/autoscaling/v2",
}  # fmt: skip
SHORT = {
    "po": "pod", "svc": "service", "cm": "configmap", "pvc": "persistentvolumeclaim", "deploy": "deployment",
    "sts": "statefulset", "ds": "daemonset", "rs": "replicaset", "cj": "cronjob", "ing": "ingress",
    "hpa": "horizontalpodautoscaler",
}  # fmt: skip


def kind_of(text: str) -> str:
    """A kind in any of its spellings."""
    word = text.strip().lower()
    found = SHORT.get(word) or next((kind for kind in KINDS if word in (kind, plural(kind))), "")
    if not found:
        raise BadReply(
            f"{text[:80]!r} is no kind that may be looked at",
            hint=f"choose one of {', '.join(KINDS)}",
            code="TOOL_INPUT",
        )
    return found


def plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def named(text: str) -> str:
    if not NAME.fullmatch(text) or ".." in text:
        raise BadReply(f"{text[:80]!r} is no name", hint="kube_get shows the names", code="TOOL_INPUT")
    return text


@dataclass(frozen=True)
class Cluster:
    """One namespace of one cluster."""

    name: str
    server: str
    namespace: str
    headers: dict[str, str] = field(repr=False)
    trust: ssl.SSLContext | bool = field(repr=False)

    def path(self, kind: str, name: str = "", part: str = "") -> str:
        whole = f"/{KINDS[kind]}/namespaces/{self.namespace}/{plural(kind)}"
        return "/".join(filter(None, (whole, named(name) if name else "", part)))

    def options(self) -> dict[str, Any]:
        return {
            "base_url": self.server, "headers": self.headers, "verify": self.trust, "timeout": SECONDS,
            "trust_env": False,
        }  # fmt: skip

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        import httpx

        async with httpx.AsyncClient(**self.options()) as client:
            return checked(await client.request(method, path, **more))

    def ask_now(self, method: str, path: str, **more: Any) -> Any:
        """The same for code that may block."""
        import httpx

        with httpx.Client(**self.options()) as client:
            return checked(client.request(method, path, **more))


def checked(response: "httpx.Response") -> Any:
    """What it answers; a refusal is an error in the cluster's own words."""
    import httpx

    is_json = response.headers.get("content-type", "").startswith("application/json")
    if response.status_code < 400:
        return response.json() if is_json else response.text
    said = response.json().get("message") if is_json else response.text[:300]
    raise httpx.HTTPStatusError(
        f"the cluster answered {response.status_code}: {said}", request=response.request, response=response
    )


def cluster(name: str, namespace: str) -> Cluster:
    entry = connection("kube", name, TAKES)
    config = _config(entry)
    context = _part(
        config, "contexts", entry.text("context") or str(config.get("current-context", "")), "context"
    )
    place = _part(config, "clusters", str(context.get("cluster", "")), "cluster")
    user = _part(config, "users", str(context.get("user", "")), "user") if context.get("user") else {}
    server = str(place.get("server", "")).rstrip("/")
    if urlsplit(server).scheme != "https" and urlsplit(server).hostname not in HERE:
        raise _wrong(entry, f"the server {server!r} is not called over TLS")
    if place.get("insecure-skip-tls-verify"):
        raise _wrong(entry, "it does not check the server's certificate (insecure-skip-tls-verify)")
    if "exec" in user or "auth-provider" in user:
        raise _wrong(entry, "it runs a program to log in, which is not done here")
    chosen = _namespace(entry, namespace, str(context.get("namespace") or "default"))
    return Cluster(entry.name, server, chosen, _login(entry, user), _trust(entry, place, user))


def _namespace(entry: Connection, wanted: str, own: str) -> str:
    allowed = entry.words("namespaces") or (own,)
    chosen = wanted or (own if own in allowed else allowed[0])
    if chosen not in allowed:
        raise Permanent(
            f"the namespace {chosen[:80]!r} may not be used",
            hint=f"these may: {', '.join(allowed)}; a person extends `namespaces` of {entry.name}",
            code="NAMESPACE_NOT_ALLOWED",
        )
    return named(chosen)


def _config(entry: Connection) -> dict[str, Any]:
    path = Path(entry.text("kubeconfig", "~/.kube/config")).expanduser()
    try:
        value = read(path.read_bytes(), str(path)).value
    except OSError as failure:
        raise _wrong(entry, f"{path} cannot be read: {failure.strerror}") from failure
    if not isinstance(value, dict):
        raise _wrong(entry, f"{path} is no kubeconfig")
    return value


def _part(config: dict[str, Any], part: str, name: str, inner: str) -> dict[str, Any]:
    for each in config.get(part) or ():
        if isinstance(each, dict) and each.get("name") == name and isinstance(each.get(inner), dict):
            return dict(each[inner])
    raise GraphError(
        f"the kubeconfig has no {inner} {name!r}",
        hint="a person mends the kubeconfig, or context",
        code="CONFIG_INVALID",
    )


def _login(entry: Connection, user: dict[str, Any]) -> dict[str, str]:
    token = str(user.get("token", ""))
    if not token and (file := user.get("tokenFile")):
        try:
            token = Path(str(file)).read_text("utf-8").strip()
        except OSError as failure:
            raise _wrong(entry, f"{file} cannot be read: {failure.strerror}") from failure
    return {"authorization": f"Bearer {token}"} if token else {}


def _trust(entry: Connection, place: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context()
        if authority := _bytes(place, "certificate-authority"):
            trust = ssl.create_default_context(cadata=authority.decode())
        if certificate := _bytes(user, "client-certificate"):
            # The library takes files only; nobody else can read this one, and it is gone at once.
            with tempfile.NamedTemporaryFile() as file:
                file.write(certificate + b"\n" + _bytes(user, "client-key"))
                file.flush()
                trust.load_cert_chain(file.name)
    except (OSError, ValueError, binascii.Error) as failure:
        raise _wrong(entry, f"its certificates cannot be used: {failure}") from failure
    return trust


def _bytes(part: dict[str, Any], key: str) -> bytes:
    if data := part.get(f"{key}-data"):
        return base64.b64decode(str(data), validate=True)
    return Path(str(part[key])).read_bytes() if key in part else b""


def _wrong(entry: Connection, why: str) -> TinyError:
    return Permanent(
        f"the connection {entry.name!r} cannot be used: {why}",
        hint=f"a person mends its kubeconfig, or [connections.{entry.name}]",
        code="CONFIG_INVALID",
    )

"""What a Kubernetes API server is to its clients, as far as tools need it: on loopback, checked with the official client."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.tools.answering import Asked, Said, answering

TOKEN = "the-token-of-the-cluster"
WHEN = "2026-03-01T10:00:00Z"
KINDS = {
    "pods": "Pod", "services": "Service", "configmaps": "ConfigMap", "deployments": "Deployment", "events": "Event",
    "statefulsets": "StatefulSet", "jobs": "Job",
}  # fmt: skip
GROUPS = {
    "apps": ("deployments", "statefulsets"),
    "batch": ("jobs",),
    "": ("pods", "services", "configmaps", "events"),
}
VERBS = ["get", "list", "patch", "create", "delete", "update"]


class Refused(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        self.body = {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "code": code,
        }  # fmt: skip
        self.code = code


@dataclass
class Api:
    """Objects by their path, and what was asked."""

    port: int = 0
    token: str = TOKEN
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    forbidden: str = ""  # what no one may apply: the words of an admission webhook
    version: int = 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def changing(self) -> list[str]:
        """The calls that changed something."""
        return [f"{method} {path}" for method, path in self.asked if method != "GET" and "dryRun" not in path]

    def put(self, path: str, **given: Any) -> None:
        plural, name = path.split("/")[-2:]
        group = path.split("/")[2] if path.startswith("/apis") else ""
        version = f"{group}/v1" if group else "v1"
        self.version += 1
        metadata = {
            "name": name, "namespace": path.split("/namespaces/")[1].split("/", maxsplit=1)[0], "uid": f"uid-{self.version}",
            "resourceVersion": str(self.version), "creationTimestamp": WHEN, **given.pop("metadata", {}),
        }  # fmt: skip
        self.objects[path] = {"apiVersion": version, "kind": KINDS[plural], "metadata": metadata, **given}

    def answer(self, method: str, url: str, body: bytes, kind: str) -> Any:
        parts = urlsplit(url)
        path, params = (
            parts.path.rstrip("/"),
            {name: values[0] for name, values in parse_qs(parts.query).items()},
        )
        if path in ("/version", "/api", "/apis") or path in ("/api/v1", "/apis/apps/v1", "/apis/batch/v1"):
            return _discovered(path)
        whole, _, part = path.partition("/log") if path.endswith("/log") else path.partition("/scale")
        if path.endswith("/log"):
            self._found(whole)
            lines = self.logs.get(whole, "").splitlines(keepends=True)
            return "".join(lines[-int(params.get("tailLines", 1000)) :])
        if path.endswith("/scale"):
            return self._scaled(whole, method, body)
        if method == "GET" and path.rpartition("/")[2] in KINDS:
            return self._listed(path, params)
        if method == "PATCH":
            return self._patched(path, json.loads(body), params, kind)
        if method == "GET":
            return self._found(path)
        raise Refused(405, "MethodNotAllowed", f"the server does not allow {method} here{part}")

    def _found(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            plural, name = path.split("/")[-2:]
            raise Refused(404, "NotFound", f'{plural} "{name}" not found')
        return self.objects[path]

    def _listed(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        found = [value for key, value in sorted(self.objects.items()) if key.rpartition("/")[0] == path]
        for pair in filter(None, params.get("labelSelector", "").split(",")):
            name, _, value = pair.partition("=")
            found = [
                each for each in found if (each["metadata"].get("labels") or {}).get(name) == value.strip("=")
            ]
        for pair in filter(None, params.get("fieldSelector", "").split(",")):
            name, _, value = pair.partition("=")
            found = [
                each
                for each in found
                if str((each.get("involvedObject") or {}).get(name.split(".")[-1])) == value
            ]
        group = path.split("/")[2] if path.startswith("/apis") else ""
        kind = KINDS[path.rpartition("/")[2]]
        return {
            "kind": f"{kind}List", "apiVersion": f"{group}/v1" if group else "v1",
            "metadata": {"resourceVersion": str(self.version)}, "items": found,
        }  # fmt: skip

    def _scaled(self, path: str, method: str, body: bytes) -> dict[str, Any]:
        found = self._found(path)
        if method in ("PATCH", "PUT"):
            found["spec"]["replicas"] = json.loads(body)["spec"]["replicas"]
        metadata = {
            key: found["metadata"][key]
            for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        }
        count = found["spec"]["replicas"]
        return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": {"replicas": count},
                "status": {"replicas": count, "selector": "app=web"}}  # fmt: skip

    def _patched(self, path: str, given: dict[str, Any], params: dict[str, str], kind: str) -> dict[str, Any]:
        if self.forbidden:
            raise Refused(403, "Forbidden", f'admission webhook "rules" denied the request: {self.forbidden}')
        known = self.objects.get(path)
        if known is None and kind != "application/apply-patch+yaml":
            self._found(path)
        if kind == "application/apply-patch+yaml" and "fieldManager" not in params:
            raise Refused(400, "BadRequest", "fieldManager is required for apply patch")
        made = json.loads(json.dumps(known or {}))
        _merge(made, given)
        before = dict(self.objects)
        self.put(path, **{key: value for key, value in made.items() if key not in ("apiVersion", "kind")})
        after = self.objects[path]
        if "dryRun" in params:
            self.objects = before
        return after


def _merge(into: dict[str, Any], given: dict[str, Any]) -> None:
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _discovered(path: str) -> dict[str, Any]:
    if path == "/version":
        return {"major": "1", "minor": "30", "gitVersion": "v1.30.0", "gitCommit": "0", "gitTreeState": "clean",
                "buildDate": WHEN, "goVersion": "go1.22", "compiler": "gc", "platform": "linux/amd64"}  # fmt: skip
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = [
            {"name": name, "versions": [{"groupVersion": f"{name}/v1", "version": "v1"}],
             "preferredVersion": {"groupVersion": f"{name}/v1", "version": "v1"}}
            for name in GROUPS if name
        ]  # fmt: skip
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    group = path.split("/")[2] if path.startswith("/apis") else ""
    resources = [
        {
            "name": plural,
            "singularName": KINDS[plural].lower(),
            "namespaced": True,
            "kind": KINDS[plural],
            "verbs": VERBS,
        }
        for plural in GROUPS[group]
    ]
    if group == "apps":
        resources.append({"name": "deployments/scale", "singularName": "", "namespaced": True, "group": "autoscaling",
                          "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]})  # fmt: skip
    version = f"{group}/v1" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


@contextmanager
def api_serving() -> Iterator[Api]:
    api = Api()

    def answer(asked: Asked) -> Said:
        api.asked.append((asked.method, asked.url))
        status, told = 200, None
        try:
            if api.token and asked.headers.get("authorization") != f"Bearer {api.token}":
                raise Refused(401, "Unauthorized", "Unauthorized")
            told = api.answer(asked.method, asked.url, asked.body, asked.headers.get("content-type", ""))
        except Refused as refused:
            status, told = refused.code, refused.body
        if isinstance(told, str):
            return status, told.encode(), {"content-type": "text/plain"}
        return status, json.dumps(told).encode(), {"content-type": "application/json"}

    with answering(answer) as api.port:
        yield api

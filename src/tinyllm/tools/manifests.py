"""What may be applied to a cluster: objects of one namespace that ask for no rights on its machines; and what they change."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tinyllm.documents import read
from tinyllm.errors import BadReply, Permanent
from tinyllm.tools.cluster import KINDS, Cluster, named

LARGEST = 100_000  # characters
MOST = 20  # objects
SHOWN = 40  # changes of one object
KINDS_APPLIED = tuple(kind for kind in KINDS if kind not in ("persistentvolumeclaim", "replicaset"))

# A pod with one of these can reach its machine, other pods, or the cluster itself.
DOORS = {
    "hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "hostProcess", "privileged",
    "allowPrivilegeEscalation", "procMount", "add", "serviceAccountName", "serviceAccount", "ephemeralContainers",
    "externalIPs", "externalName", "devicePath", "unsafeSysctls", "sysctls", "runtimeClassName", "hostUsers",
    "flexVolume", "csi", "nfs", "iscsi", "serviceAccountToken", "nodeName",
}  # fmt: skip
# Where the program of a pod is given a Secret, which is shown nowhere else either; labels may be called so.
SECRETS = {"secretKeyRef", "secretRef", "secret"}
NOISE = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


def objects(manifest: str, cluster: Cluster) -> list[dict[str, Any]]:
    """The objects of a manifest, YAML or JSON, each checked."""
    if len(manifest) > LARGEST:
        raise BadReply(f"a manifest has at most {LARGEST:,} characters", hint="split it", code="TOOL_INPUT")
    parts = [part for part in re.split(r"(?m)^---[ \t]*$", manifest) if part.strip()]
    found = [read(part, "manifest").value for part in parts]
    if not 0 < len(found) <= MOST:
        raise BadReply(
            f"a manifest has 1 to {MOST} objects", hint="write one object after ---", code="TOOL_INPUT"
        )
    return [_checked(each, cluster) for each in found]


def _checked(given: Any, cluster: Cluster) -> dict[str, Any]:
    if not isinstance(given, dict) or not isinstance(given.get("metadata"), dict):
        raise BadReply(
            "an object has apiVersion, kind and metadata",
            hint="write it as kubectl takes it",
            code="TOOL_INPUT",
        )
    kind, version = str(given.get("kind", "")).lower(), str(given.get("apiVersion", ""))
    if kind not in KINDS_APPLIED or KINDS[kind].partition("/")[2] != version:
        known = ", ".join(f"{each} ({KINDS[each].partition('/')[2]})" for each in KINDS_APPLIED)
        raise Permanent(f"a {kind[:80] or 'thing'} of {version[:80] or 'no version'} is not applied", hint=f"these are: {known}",
                        code="KIND_NOT_ALLOWED")  # fmt: skip
    metadata = given["metadata"]
    named(str(metadata.get("name", "")))
    if metadata.get("namespace", cluster.namespace) != cluster.namespace:
        raise Permanent(
            f"the manifest is for the namespace {str(metadata['namespace'])[:80]!r}, not {cluster.namespace!r}",
            hint="give that namespace as an argument, if it may be used",
            code="NAMESPACE_NOT_ALLOWED",
        )
    if secret := next(_secrets(given.get("spec")), ""):
        raise Permanent(
            f"{kind}/{metadata['name']} asks for a Secret ({secret})",
            hint="take a configmap, or leave it out; a person can apply it by hand",
            code="MANIFEST_OPEN",
        )
    if door := next(_doors(given.get("spec")), ""):
        raise Permanent(
            f"{kind}/{metadata['name']} asks for {door}, which reaches out of its pod",
            hint="leave it out; a person can apply it by hand",
            code="MANIFEST_OPEN",
        )
    return {**given, "metadata": {**metadata, "namespace": cluster.namespace}}


def _doors(value: Any, inside: str = "") -> Iterator[str]:
    """Whatever opens a door, wherever it stands."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            harmless = key == "add" and inside != "capabilities"
            if key in DOORS and each not in (False, None, "", [], {}) and not harmless:
                yield key
            yield from _doors(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _doors(each, inside)


def _secrets(value: Any) -> Iterator[str]:
    """As a variable, as all variables, or as a volume, wherever it stands."""
    if isinstance(value, Mapping):
        yield from (key for key, each in value.items() if key in SECRETS and isinstance(each, Mapping))
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inside:
        yield from _secrets(each)


def asked(each: Mapping[str, Any], cluster: Cluster, *, dry: bool) -> tuple[str, dict[str, Any]]:
    """The call that applies it, on the server's side."""
    path = cluster.path(str(each["kind"]).lower(), each["metadata"]["name"])
    params = {"fieldManager": "tinyllm", **({"dryRun": "All"} if dry else {})}
    headers = {"content-type": "application/apply-patch+yaml"}
    return path, {"params": params, "headers": headers, "content": json.dumps(each)}


def changes(each: Mapping[str, Any], before: Any, after: Any) -> str:
    """What the server says that it would change, a line for each."""
    name = f"{str(each['kind']).lower()}/{each['metadata']['name']}"
    was, will = dict(_leaves(before)), dict(_leaves(after))
    if before is None:
        rows = [f"{path}: {_short(value)}" for path, value in will.items()]
        title = f"{name} is new:"
    else:
        paths = [path for path in {**was, **will} if was.get(path) != will.get(path)]
        rows = [f"{path}: {_short(was.get(path))} -> {_short(will.get(path))}" for path in paths]
        title = f"{name} changes:" if rows else f"{name} stays as it is"
    more = [f"  … and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return "\n".join((title, *(f"  {row}" for row in rows[:SHOWN]), *more))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if (path == "" and key == "status") or (path == "metadata" and key in NOISE):
                continue
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    elif value is not None:
        yield path, value


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"


def trimmed(given: Any) -> Any:
    """An object without what only machines read."""
    if not isinstance(given, dict) or not isinstance(given.get("metadata"), dict):
        return given
    return {**given, "metadata": {key: value for key, value in given["metadata"].items() if key not in NOISE}}

"""Look at what runs on a Kubernetes cluster, scale it, and apply to it what a dry run has shown: in one namespace, by REST."""

from typing import Any

from tinyllm.effects import perform
from tinyllm.errors import BadReply, Permanent, classify
from tinyllm.toolkit import tool
from tinyllm.tools.cluster import LABELS, Cluster, cluster, kind_of, named
from tinyllm.tools.manifests import asked, changes, objects, trimmed

MOST = 100
LINES = 200
SCALED = ("deployment", "statefulset", "replicaset")
REPLICAS = 100
MERGE = {"content-type": "application/merge-patch+json"}


def _shown(verb: str) -> Any:
    def shows(**given: Any) -> str:
        words = [
            str(value) for name, value in given.items() if value and name not in ("connection", "namespace")
        ]
        place = given.get("namespace") or "the usual one"
        return f"kubectl {verb} {' '.join(words)} (namespace {place})"

    return shows


@tool(effect="read", reach="net", shows=_shown("get"))
async def get(kind: str, name: str = "", labels: str = "", namespace: str = "", connection: str = "") -> Any:
    """List pods, deployments, services, jobs, … of a namespace, or show one by its name."""
    there, what = cluster(connection, namespace), kind_of(kind)
    if not LABELS.fullmatch(labels):
        raise BadReply(
            "labels are like app=web,tier!=old", hint="write labels so, or none", code="TOOL_INPUT"
        )
    if name:
        return trimmed(await there.ask("GET", there.path(what, name)))
    params = {"limit": str(MOST), **({"labelSelector": labels} if labels else {})}
    found = await there.ask("GET", there.path(what), params=params)
    return [_row(what, each) for each in found.get("items") or ()]


def _row(kind: str, each: dict[str, Any]) -> dict[str, Any]:
    spec, status = each.get("spec") or {}, each.get("status") or {}
    told: dict[str, Any] = {
        "name": each["metadata"]["name"],
        "since": each["metadata"].get("creationTimestamp"),
    }
    if kind == "pod":
        ran = status.get("containerStatuses") or ()
        waiting = [(one.get("state") or {}).get("waiting", {}).get("reason", "") for one in ran]
        told |= {
            "phase": status.get("phase"),
            "restarts": sum(one.get("restartCount", 0) for one in ran),
            "waiting": ", ".join(filter(None, waiting)),
            "node": spec.get("nodeName"),
        }
    elif "replicas" in spec:
        told |= {"wanted": spec["replicas"], "ready": status.get("readyReplicas", 0)}
    elif kind == "service":
        told |= {"type": spec.get("type"), "ports": [port.get("port") for port in spec.get("ports") or ()]}
    elif kind == "job":
        told |= {"succeeded": status.get("succeeded", 0), "failed": status.get("failed", 0)}
    return {key: value for key, value in told.items() if value not in (None, "")}


@tool(effect="read", reach="net", shows=_shown("describe"))
async def describe(kind: str, name: str, namespace: str = "", connection: str = "") -> dict[str, Any]:
    """Show one object whole, with what happened to it."""
    there, what = cluster(connection, namespace), kind_of(kind)
    found = await there.ask("GET", there.path(what, name))
    return {
        "object": trimmed(found),
        "events": await _events(there, f"involvedObject.name={named(name)}", 30),
    }


@tool(effect="read", reach="net", shows=_shown("logs"))
async def logs(
    pod: str,
    container: str = "",
    lines: int = LINES,
    previous: bool = False,
    namespace: str = "",
    connection: str = "",
) -> str:
    """Show the last lines that a pod wrote; previous=true: before it was restarted."""
    there = cluster(connection, namespace)
    params = {"tailLines": str(max(1, min(lines, 5_000))), "limitBytes": "200000"}
    if container:
        params["container"] = named(container)
    if previous:
        params["previous"] = "true"
    return str(await there.ask("GET", there.path("pod", pod, "log"), params=params)) or "it wrote nothing"


@tool(effect="read", reach="net", shows=_shown("events"))
async def events(limit: int = 50, namespace: str = "", connection: str = "") -> list[dict[str, Any]]:
    """Show what happened in a namespace lately, the newest last."""
    return await _events(cluster(connection, namespace), "", max(1, min(limit, MOST)))


async def _events(there: Cluster, of: str, limit: int) -> list[dict[str, Any]]:
    params = {"limit": "500", **({"fieldSelector": of} if of else {})}
    found = await there.ask("GET", f"/api/v1/namespaces/{there.namespace}/events", params=params)
    told = [
        {
            "when": each.get("lastTimestamp") or each["metadata"].get("creationTimestamp") or "",
            "type": each.get("type", ""),
            "reason": each.get("reason", ""),
            "about": "/".join(
                str((each.get("involvedObject") or {}).get(key, "")) for key in ("kind", "name")
            ),
            "message": str(each.get("message", ""))[:500],
        }
        for each in found.get("items") or ()
    ]
    return sorted(told, key=lambda each: each["when"])[-limit:]


# Changing.


def _shown_scale(
    name: str, replicas: int, kind: str = "deployment", namespace: str = "", connection: str = ""
) -> str:
    there = cluster(connection, namespace)
    return f"scale {kind}/{name} in {there.namespace} ({there.name}) to {replicas}"


async def _back(_key: str, result: Any) -> str:
    """To as many as there were, unless somebody has changed that since."""
    if not isinstance(result, dict):
        raise Permanent(
            "it is not known how many there were", hint="look at it, and scale it by hand", code="NOT_KNOWN"
        )
    there = cluster(str(result["connection"]), str(result["namespace"]))
    path = there.path(kind_of(str(result["kind"])), str(result["name"]), "scale")
    now = (await there.ask("GET", path))["spec"].get("replicas", 0)
    if now not in (result["to"], result["from"]):
        raise Permanent(
            f"{result['kind']}/{result['name']} was scaled to {now} by somebody else since, and is left so",
            hint="scale it by hand, if that is wanted",
            code="CHANGED_SINCE",
        )
    await there.ask("PATCH", path, json={"spec": {"replicas": result["from"]}}, headers=MERGE)
    return f"{result['kind']}/{result['name']} is scaled to {result['from']} again"


@tool(effect="idempotent", reach="remote", shows=_shown_scale, compensate=_back)
async def scale(
    name: str, replicas: int, kind: str = "deployment", namespace: str = "", connection: str = ""
) -> dict[str, Any]:
    """Set how many pods a deployment, statefulset or replicaset has."""
    there, what = cluster(connection, namespace), kind_of(kind)
    if what not in SCALED or not 0 <= replicas <= REPLICAS:
        raise BadReply(
            f"a {what} is not scaled to {replicas}",
            hint=f"choose one of {', '.join(SCALED)}, and 0 to {REPLICAS}",
            code="TOOL_INPUT",
        )
    path = there.path(what, name, "scale")

    async def look(_key: str) -> int:
        return int((await there.ask("GET", path))["spec"].get("replicas", 0))

    # In the ledger before anything changes: after a crash it could not be seen any more.
    before = await perform("kube_replicas", "idempotent", [there.name, path], look)
    await there.ask("PATCH", path, json={"spec": {"replicas": replicas}}, headers=MERGE)
    told = {"kind": what, "name": name, "namespace": there.namespace, "connection": there.name}
    return {**told, "from": before, "to": replicas}


def _shown_apply(manifest: str, namespace: str = "", connection: str = "") -> str:
    """What the server would change: it is asked by a dry run each time that this is shown."""
    import httpx

    there = cluster(connection, namespace)
    try:
        told = [_foreseen(each, there) for each in objects(manifest, there)]
    except httpx.HTTPError as failure:
        raise classify(failure, op="kube_apply") from failure
    return "\n".join((f"apply to {there.namespace} ({there.name}); by a dry run of the cluster:", *told))


def _foreseen(each: dict[str, Any], there: Cluster) -> str:
    import httpx

    path, call = asked(each, there, dry=True)
    try:
        before = there.ask_now("GET", path)
    except httpx.HTTPStatusError as failure:
        if failure.response.status_code != 404:
            raise
        before = None
    return changes(each, before, there.ask_now("PATCH", path, **call))


@tool(effect="idempotent", reach="remote", seconds=60.0, shows=_shown_apply)
async def apply(manifest: str, namespace: str = "", connection: str = "") -> list[str]:
    """Apply a manifest (YAML or JSON) to a namespace; the cluster first says in a dry run what it would change."""
    there = cluster(connection, namespace)
    whole = objects(manifest, there)
    for each in whole:  # all of it is taken, or none of it is begun
        path, call = asked(each, there, dry=True)
        await there.ask("PATCH", path, **call)
    done = []
    for each in whole:
        path, call = asked(each, there, dry=False)
        await there.ask("PATCH", path, **call)
        done.append(f"applied {str(each['kind']).lower()}/{each['metadata']['name']}")
    return done

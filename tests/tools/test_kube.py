"""A cluster, through the front: one namespace is looked at and changed, and a person sees what a dry run says first."""

import importlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call as Tinyllm
from tests.cli.conftest import tinyllm  # noqa: F401 - a fixture
from tests.tools.conftest import Call, Open
from tests.tools.counterparts import Counterpart
from tests.tools.kube_wire import Api
from tests.tools.machines import kubeconfig
from tinyllm.errors import TinyError
from tinyllm.services import Services


@pytest.fixture
def counterpart(kube_counterpart: Counterpart) -> Counterpart:
    return kube_counterpart


async def refused(services: Services, tool: str, /, **arguments: Any) -> TinyError:
    with pytest.raises(TinyError) as failure:
        await services.call(tool, arguments)
    assert failure.value.hint
    return failure.value


def with_keys(services: Services, **more: Any) -> Services:
    entry = {**services.settings.connections["cluster"], **more}
    return replace(services, settings=replace(services.settings, connections={"cluster": entry}))


def manifest(spec: dict[str, Any] | None = None, **metadata: Any) -> str:
    whole = spec if spec is not None else {"replicas": 5}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", **metadata},
            "spec": whole,
        }
    )


def pod(**spec: Any) -> str:
    return manifest({"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}], **spec}}})


async def test_what_runs_is_listed_and_described(call: Call) -> None:
    [row] = await call("kube_get", kind="po")
    assert (row["name"], row["phase"], row["restarts"], row["node"]) == ("web-1", "Running", 3, "n1")
    [row] = await call("kube_get", kind="Deployments", labels="app=web")
    assert (row["wanted"], row["ready"]) == (2, 2)
    assert await call("kube_get", kind="pods", labels="app=other") == []
    told = await call("kube_describe", kind="pod", name="web-1")
    assert told["object"]["spec"]["nodeName"] == "n1"
    assert "uid" not in told["object"]["metadata"]
    assert [each["reason"] for each in told["events"]] == ["BackOff"]
    assert (await call("kube_events"))[0]["about"] == "Pod/web-1"


async def test_the_last_lines_of_a_log(call: Call) -> None:
    assert await call("kube_logs", pod="web-1", lines=2) == "line 499\nline 500\n"


async def test_it_is_scaled_and_a_rollback_can_scale_it_back(open_engine: Open, kube_api: Api) -> None:
    web = kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]
    scale = {"id": "a", "kind": "tool", "tool": "kube_scale", "args": {"name": "web", "replicas": 5}}
    engine = open_engine({"name": "t", "allow": ["kube_scale"], "steps": [scale]})
    answer = await engine.ask("go")
    assert web["replicas"] == 5
    await engine.transactions.rollback(answer.run)
    assert web["replicas"] == 5  # a rollback by itself does nothing outside
    [done] = await engine.transactions.compensate(answer.run, engine.services)
    assert (done.done, done.said) == (True, "deployment/web is scaled to 2 again")
    assert web["replicas"] == 2


async def test_what_somebody_changed_since_is_left_alone_loudly(open_engine: Open, kube_api: Api) -> None:
    web = kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]
    scale = {"id": "a", "kind": "tool", "tool": "kube_scale", "args": {"name": "web", "replicas": 5}}
    engine = open_engine({"name": "t", "allow": ["kube_scale"], "steps": [scale]})
    answer = await engine.ask("go")
    web["replicas"] = 9
    await engine.transactions.rollback(answer.run)
    [failed] = await engine.transactions.compensate(answer.run, engine.services)
    assert (failed.done, web["replicas"]) == (False, 9)
    notes = [
        line.data["text"] for line in await engine.transactions.timeline(answer.run) if line.kind == "note"
    ]
    assert notes[-1].startswith("compensation failed: ")
    web["replicas"] = 5
    [done] = await engine.transactions.compensate(answer.run, engine.services)
    assert (done.done, web["replicas"]) == (True, 2)


async def test_a_person_sees_what_the_server_would_change(open_engine: Open, kube_api: Api) -> None:
    new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "colours"}, "data": {"tea": "green"}}
    both = f"{manifest()}\n---\n{json.dumps(new)}\n"
    graph = {
        "name": "t",
        "steps": [{"id": "a", "kind": "tool", "tool": "kube_apply", "args": {"manifest": both}}],
    }
    engine = open_engine(graph)
    waiting = await engine.ask("go")
    asked = waiting.question["question"]
    assert "  | deployment/web changes:\n  |   spec.replicas: 2 -> 5" in asked
    assert "  | configmap/colours is new:" in asked
    assert 'data.tea: "green"' in asked
    assert kube_api.changing() == []
    answer = await engine.resume(waiting.run, "yes")
    assert json.loads(answer.answer) == ["applied deployment/web", "applied configmap/colours"]
    assert len(kube_api.changing()) == 2
    assert kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]["replicas"] == 5


async def test_a_yes_to_what_has_changed_since_is_none(open_engine: Open, kube_api: Api) -> None:
    graph = {
        "name": "t",
        "steps": [{"id": "a", "kind": "tool", "tool": "kube_apply", "args": {"manifest": manifest()}}],
    }
    engine = open_engine(graph)
    waiting = await engine.ask("go")
    kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]["replicas"] = 50
    with pytest.raises(TinyError, match="changed since"):
        await engine.resume(waiting.run, "yes")
    assert kube_api.changing() == []


async def test_what_the_dry_run_refuses_is_not_asked_and_not_applied(
    services: Services, kube_api: Api
) -> None:
    kube_api.forbidden = "no more than 3 replicas"
    failure = await refused(services, "kube_apply", manifest=manifest())
    assert (failure.code, "no more than 3 replicas" in failure.message) == ("K8S_FORBIDDEN", True)
    assert kube_api.changing() == []


TRICKS: dict[str, tuple[str, dict[str, Any]]] = {
    "another namespace": ("kube_get", {"kind": "pod", "namespace": "bank"}),
    "a namespace as a path": ("kube_get", {"kind": "pod", "namespace": "../bank"}),
    "a secret": ("kube_get", {"kind": "secret"}),
    "secrets by a path": ("kube_get", {"kind": "pods/../secrets"}),
    "a name as a path": ("kube_get", {"kind": "pod", "name": "../../../bank/pods/vault"}),
    "a name with a query": ("kube_get", {"kind": "pod", "name": "web-1?x=1"}),
    "exec by the name of a pod": ("kube_logs", {"pod": "web-1/exec"}),
    "exec by a container": ("kube_logs", {"pod": "web-1", "container": "web&command=id"}),
    "a proxy": ("kube_get", {"kind": "services", "name": "web/proxy"}),
    "labels with a parameter": ("kube_get", {"kind": "pod", "labels": "a=b&fieldSelector=x"}),
    "a node": ("kube_describe", {"kind": "node", "name": "n1"}),
    "a namespace itself": ("kube_describe", {"kind": "namespace", "name": "bank"}),
    "an option": ("kube_scale", {"name": "--all", "replicas": 0}),
    "too many": ("kube_scale", {"name": "web", "replicas": 10_000}),
    "fewer than none": ("kube_scale", {"name": "web", "replicas": -1}),
    "scaling a pod": ("kube_scale", {"name": "web-1", "replicas": 1, "kind": "pod"}),
    "another context": ("kube_get", {"kind": "pod", "connection": "admin@prod"}),
    "another server": ("kube_get", {"kind": "pod", "server": "https://10.0.0.1"}),
    "a manifest for another namespace": ("kube_apply", {"manifest": manifest(namespace="bank")}),
    "a manifest with a path": ("kube_apply", {"manifest": manifest().replace('"web"', '"../web"')}),
    "a role": ("kube_apply", {"manifest": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\n"}),
    "a binding": ("kube_apply", {"manifest": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\n"}),
    "a secret to apply": ("kube_apply", {"manifest": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n"}),
    "a kind of another group": ("kube_apply", {"manifest": manifest().replace("apps/v1", "evil.example/v1")}),
    "hostPath": ("kube_apply", {"manifest": pod(volumes=[{"name": "h", "hostPath": {"path": "/"}}])}),
    "hostNetwork": ("kube_apply", {"manifest": pod(hostNetwork=True)}),
    "hostPID": ("kube_apply", {"manifest": pod(hostPID=True)}),
    "privileged": ("kube_apply", {"manifest": pod(containers=[{"name": "w", "securityContext": {"privileged": True}}])}),
    "more rights": ("kube_apply", {"manifest": pod(containers=[{"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}])}),
    "privileged at the start": ("kube_apply", {"manifest": pod(initContainers=[{"securityContext": {"privileged": True}}])}),
    "another account": ("kube_apply", {"manifest": pod(serviceAccountName="admin")}),
    "a container beside": ("kube_apply", {"manifest": pod(ephemeralContainers=[{"name": "x"}])}),
    "an address of others": ("kube_apply", {"manifest": json.dumps(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"externalIPs": ["10.0.0.1"]}})}),
    "a secret as a variable": ("kube_apply", {"manifest": pod(containers=[{"name": "w", "env": [
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}])}),
    "a secret as all variables": ("kube_apply", {"manifest": pod(
        initContainers=[{"name": "w", "envFrom": [{"secretRef": {"name": "db"}}]}])}),
    "a secret as a volume": ("kube_apply", {"manifest": pod(volumes=[{"name": "s", "secret": {"secretName": "db"}}])}),
    "a secret among others": ("kube_apply", {"manifest": pod(
        volumes=[{"name": "s", "projected": {"sources": [{"secret": {"name": "db"}}]}}])}),
    "a bomb": ("kube_apply", {"manifest": "a: &a [x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n" * 40}),
    "an object of Python": ("kube_apply", {"manifest": "!!python/object/apply:os.system [id]"}),
    "nothing": ("kube_apply", {"manifest": "---\n"}),
    "too much": ("kube_apply", {"manifest": "x" * 200_000}),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_way_leads_out_of_the_namespace(trick: str, services: Services, kube_api: Api) -> None:
    name, arguments = TRICKS[trick]
    failure = await refused(services, name, **arguments)
    assert failure.kind in ("validation", "permanent")
    assert failure.code not in ("UNCLASSIFIED", "K8S_NOT_FOUND")
    assert all("bank" not in path and "secret" not in path for _, path in kube_api.asked)
    assert kube_api.changing() == []


def test_there_is_no_tool_that_enters_a_pod(services: Services) -> None:
    assert {name for name in services.tools.tools if name.startswith("kube_")} == {
        "kube_apply", "kube_describe", "kube_events", "kube_get", "kube_logs", "kube_scale",
    }  # fmt: skip


async def test_more_namespaces_are_for_a_person_to_name(services: Services) -> None:
    both = with_keys(services, namespaces=["shop", "bank"])
    [row] = (await both.call("kube_get", {"kind": "pod", "namespace": "bank"})).data
    assert row["name"] == "vault"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exec": {"command": "aws"}}, "runs a program to log in"),
        ({"auth-provider": {"name": "gcp"}}, "runs a program to log in"),
        ({"tokenFile": "/no/such/file"}, "cannot be read"),
        ({"token": "wrong"}, "Unauthorized"),
        (
            {"client-certificate-data": "bm90IGEga2V5", "client-key-data": "bm9uZQ=="},
            "certificates cannot be used",
        ),
    ],
)
async def test_a_way_in_that_is_none_is_said(
    change: dict[str, Any], said: str, services: Services, kube_api: Api, tmp_path: Path
) -> None:
    (config := tmp_path / "other").write_text(kubeconfig(kube_api, **change))
    failure = await refused(with_keys(services, kubeconfig=str(config)), "kube_get", kind="pod")
    assert said in failure.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://127.0.0.1", "http://10.0.0.1"),
        ('"cluster": {"server"', '"cluster": {"insecure-skip-tls-verify": true, "server"'),
        ('"current-context": "here"', '"current-context": "there"'),
    ],
)
async def test_a_server_without_trust_is_not_called(
    old: str, new: str, services: Services, kube_api: Api, tmp_path: Path
) -> None:
    (config := tmp_path / "other").write_text(kubeconfig(kube_api).replace(old, new))
    failure = await refused(with_keys(services, kubeconfig=str(config)), "kube_get", kind="pod")
    assert failure.code == "CONFIG_INVALID"
    assert kube_api.asked == []


def test_the_official_client_takes_the_server_for_one(kube_api: Api) -> None:
    """What the tools are tested against is believed by others as well."""
    client: Any = importlib.import_module("kubernetes").client
    configuration = client.Configuration()
    configuration.host = kube_api.url
    configuration.api_key["authorization"] = f"Bearer {kube_api.token}"
    with client.ApiClient(configuration) as api:
        apps, core = client.AppsV1Api(api), client.CoreV1Api(api)
        assert client.VersionApi(api).get_code().minor == "30"
        assert [each.metadata.name for each in core.list_namespaced_pod("shop").items] == ["web-1"]
        assert core.read_namespaced_pod_log("web-1", "shop", tail_lines=1) == "line 500\n"
        assert apps.read_namespaced_deployment_scale("web", "shop").spec.replicas == 2
        apps.patch_namespaced_deployment_scale("web", "shop", {"spec": {"replicas": 3}})
        assert kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]["replicas"] == 3
        with pytest.raises(client.ApiException, match="not found"):
            core.read_namespaced_pod("nobody", "shop")


def test_kubectl_takes_the_server_for_one(
    kube_api: Api, kube_counterpart: Counterpart, tmp_path: Path
) -> None:
    if not shutil.which("kubectl"):
        return  # the official client has been asked as well
    kube_api.token = ""  # it keeps a token to itself where there is no TLS
    config = kube_counterpart.connections["cluster"]["kubeconfig"]

    def kubectl(*words: str, given: str = "") -> str:
        command = ["kubectl", "--kubeconfig", config, "--cache-dir", str(tmp_path / "cache"), *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout

    assert kubectl("get", "pods", "-o", "name") == "pod/web-1\n"
    assert kubectl("logs", "web-1", "--tail=1") == "line 500\n"
    assert "scaled" in kubectl("scale", "deployment/web", "--replicas=4")
    said = kubectl(
        "apply", "--server-side", "--validate=false", "--dry-run=server", "-f", "-", given=manifest()
    )
    assert "serverside-applied" in said
    assert kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]["replicas"] == 4


def test_the_command_line_offers_it_and_does_it(
    tinyllm: Tinyllm,  # noqa: F811
    home: Path,
    kube_api: Api,
    kube_counterpart: Counterpart,
) -> None:
    config = kube_counterpart.connections["cluster"]["kubeconfig"]
    (home / "tinyllm.toml").write_text(f'[connections.cluster]\nservice = "kube"\nkubeconfig = "{config}"\n')
    scale = {"id": "a", "kind": "tool", "tool": "kube_scale", "args": {"name": "web", "replicas": 5}}
    (home / "graph.yaml").write_text(json.dumps({"name": "t", "allow": ["kube_*"], "steps": [scale]}))
    assert tinyllm("run", "-g", "graph.yaml", "go").code == 0
    offered = tinyllm("runs", "rollback", "last")
    assert (offered.code, "what kube_scale did is still there" in offered.err) == (0, True)
    web = kube_api.objects["/apis/apps/v1/namespaces/shop/deployments/web"]["spec"]
    web["replicas"] = 9
    failed = tinyllm("runs", "rollback", "last", "--compensate")
    assert (failed.code, "COULD NOT BE COMPENSATED" in failed.out) == (1, True)
    web["replicas"] = 5
    done = json.loads(tinyllm("runs", "rollback", "last", "--compensate", "--json").out)
    assert [each["done"] for each in done["compensated"]] == [True]
    assert web["replicas"] == 2

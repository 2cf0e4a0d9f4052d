"""A worker of prefect-kubernetes outside the cluster, with the rights of its service account: the jobs that it makes,
and what Prefect says when they end. No node runs them: the pods' status is set by hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.workers import workers
from tests.components.cluster.control_plane import ControlPlane, Processes
from tests.components.cluster.projects import IMAGE, ClusterProject
from tests.components.cluster.test_graph import ALLOWED
from tests.support.wait import until

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(900), pytest.mark.xdist_group("kubernetes")]


@dataclass(frozen=True)
class Site:
    project: ClusterProject
    client: BlockingClient
    deployment: str

    def run(self, **variables: Any) -> str:
        """Id of a new flow run."""
        route = f"/deployments/{self.deployment}/create_flow_run"
        body = {"job_variables": variables, "idempotency_key": uuid4().hex}
        return str(self.client.request("POST", route, json=body, idempotent=True)["id"])

    def state(self, run: str) -> dict[str, Any]:
        state: dict[str, Any] = self.client.request("GET", f"/flow_runs/{run}")["state"]
        return state

    def found(self, kind: str, run: str) -> Any:
        """The run's job, or the pod of it."""
        items = self.project.cluster.get(f"{self.project.path(kind)}?labelSelector=prefect.io/flow-run-id={run}")
        return next(iter(items["items"]), None)

    def ended(self, pod: Any, phase: str) -> None:
        path = self.project.path("pods", f"{pod['metadata']['name']}/status")
        self.project.cluster.patch(path, {"status": {"phase": phase}})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cluster: ControlPlane, prefect_server: str) -> Iterator[Site]:
    folder, name = tmp_path_factory.mktemp("jobs"), f"jobs-{uuid4().hex[:6]}"
    project = ClusterProject.make(folder, name, cluster, {"api_url": prefect_server})
    project.configure({"finished_job_ttl": 600}, count=1)
    project.infra("up", "--yes")
    client = BlockingClient(prefect_server)
    flow = client.request("POST", "/flows/", json={"name": name}, idempotent=True)["id"]
    body = {"name": "own", "flow_id": flow, "work_pool_name": name, "entrypoint": "flows/own.py:own"}
    deployment = client.request("POST", "/deployments/", json=body, idempotent=True)["id"]
    processes = Processes(folder)
    _start_worker(processes, project, prefect_server)
    try:
        until(lambda: workers(client, name))
        yield Site(project, client, deployment)
    finally:
        processes.stop()
        client.close()


def _start_worker(processes: Processes, project: ClusterProject, api_url: str) -> None:
    """It knows the cluster by the token of its service account alone."""
    kubeconfig = processes.folder / "worker.kubeconfig"
    project.cluster.write_kubeconfig(kubeconfig, project.token(), project.name)
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(processes.folder / "home"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES": project.name,
        "DO_NOT_TRACK": "1",
    }
    words = ["--pool", project.name, "--type", "kubernetes", "--name", "outside", "--install-policy", "never"]
    command = ["-W", "ignore", "-m", "prefect", "worker", "start", *words]
    processes.start(sys.executable, *command, environment=environment)


def test_a_run_is_a_job_as_the_pool_says(site: Site) -> None:
    run = site.run(env={"LEVEL": "debug"}, image_pull_policy="IfNotPresent")
    job = until(lambda: site.found("jobs", run))
    assert job["metadata"]["namespace"] == site.project.name
    assert job["metadata"]["labels"]["prefect.io/work-pool-name"] == site.project.name
    assert (job["spec"]["ttlSecondsAfterFinished"], job["spec"]["backoffLimit"]) == (600, 0)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (IMAGE, "IfNotPresent")
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert (env["REGION"], env["LEVEL"]) == ("eu", "debug")
    assert container["args"] == ["prefect", "flow-run", "execute"]
    pod = until(lambda: site.found("pods", run))
    assert pod["status"]["phase"] == "Pending"
    until(lambda: site.state(run)["name"] == "InfrastructurePending")


def test_a_run_whose_pod_fails_is_crashed(site: Site) -> None:
    run = site.run()
    site.ended(until(lambda: site.found("pods", run)), "Failed")
    until(lambda: site.state(run)["type"] == "CRASHED")
    assert site.state(run)["message"] == "No active or succeeded pods found for any job"
    reasons = {each["type"]: each["reason"] for each in site.found("jobs", run)["status"]["conditions"]}
    assert reasons["Failed"] == "BackoffLimitExceeded"


def test_a_run_whose_job_is_deleted_is_crashed(site: Site) -> None:
    run = site.run()
    job = until(lambda: site.found("jobs", run))
    path = site.project.path("jobs", job["metadata"]["name"])
    site.project.cluster.api.delete(path, params={"propagationPolicy": "Background"}).raise_for_status()
    until(lambda: site.state(run)["type"] == "CRASHED")
    assert site.state(run)["message"] == "Kubernetes job was deleted"


def test_its_role_was_enough(site: Site) -> None:
    """What the API server noted of the account's requests."""
    asked = site.project.cluster.asked(site.project.account)
    refused = [event["requestURI"] for event in asked if event["responseStatus"]["code"] == 403]
    assert refused == []
    used = {
        (of.get("apiGroup", ""), of["resource"], of.get("subresource", ""), event["verb"])
        for event in asked
        for of in [event["objectRef"]]
    }
    assert used <= {(*of, verb) for of, verbs in ALLOWED.items() for verb in verbs}
    assert {("batch", "jobs", "", verb) for verb in ("get", "list", "watch", "create")} <= used

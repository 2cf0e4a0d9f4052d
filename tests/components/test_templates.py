"""Base job templates against the workers' own code: what they declare, and the jobs that they render from ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.components.templates import TemplateError, base_job_template, worker_types

KUBERNETES_VERSION = "1.34"

OWN = """
import json, sys
from prefect_docker.worker import DockerWorker
from prefect_kubernetes.worker import KubernetesWorker
from prefect.workers.process import ProcessWorker
workers = (DockerWorker, KubernetesWorker, ProcessWorker)
print(json.dumps({worker.type: worker.get_default_base_job_template() for worker in workers}))
"""

RENDER = """
import asyncio, json, sys
from uuid import uuid4
from prefect.client.schemas.objects import Flow, FlowRun
from prefect_kubernetes.worker import KubernetesWorkerJobConfiguration as Job

async def render():
    template, values = json.load(sys.stdin)
    job = await Job.from_template_and_values(template, values)
    run = FlowRun(flow_id=uuid4(), name="brave-otter")
    job.prepare_for_flow_run(run, flow=Flow(name="orders"))
    print(json.dumps(job.job_manifest))

asyncio.run(render())
"""


def python(script: str, folder: Path, given: Any = None) -> Any:
    """Prefect is imported in a process of its own, as everywhere."""
    environment = {**os.environ, "PREFECT_HOME": str(folder), "DO_NOT_TRACK": "1", "PREFECT_LOGGING_LEVEL": "ERROR"}
    environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_faults_are_all_named() -> None:
    with pytest.raises(TemplateError) as refused:
        base_job_template("kubernetes", {"namespce": "x", "job_watch_timeout_seconds": "soon"})
    assert refused.value.faults == [
        "job_watch_timeout_seconds: 'soon' is not of type 'integer'",
        "namespce: the base job template has no such variable; did you mean namespace?",
    ]
    with pytest.raises(TemplateError, match="no base job template for the type 'podman'"):
        base_job_template("podman", {})


def test_the_type_s_own_template_is_left_as_it_is() -> None:
    before = json.dumps(worker_types()["docker"])
    made = base_job_template("docker", {"mem_limit": "1g"})
    assert json.dumps(worker_types()["docker"]) == before
    assert made["variables"]["properties"]["mem_limit"]["default"] == "1g"


@pytest.mark.e2e
def test_templates_know_what_the_installed_workers_know(tmp_path: Path) -> None:
    """The server's collection and the workers' packages are released apart: these variables lie between them."""
    apart = {"container_wait_timeout", "container_create_kwargs", "backoff_limit", "annotations"}
    own = python(OWN, tmp_path)
    for worker_type, template in own.items():
        have, want = (set(each["variables"]["properties"]) for each in (worker_types()[worker_type], template))
        assert have ^ want <= apart, worker_type


@pytest.mark.e2e
def test_a_kubernetes_job_is_rendered_from_our_template_and_valid(tmp_path: Path) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    job = {"namespace": "data", "image": "registry.example.com/worker@sha256:" + "a" * 64, "env": {"REGION": "eu"}}
    job |= {"service_account_name": "prefect-flow", "image_pull_policy": "IfNotPresent", "finished_job_ttl": 600}
    manifest = python(RENDER, tmp_path, [base_job_template("kubernetes", job), {}])
    validate.validate(manifest, KUBERNETES_VERSION, strict=True)
    assert (manifest["kind"], manifest["metadata"]["namespace"]) == ("Job", "data")
    assert manifest["spec"]["ttlSecondsAfterFinished"] == 600
    assert (manifest["spec"]["parallelism"], manifest["spec"]["completions"]) == (1, 1)
    pod = manifest["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "prefect-flow"
    (container,) = pod["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (job["image"], "IfNotPresent")
    assert {"name": "REGION", "value": "eu"} in container["env"]

    manifest["spec"]["template"]["spec"]["containers"][0]["imagePullPolicies"] = "Never"
    with pytest.raises(Exception, match="imagePullPolicies"):
        validate.validate(manifest, KUBERNETES_VERSION, strict=True)

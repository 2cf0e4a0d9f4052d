"""The program's Kubernetes graph on a real API server: applied, drifted, healed, destroyed; what its role allows."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.components.cluster.control_plane import ControlPlane
from tests.components.cluster.projects import IMAGE, ClusterProject
from tests.support.git_repository import git

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(1200), pytest.mark.xdist_group("kubernetes")]

OTHER = IMAGE.replace("a" * 64, "b" * 64)
PASSWORD = base64.b64encode(b"admin:of-another").decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, cluster: ControlPlane, prefect_server: str) -> ClusterProject:
    folder, name = tmp_path_factory.mktemp("graph"), f"graph-{uuid4().hex[:6]}"
    made = ClusterProject.make(folder, name, cluster, {"api_url": prefect_server})
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
        git(made.graph.root, *words)
    made.infra("up", "--yes")
    return made


def workers(project: ClusterProject, **spec: Any) -> None:
    project.cluster.patch(project.path("deployments", project.own), {"spec": spec})


def container(project: ClusterProject, **change: Any) -> None:
    workers(project, template={"spec": {"containers": [{"name": "worker", **change}]}})


def unbound(project: ClusterProject) -> None:
    project.cluster.api.delete(project.path("rolebindings", project.own)).raise_for_status()


def rules(project: ClusterProject) -> None:
    every = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    project.cluster.patch(project.path("roles", project.own), {"rules": every})


def password(project: ClusterProject) -> None:
    project.cluster.patch(project.path("secrets", project.own), {"data": {"PREFECT_API_AUTH_STRING": PASSWORD}})


CHANGES: list[tuple[str, str, Callable[[ClusterProject], None]]] = [
    ("Deployment/{}", "update", lambda project: workers(project, replicas=5)),
    ("Deployment/{}", "update", lambda project: container(project, image=OTHER)),
    ("Role/{}-role", "update", rules),
    ("Secret/{}-credentials", "update", password),
    ("RoleBinding/{}-binding", "create", unbound),
]
"""Resource, what an update does about it, and the change outside the code."""

REPORTED = {
    "Deployment/{}": ("changed live", ["spec.replicas", "spec.template.spec.containers"]),
    "Role/{}-role": ("changed live", ["rules"]),
    "Secret/{}-credentials": ("changed live", ["data"]),
    "RoleBinding/{}-binding": ("missing live", []),
}
"""Resource -> its class in drift and review, and the fields named."""


def test_the_server_has_what_the_program_declares(project: ClusterProject) -> None:
    live = project.cluster.get(project.path("deployments", project.own))
    (worker,) = live["spec"]["template"]["spec"]["containers"]
    assert (live["spec"]["replicas"], worker["image"]) == (2, IMAGE)
    assert live["spec"]["strategy"] == {"type": "Recreate"}
    secret = project.cluster.get(project.path("secrets", project.own))["data"]
    assert base64.b64decode(secret["PREFECT_API_AUTH_STRING"]) == b"admin:of-the-tests"
    assert "of-the-tests" not in json.dumps(live)
    # The controllers have written defaults, status and revisions by now.
    assert project.changes("--refresh") == {}
    assert project.reported("drift", "--json") == {}


def test_changes_outside_the_code_are_seen_and_healed(project: ClusterProject) -> None:
    for _, _, change in CHANGES:
        change(project)
    assert project.changes("--refresh") == {name.format(project.name): op for name, op, _ in CHANGES}
    for words in (["drift", "--json"], ["review", "--json", "--base", "main", "-s", "dev"]):
        items = project.reported(*words)
        assert PASSWORD not in json.dumps(items)
        found = {name: (item["cls"], [field["path"] for field in item["fields"]]) for name, item in items.items()}
        assert found == {name.format(project.name): expected for name, expected in REPORTED.items()}
    project.infra("up", "--refresh", "--yes")
    live = project.cluster.get(project.path("deployments", project.own))
    (worker,) = live["spec"]["template"]["spec"]["containers"]
    assert (live["spec"]["replicas"], worker["image"]) == (2, IMAGE)
    assert project.changes("--refresh") == {}
    assert project.reported("drift", "--json") == {}


ALLOWED = {
    ("batch", "jobs", ""): {"get", "list", "watch", "create", "delete"},
    ("", "pods", ""): {"get", "list", "watch"},
    ("", "pods", "log"): {"get"},
    ("", "secrets", ""): {"get", "create", "update", "patch", "delete"},
}
ASKED = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
OTHERS = [("apps", "deployments", ""), ("", "pods", "exec"), ("", "serviceaccounts", ""), ("", "nodes", "")]
OTHERS += [("rbac.authorization.k8s.io", "roles", ""), ("", "configmaps", ""), ("batch", "jobs", "status")]


def test_the_worker_s_account_may_what_the_worker_does_and_nothing_else(project: ClusterProject) -> None:
    """`POST subjectaccessreviews`, for each verb: in the pool's namespace, in another, and in all."""
    reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    def may(verb: str, of: tuple[str, str, str], namespace: str) -> bool:
        group, resource, subresource = of
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
        spec = {"user": project.account, "resourceAttributes": {**attributes, "namespace": namespace}}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = project.cluster.api.post(reviews, json=review).raise_for_status().json()
        return bool(answer["status"]["allowed"])

    for of in (*ALLOWED, *OTHERS):
        assert {verb for verb in ASKED if may(verb, of, project.name)} == ALLOWED.get(of, set()), of
        assert not [verb for verb in ASKED for place in ("default", "") if may(verb, of, place)], of
    # The same with a token of the account, as its pod has it.
    with project.cluster.client(project.token()) as bearer:
        assert bearer.get(project.path("jobs")).status_code == 200
        assert bearer.get("/apis/batch/v1/namespaces/default/jobs").status_code == 403
        assert bearer.get(project.path("secrets")).status_code == 403


def test_what_was_made_is_gone_after_a_destroy(project: ClusterProject) -> None:
    assert project.cluster.get(f"/api/v1/namespaces/{project.name}") is not None
    project.infra("destroy", "--yes")
    assert project.cluster.get(f"/api/v1/namespaces/{project.name}") is None

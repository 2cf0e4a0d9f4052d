"""A project with a pool of Kubernetes workers, whose commands act on a cluster of the tests."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.components import docker_plugin, graphs
from tests.components.cluster import plugin
from tests.components.cluster.control_plane import ControlPlane
from tests.support.projects import Project

IMAGE = "registry.test/worker@sha256:" + "a" * 64


@dataclass(frozen=True)
class ClusterProject:
    """Everything of it is in the namespace `name`, which is the pool's name too. `environment` is that of commands."""

    name: str
    graph: graphs.Graph
    project: Project
    cluster: ControlPlane
    server: dict[str, Any]
    environment: dict[str, str]

    @staticmethod
    def make(folder: Path, name: str, cluster: ControlPlane, server: dict[str, Any]) -> ClusterProject:
        """Not applied yet. Its commands have the plugin on PATH and the cluster as KUBECONFIG."""
        docker_plugin.install(folder / "bin", "kubernetes", plugin.MODULE)
        environment = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "KUBECONFIG": str(cluster.kubeconfig),
            "PULUMI_CONFIG_PASSPHRASE": "of the tests",
            "PREFECT_API_AUTH_STRING": "admin:of-the-tests",
        }
        graph = graphs.Graph.make(folder / "project", {})
        (graph.root / ".venv").mkdir()
        (graph.root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        made = ClusterProject(name, graph, Project(graph.root), cluster, server, environment)
        made.configure()
        return made

    def configure(self, job: dict[str, Any] | None = None, **workers: Any) -> None:
        workers = {"count": 2, "image": IMAGE, "namespace": self.name, **workers}
        pool = {"type": "kubernetes", "job": {"env": {"REGION": "eu"}, **(job or {})}, "workers": workers}
        self.graph.configure({"server": self.server, "pools": {self.name: pool}})

    def infra(self, *arguments: str, check: bool = True) -> str:
        """What a command prints on stdout."""
        return self.project.infra(*arguments, check=check, env=self.environment).stdout

    def changes(self, *arguments: str) -> dict[str, str]:
        """Type/name -> operation of what an update would do; what stays as it is or is only read is left out."""
        return graphs.operations_of(json.loads(self.infra("preview", "--json", *arguments)))

    def reported(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Type/name -> item of a report."""
        return graphs.items_of(json.loads(self.infra(*arguments, check=False)))

    def path(self, kind: str, name: str = "") -> str:
        """Address of an object of the graph on the API server."""
        groups = {"deployments": "apps", "jobs": "batch"}
        group = "rbac.authorization.k8s.io" if kind.startswith("role") else groups.get(kind, "")
        folder = f"/apis/{group}/v1" if group else "/api/v1"
        return f"{folder}/namespaces/{self.name}/{kind}" + (f"/{name}" if name else "")

    @property
    def own(self) -> str:
        """Name of the deployment, the role, the account and the secret alike."""
        return f"prefect-worker-{self.name}"

    @property
    def account(self) -> str:
        """The service account, as the API server calls it."""
        return f"system:serviceaccount:{self.name}:{self.own}"

    def token(self) -> str:
        """Of the service account, for an hour (`POST .../serviceaccounts/NAME/token`)."""
        path = self.path("serviceaccounts", f"{self.own}/token")
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        token: str = self.cluster.api.post(path, json=body).raise_for_status().json()["status"]["token"]
        return token

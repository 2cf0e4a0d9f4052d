"""A project whose program registers resources of other packages, run by the engine against providers of the test.

`SchemaProvider` answers for such a package in a preview and refuses what the package's schema does not take.
`DaemonProvider` also carries out the docker package's resources, on a real daemon, from the registered inputs alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckFailure,
    CheckRequest,
    CheckResult,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    InvokeResult,
    Props,
    ReadRequest,
    ReadResult,
    UpdateRequest,
)
from prefect_pulumi.core.values import UNKNOWN, has_unknown, same, unwrap
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.run.events import Event, Message, SinkHost
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.provider.provider import PrefectProvider
from tests.components import sdk_schema

REPOSITORY = Path(__file__).parents[2]
SDKS = {"docker": "pulumi_docker", "kubernetes": "pulumi_kubernetes"}
OUTPUTS = {
    "docker:index/image:Image": ("repoDigest", "baseImageName"),
    "docker:index/remoteImage:RemoteImage": ("repoDigest", "imageId"),
}


def token_of(urn: str) -> str:
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


class SchemaProvider:
    """A package's provider as far as a preview asks it."""

    def __init__(self, package: str) -> None:
        self.schema = sdk_schema
        self.known = self.schema.resource_args(SDKS[package])

    def check_config(self, request: CheckRequest) -> CheckResult:
        return CheckResult(dict(request.new_inputs))

    def diff_config(self, request: DiffRequest) -> DiffResult:
        return DiffResult(Changes.NONE)

    def configure(self, inputs: Props) -> None:
        """Nothing to configure."""

    def check(self, request: CheckRequest) -> CheckResult:
        token, news = token_of(request.urn), request.new_inputs
        if token not in self.known:
            return CheckResult(dict(news), (CheckFailure("", f"the package has no {token}"),))
        wrong = self.schema.faults(self.known[token], dict(news))
        return CheckResult(dict(news), tuple(CheckFailure(text.split(":")[0], text) for text in wrong))

    def diff(self, request: DiffRequest) -> DiffResult:
        old_inputs, news = request.old_inputs, request.new_inputs
        names = {*old_inputs, *news} - {"__defaults"}
        changed = [n for n in names if has_unknown(news.get(n)) or not same(old_inputs.get(n), news.get(n))]
        if not changed:
            return DiffResult(Changes.NONE)
        if token_of(request.urn) == "docker:index/image:Image":
            return DiffResult(Changes.SOME, dict.fromkeys(changed, DiffKind.UPDATE))
        return DiffResult(
            Changes.SOME, dict.fromkeys(changed, DiffKind.UPDATE_REPLACE), tuple(changed), delete_before_replace=True
        )

    def create(self, request: CreateRequest) -> CreateResult:
        assert request.preview, "a schema makes nothing"
        return CreateResult("", {**request.inputs, **dict.fromkeys(OUTPUTS.get(token_of(request.urn), ()), UNKNOWN)})

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        return self.create(CreateRequest(request.urn, request.new_inputs, preview=request.preview)).outputs

    def read(self, request: ReadRequest) -> ReadResult:
        return ReadResult(request.id, dict(request.inputs), dict(request.outputs))

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        return [self.read(request) for request in requests]

    def delete(self, request: DeleteRequest) -> None:
        raise AssertionError("a schema deletes nothing")

    def invoke(self, request: InvokeRequest) -> InvokeResult:
        return InvokeResult({}, (CheckFailure("", f"no function {request.token}"),))

    def cancel(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing is open."""


class DaemonProvider(SchemaProvider):
    """Makes and deletes on the daemon at `host` what is registered, nothing more."""

    def __init__(self, host: str, root: Path) -> None:
        super().__init__("docker")
        import docker

        self.docker = docker
        self.client = docker.DockerClient(base_url=host, timeout=600)
        self.root = root
        self.building = threading.Lock()

    def check(self, request: CheckRequest) -> CheckResult:
        """As the plugin does, it notes what is sent to the builder: a change of it is a change of the image."""
        found, news = super().check(request), request.new_inputs
        if token_of(request.urn) != "docker:index/image:Image":
            return found
        build = {**news["build"], "contextDigest": self._digest(unwrap(dict(news["build"])))}
        return dataclasses.replace(found, inputs={**found.inputs, "build": build})

    def create(self, request: CreateRequest) -> CreateResult:
        if request.preview:
            return super().create(request)
        kind, given = token_of(request.urn).rsplit(":", 1)[-1], unwrap(dict(request.inputs))
        id, extra = getattr(self, f"_create_{kind.lower()}")(given)
        return CreateResult(id, {**request.inputs, **extra})

    def delete(self, request: DeleteRequest) -> None:
        kind, given = token_of(request.urn).rsplit(":", 1)[-1], unwrap(dict(request.inputs))
        if kind == "Container":
            container = self.client.containers.get(request.id)
            container.stop(timeout=given["destroyGraceSeconds"])
            container.remove()
        elif kind == "Network":
            self.client.networks.get(request.id).remove()
        elif kind == "Volume":
            self.client.volumes.get(request.id).remove()

    def close(self) -> None:
        self.client.close()

    def _digest(self, build: dict[str, Any]) -> str:
        folder, file = ((self.root / "infra" / build[key]).resolve() for key in ("context", "dockerfile"))
        ignored = (folder / ".dockerignore").read_text().splitlines()
        names = self.docker.utils.build.exclude_paths(str(folder), ignored, dockerfile=str(file.relative_to(folder)))
        found = hashlib.sha256()
        for path in sorted(folder / name for name in names):
            found.update(str(path.relative_to(folder)).encode() + (path.read_bytes() if path.is_file() else b""))
        return found.hexdigest()

    def _create_image(self, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        infra, build = self.root / "infra", given["build"]
        with self.building:
            image, _ = self.client.images.build(
                path=str((infra / build["context"]).resolve()),
                dockerfile=str((infra / build["dockerfile"]).resolve()),
                buildargs=build.get("args", {}),
                tag=given["imageName"],
                forcerm=True,
            )
        return given["imageName"], {"repoDigest": image.id, "baseImageName": given["imageName"]}

    def _create_network(self, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return str(self.client.networks.create(given["name"], driver=given["driver"]).id), {}

    def _create_volume(self, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return str(self.client.volumes.create(given["name"]).name), {}

    def _create_container(self, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        mounts = [
            self.docker.types.Mount(target=each["target"], source=each["source"], type=each["type"])
            for each in given["mounts"]
        ]
        ports = given.get("ports", [])
        memory = {}
        if "memory" in given:
            memory = {"mem_limit": f"{given['memory']}m", "memswap_limit": f"{given['memorySwap']}m"}
        health = given.get("healthcheck")
        first, *more = [each["name"] for each in given["networksAdvanced"]]
        container = self.client.containers.create(
            given["image"],
            command=given["command"],
            name=given["name"],
            environment=given["envs"],
            extra_hosts={each["host"]: each["ip"] for each in given.get("hosts", [])},
            ports={f"{each['internal']}/{each['protocol']}": (each["ip"], each["external"]) for each in ports},
            healthcheck=health and {"test": health["tests"], "interval": _nanoseconds(health["interval"])},
            network=first,
            mounts=mounts,
            group_add=given.get("groupAdds", []),
            labels={each["label"]: each["value"] for each in given["labels"]},
            init=given["init"],
            restart_policy={"Name": given["restart"]},
            log_config=self.docker.types.LogConfig(type=given["logDriver"], config=given["logOpts"]),
            stop_signal=given["stopSignal"],
            **memory,
        )
        for name in more:
            self.client.networks.get(name).connect(container)
        container.start()
        if given.get("wait"):
            end = time.monotonic() + given["waitTimeout"]
            while self.client.containers.get(container.id).health != "healthy":
                assert time.monotonic() < end, container.logs().decode()
                time.sleep(0.5)
        return str(container.id), {}


def _nanoseconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1]) * 1_000_000_000


@dataclass
class Sink:
    messages: list[str] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        if isinstance(event, Message):
            self.messages.append(event.text)


@dataclass
class Graph:
    """A copy of this repository's project with pools of its own."""

    root: Path
    daemon: str = ""
    project: str = "prefect-infra"
    sink: Sink = field(default_factory=Sink)

    @staticmethod
    def make(root: Path, environment: dict[str, Any], daemon: str = "", project: str = "prefect-infra") -> Graph:
        root.mkdir(parents=True)
        for name in ("infra", "flows", "worker"):
            ignored = shutil.ignore_patterns("__pycache__", "wheelhouse")
            shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
        for name in ("Pulumi.yaml", "constraints.txt", ".dockerignore"):
            shutil.copy(REPOSITORY / name, root / name)
        (root / "prefect.yaml").write_text("name: prefect-infra\ndeployments: []\n")
        file = root / "Pulumi.yaml"
        file.write_text(file.read_text().replace("name: prefect-infra", f"name: {project}"))
        made = Graph(root, daemon, project)
        made.configure(environment)
        return made

    def configure(self, environment: dict[str, Any]) -> None:
        config = {f"{self.project}:environment": environment}
        (self.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))

    def preview(self) -> Result:
        return operations.preview(self._context(write=False), RunOptions())

    def up(self) -> Result:
        return operations.up(self._context(write=True), RunOptions())

    def destroy(self) -> Result:
        return operations.destroy(self._context(write=True), RunOptions())

    def registered(self) -> dict[str, Any]:
        """Logical name and type -> the planned step's new state, in a preview."""
        return {f"{token_of(s.urn)}/{s.urn.rsplit('::', 1)[-1]}": s.new for s in self.preview().steps if s.new}

    def _context(self, *, write: bool) -> Any:
        context = engine_context(Stack(self.root, "dev"), self.sink, write=write, output=sys.stderr)

        def loader(package: str, version: str, url: str, checksums: Any) -> Any:
            if package == "prefect":
                return PrefectProvider(self.root, SinkHost(self.sink))
            if package == "docker" and self.daemon:
                return DaemonProvider(self.daemon, self.root)
            return SchemaProvider(package)

        return dataclasses.replace(context, loader=loader)

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
MIB = 1024 * 1024
IN_PLACE = {"memory", "memorySwap", "cpus", "restart", "mustRun", "destroyGraceSeconds"}
"""Inputs of a container that the plugin changes as it runs, where the program does not ask for a new one."""
OUTPUTS = {
    "docker:index/image:Image": ("repoDigest", "baseImageName"),
    "docker:index/remoteImage:RemoteImage": ("repoDigest", "imageId"),
}


def token_of(urn: str) -> str:
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def operations_of(shown: dict[str, Any]) -> dict[str, str]:
    """Type/name -> operation, of `preview --json`; what stays as it is or is only read is left out."""
    return {
        f"{_kind(step['urn'])}/{step['urn'].rsplit('::', 1)[-1]}": step["op"]
        for step in shown["steps"]
        if step["op"] not in ("same", "refresh")
    }


def items_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Type/name -> item, of the report of one stack."""
    (environment,) = report["environments"]
    return {f"{item['kind']}/{item['name']}": item for item in environment["items"]}


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
    """Makes, reads and deletes on the daemon at `host` what is registered, nothing more.

    It reads and compares what the plugin does: limits, restart policy and whether a container runs at all, not which
    networks it is in.
    """

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

    def diff(self, request: DiffRequest) -> DiffResult:
        difference = super().diff(request)
        if _kind(request.urn) != "Container":
            return difference
        kinds = {n: DiffKind.UPDATE if n in IN_PLACE else kind for n, kind in difference.detailed.items()}
        replaces = tuple(name for name in difference.replaces if name not in IN_PLACE)
        return dataclasses.replace(difference, detailed=kinds, replaces=replaces)

    def create(self, request: CreateRequest) -> CreateResult:
        if request.preview:
            return super().create(request)
        id, extra = getattr(self, f"_create_{_kind(request.urn).lower()}")(unwrap(dict(request.inputs)))
        return CreateResult(id, {**request.inputs, **extra})

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        if _kind(request.urn) == "Image" or request.preview:
            return super().update(request)
        changed = {name for name, value in request.new_inputs.items() if not same(request.old_inputs.get(name), value)}
        assert changed <= {"destroyGraceSeconds"}, f"the program asks for a new container: {changed}"
        return {**request.old_outputs, **request.new_inputs}

    def read(self, request: ReadRequest) -> ReadResult:
        """`inputs` are those that would make what is there now."""
        kind = _kind(request.urn)
        if kind == "Image":
            return super().read(request)
        try:
            live = getattr(self.client, f"{kind.lower()}s").get(request.id)
        except self.docker.errors.NotFound:
            return ReadResult("", {}, {})
        if kind != "Container":
            return super().read(request)
        if request.inputs.get("mustRun") and not live.attrs["State"]["Running"]:
            live.remove()  # so does the plugin: its name is free for the next one
            return ReadResult("", {}, {})
        limits = _limits(live.attrs["HostConfig"])
        known = {name: value for name, value in limits.items() if value or name in request.inputs}
        return ReadResult(
            request.id, {**request.inputs, **known}, {**request.outputs, **known, "networkDatas": _addresses(live)}
        )

    def delete(self, request: DeleteRequest) -> None:
        kind, given = _kind(request.urn), unwrap(dict(request.inputs))
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
        limits: dict[str, Any] = {}
        if "memory" in given:
            limits = {"mem_limit": f"{given['memory']:g}m", "memswap_limit": f"{given['memorySwap']:g}m"}
        if "cpus" in given:
            limits["nano_cpus"] = int(float(given["cpus"]) * 1e9)
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
            **limits,
        )
        for name in more:
            self.client.networks.get(name).connect(container)
        container.start()
        container.reload()
        addresses = {"networkDatas": _addresses(container)}
        if given.get("wait"):
            end = time.monotonic() + given["waitTimeout"]
            while self.client.containers.get(container.id).health != "healthy":
                assert time.monotonic() < end, container.logs().decode()
                time.sleep(0.5)
        return str(container.id), addresses


def _kind(urn: str) -> str:
    return token_of(urn).rsplit(":", 1)[-1]


def _limits(host_config: Props) -> dict[str, Any]:
    """What a container may use and when it restarts, in the words of the inputs."""
    memory, swap, cpus = (host_config[name] for name in ("Memory", "MemorySwap", "NanoCpus"))
    return {
        "memory": memory // MIB,
        "memorySwap": swap // MIB,
        "cpus": f"{cpus / 1e9:g}" if cpus else "",
        "restart": host_config["RestartPolicy"]["Name"],
    }


def _addresses(container: Any) -> list[dict[str, Any]]:
    networks = container.attrs["NetworkSettings"]["Networks"]
    return [{"networkName": name, "ipAddress": network["IPAddress"]} for name, network in sorted(networks.items())]


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

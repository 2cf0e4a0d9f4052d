"""Worker containers for real: the Dockerfile is built, workers run from it, flows run in them and in their own.

The program's graph is carried out by the embedded engine; what the docker package's own plugin would do is done by
`graphs.DaemonProvider` from the registered inputs.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from prefect_pulumi.api.portal import SyncClient
from prefect_pulumi.api.workers import find_pool, workers
from prefect_pulumi.local import server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

FLOW = """
import os
import time
from prefect import flow

@flow
def where(seconds: int = 0) -> str:
    time.sleep(seconds)
    found = [os.environ.get("REGION", "none"), os.environ.get("TOKEN", "none"), str(os.getuid())]
    print("ran with " + " ".join(found))
    return " ".join(found)
"""
PREFECT_YAML = """
name: prefect-infra
pull:
  - prefect.deployments.steps.set_working_directory:
      directory: /opt/project
deployments:
  - {name: own, entrypoint: "flows/where.py:where", work_pool: {name: boxes}}
  - {name: inside, entrypoint: "flows/where.py:where", work_pool: {name: inner}}
"""


def _load(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


daemons, graphs = _load("daemon"), _load("graphs")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Address of a daemon, its base image, and a folder of wheels."""
    scratch = tmp_path_factory.mktemp("docker")
    try:
        with daemons.daemon() as address:
            image, version = daemons.base_image(address, scratch)
            daemons.wheelhouse(scratch / "wheelhouse", version)
            yield address, image, scratch / "wheelhouse"
    except daemons.NoDaemon as reason:
        pytest.skip(str(reason))


def environment(port: int, base: str, socket_path: str, **changes: Any) -> dict[str, Any]:
    build = {"build_args": {"BASE": base, "PIP_NO_INDEX": "1"}, "docker_socket": socket_path, "drain_seconds": 120}
    return {
        "server": {"embedded": True, "host": "0.0.0.0", "port": port},
        "secrets": {"box-token": {"default": "from-a-block"}},
        "pools": {
            "boxes": {
                "type": "docker",
                "job": {"env": {"REGION": "eu"}, "auto_remove": False},
                "env_from_blocks": {"TOKEN": "box-token"},
                "workers": {"count": 1, **build},
            },
            "inner": {"type": "process", "workers": {"count": 1, "runs_in": "docker", **build, **changes}},
        },
    }


class Site:
    def __init__(self, root: Path, host: tuple[str, str, Path]) -> None:
        address, self.base, wheels = host
        self.port = free_port()
        self.socket = address.removeprefix("unix://")
        self.project = f"prefect-test-{self.port}"
        self.graph = graphs.Graph.make(
            root, environment(self.port, self.base, self.socket), address, project=self.project
        )
        (root / "flows" / "where.py").write_text(FLOW)
        (root / "prefect.yaml").write_text(PREFECT_YAML)
        for wheel in wheels.iterdir():
            target = root / "worker" / "wheelhouse" / wheel.name
            target.parent.mkdir(exist_ok=True)
            target.hardlink_to(wheel)
        self.docker = docker.DockerClient(base_url=address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def infra(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *arguments],
            cwd=self.graph.root,
            capture_output=True,
            text=True,
            check=False,
        )

    def containers(self) -> dict[str, Any]:
        """Worker name -> container, of this project alone: the daemon may be somebody's own."""
        return {
            each.labels["io.prefect.worker"]: each
            for each in self.docker.containers.list(all=True, filters={"label": "io.prefect.worker"})
            if str(each.name).startswith(self.project)
        }

    def everything(self) -> list[Any]:
        """Every container that was started from this project's images, those of flow runs included."""
        tags = {image.id for image in self.docker.images.list() if self.ours(image.tags)}
        found = self.docker.containers.list(all=True, ignore_removed=True)
        return [each for each in found if each.attrs["Image"] in tags]

    def ours(self, names: list[str]) -> bool:
        return any(name.startswith(self.project) for name in names)

    def close(self) -> None:
        for container in self.everything():
            container.remove(force=True)
        for volume in [each for each in self.docker.volumes.list() if self.ours([each.name])]:
            volume.remove()
        for network in [each for each in self.docker.networks.list() if self.ours([each.name])]:
            network.remove()
        for image in [each for each in self.docker.images.list() if self.ours(each.tags)]:
            self.docker.images.remove(image.id, force=True)
        self.docker.close()
        server.stop(server.ServerSpec(self.graph.root / ".infra/dev/server", host="0.0.0.0", port=self.port))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, host: tuple[str, str, Path]) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site") / "project", host)
    yield made
    made.close()


def test_containers_run_flows_swap_without_loss_and_end(site: Site) -> None:
    site.graph.up()
    client = SyncClient(site.url)
    try:
        assert {name: row["status"] for name, row in workers(client, "boxes").items()} == {"boxes-1": "ONLINE"}
        assert {name: row["status"] for name, row in workers(client, "inner").items()} == {"inner-1": "ONLINE"}
        before = site.containers()
        assert set(before) == {"boxes-1", "inner-1"}
        assert before["inner-1"].attrs["Config"]["User"] == "prefect"
        until(lambda: site.docker.containers.get(before["inner-1"].id).health == "healthy")
        assert site.graph.preview().changed is False

        # A flow in the worker's own container, and one in a container of its own from the same image.
        for deployment, said in (("where/inside", "none none 10001"), ("where/own", "eu from-a-block 10001")):
            done = site.infra("run", deployment, "--timeout", "180", "--json")
            assert done.returncode == 0, done.stdout + done.stderr
            run = json.loads(done.stdout)
            assert run["state"] == "Completed"
            if deployment == "where/own":
                flows = [each for each in site.everything() if "io.prefect.flow-run-id" in each.labels]
                assert len(flows) == 1, [(each.name, each.attrs["Path"], each.labels) for each in flows]
                assert said in flows[0].logs().decode()
            else:
                assert said in before["inner-1"].logs().decode()

        # Another memory limit replaces the container of one pool; its running flow ends first.
        found = client.request("GET", "/deployments/name/where/inside")
        route = f"/deployments/{found['id']}/create_flow_run"
        run_id = client.request(
            "POST", route, json={"parameters": {"seconds": 5}, "idempotency_key": "swap"}, idempotent=True
        )["id"]

        def state() -> str:
            return str(client.request("GET", f"/flow_runs/{run_id}")["state_type"])

        until(lambda: state() == "RUNNING")
        site.graph.configure(environment(site.port, site.base, site.socket, memory=700))
        site.graph.up()
        assert state() == "COMPLETED"
        assert any("inner is paused" in message for message in site.graph.sink.messages)
        after = site.containers()
        assert after["inner-1"].id != before["inner-1"].id
        assert after["boxes-1"].id == before["boxes-1"].id
        host_config = after["inner-1"].attrs["HostConfig"]
        assert (host_config["Memory"], host_config["MemorySwap"]) == (700 << 20, 1400 << 20)
        assert find_pool(client, "inner")["is_paused"] is False
        assert workers(client, "inner")["inner-1"]["status"] == "ONLINE"

        assert site.graph.preview().changed is False

        # A worker that cannot reach the server is named with what its container logged.
        broken = environment(
            site.port, site.base, site.socket, env={"PREFECT_API_URL": "http://127.0.0.1:9/api"}, online_seconds=15
        )
        site.graph.configure(broken)
        with pytest.raises(Exception, match=r"(?s)inner-1.*container .*inner-1 .*its log ends with"):
            site.graph.up()
    finally:
        client.close()
    site.graph.destroy()
    assert site.containers() == {}
    assert not [each.name for each in site.docker.volumes.list() if site.ours([each.name])]
    assert not [each.name for each in site.docker.networks.list() if site.ours([each.name])]

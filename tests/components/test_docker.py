"""Worker containers for real: the Dockerfile is built, workers run from it, flows run in them and in their own.

The program's graph is carried out by the embedded engine; what the docker package's own plugin would do is done by
`graphs.DaemonProvider` from the registered inputs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.workers import find_pool, workers
from prefect_pulumi.local import server
from prefect_pulumi.testing.ports import free_port
from tests.components import box, daemon, docker_plugin, graphs, released_images
from tests.support.engines import Official, find_pulumi
from tests.support.projects import Project
from tests.support.promotion_project import promotion_project
from tests.support.wait import until

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


def official_plugin() -> Path | None:
    """The docker package's own plugin: from PATH, or where the official CLI installs plugins."""
    name = "pulumi-resource-docker"
    found = shutil.which(name)
    installed = sorted((Path.home() / ".pulumi" / "plugins").glob(f"resource-docker-v*/{name}"))
    return Path(found) if found else installed[-1] if installed else None


PLUGIN, PULUMI = official_plugin(), find_pulumi()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Address of a daemon, its base image, and a folder of wheels."""
    scratch = tmp_path_factory.mktemp("docker")
    try:
        with daemon.daemon() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", address)
            image, version = daemon.base_image(address, scratch)
            daemon.wheelhouse(scratch / "wheelhouse", version)
            yield address, image, scratch / "wheelhouse"
    except daemon.NoDaemon as reason:
        pytest.skip(str(reason))


def environment(port: int, base: str, socket_path: str, **changes: Any) -> dict[str, Any]:
    build = {"build_args": {"BASE": base, "PIP_NO_INDEX": "1"}, "docker_socket": socket_path, "drain_seconds": 120}
    return {
        "server": {"embedded": True, "host": daemon.bridge(f"unix://{socket_path}"), "port": port},
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


def contained(port: int, base: str, socket_path: str) -> dict[str, Any]:
    """The server is a container too."""
    plan = environment(port, base, socket_path)
    build = {"BASE": base, "PIP_NO_INDEX": "1"}
    return {
        **plan,
        "server": {"container": {"port": port, "build_args": build}},
        "pools": {"boxes": plan["pools"]["boxes"]},
    }


class Site:
    def __init__(self, root: Path, host: tuple[str, str, Path], plan: Callable[..., dict[str, Any]]) -> None:
        address, self.base, wheels = host
        self.port = free_port()
        self.socket = address.removeprefix("unix://")
        self.project = f"prefect-test-{self.port}"
        planned = plan(self.port, self.base, self.socket)
        self.listens = planned["server"].get("host", "127.0.0.1")
        self.graph = graphs.Graph.make(root, planned, address, project=self.project)
        (root / "flows" / "where.py").write_text(FLOW)
        (root / "prefect.yaml").write_text(PREFECT_YAML)
        daemon.give_wheels(root, wheels)
        self.docker = docker.DockerClient(base_url=address)

    @property
    def url(self) -> str:
        return f"http://{self.listens}:{self.port}/api"

    def infra(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *arguments],
            cwd=self.graph.root,
            capture_output=True,
            text=True,
            check=False,
        )

    def containers(self) -> dict[str, Any]:
        """Worker name -> container, of this project alone: the daemon may be in use by others."""
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
        server.stop(server.ServerSpec(self.graph.root / ".infra/dev/server", host=self.listens, port=self.port))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, host: tuple[str, str, Path]) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site") / "project", host, environment)
    yield made
    made.close()


def test_a_server_in_a_container_serves_the_containers_beside_it(
    tmp_path: Path, host: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:of-the-container")
    site = Site(tmp_path / "project", host, contained)
    try:
        (site.graph.root / "prefect.yaml").write_text(PREFECT_YAML.split("  - {name: inside")[0])
        site.graph.up()
        refused = httpx.post(f"{site.url}/work_pools/filter", json={})
        assert refused.status_code == 401
        done = site.infra("run", "where/own", "--timeout", "180", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["state"] == "Completed"
        assert site.graph.preview().changed is False
        # Its database lies in the volume.
        server_of = [each for each in site.everything() if each.labels.get("io.prefect.server")]
        assert len(server_of) == 1
        assert [mount["Destination"] for mount in server_of[0].attrs["Mounts"]] == ["/home/prefect/.prefect"]
        site.graph.destroy()
        assert site.containers() == {}
        assert not [each for each in site.docker.networks.list() if site.ours([each.name])]
    finally:
        site.close()


def test_containers_run_flows_swap_without_loss_and_end(site: Site) -> None:
    site.graph.up()
    client = BlockingClient(site.url)
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


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_what_happens_to_a_container_is_seen_healed_and_clean(
    tmp_path: Path, host: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = box.Box(tmp_path, host, monkeypatch)
    try:
        one.project.infra("up", "--yes")
        assert one.seen() == ({}, {}, {})
        for happening in box.HAPPENINGS:
            box.happen(one, happening)
            assert one.seen() == (happening.planned, happening.reported, happening.reported), happening.name
            one.project.infra("up", "--refresh", "--yes")
            assert one.seen() == ({}, {}, {}), happening.name
        one.project.infra("destroy", "--yes")
    finally:
        one.close()


@pytest.fixture
def stages(tmp_path: Path, host: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    docker_plugin.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    listens = daemon.bridge(host[0])
    specs = {s: server.ServerSpec(tmp_path / s, host=listens, port=free_port()) for s in ("dev", "prod")}
    try:
        with ThreadPoolExecutor() as both:
            servers = {
                name: status.api_url for name, status in zip(specs, both.map(server.start, specs.values()), strict=True)
            }
        with promotion_project(tmp_path, released_images.PROGRAM, ["dev", "prod"], servers) as repository:
            made = released_images.Stages(tmp_path, host, repository, servers)
            try:
                yield made
            finally:
                made.close()
    finally:
        for spec in specs.values():
            server.stop(spec)


def test_a_promotion_swaps_the_image_and_a_bad_one_brings_the_release_before_back(stages: Any) -> None:
    two = stages.repository
    stages.version("one")
    two.infra("up", "-s", "prod", "--yes")
    before = stages.container("prod")

    # The image that dev built and verified is the one that prod's worker starts from.
    commit = stages.version("two")
    two.infra("up", "-s", "dev", "--yes")
    two.infra("verify", "-s", "dev")
    image = two.carried("dev")["images"][stages.pool]
    assert stages.container("dev").attrs["Image"] == image != before.attrs["Image"]
    said = two.infra("promote", "dev", "prod", "--apply", "--yes")
    after = stages.container("prod")
    assert after.id != before.id
    assert (after.attrs["Image"], after.status) == (image, "running")
    # prod builds none of its own.
    assert stages.built("prod") == before.attrs["Image"]
    steps = [
        said.index(text) for text in ("deployed as prod-2", "workers: 1 online", "passed  smoke", "verified: drift")
    ]
    assert steps == sorted(steps)
    record = two.carried("prod")
    assert (record["commit"], record["images"]) == (commit, {stages.pool: image})
    checks = {check["name"]: check for check in record["verification"]["checks"]}
    # The heartbeat is one of the new container.
    heartbeat = checks["workers"]["evidence"][f"{stages.pool}-1"]
    assert datetime.fromisoformat(heartbeat) > datetime.fromisoformat(after.attrs["Created"])
    run = checks["smoke smoke/smoke"]["evidence"]["run"]
    until(lambda: "ran in two" in stages.logged("prod", run))
    two.infra("preview", "-s", "prod", "--expect-no-changes")

    # It runs in dev and ends at once in prod, which has no region.
    stages.version("three", released_images.NEEDS_A_REGION)
    two.infra("up", "-s", "dev", "--yes")
    two.infra("verify", "-s", "dev")
    bad = two.carried("dev")["images"][stages.pool]
    assert stages.container("dev").attrs["Image"] == bad != image
    said = two.infra("promote", "dev", "prod", "--apply", "--yes", code=1)
    assert "ended with exit code 1" in said
    assert "no region" in said
    assert "release dev-2 is not on prod; prod-2 is restored: worker " in said
    assert "workers: 1 online" not in said
    restored = stages.container("prod")
    assert restored.id != after.id
    assert (restored.attrs["Image"], restored.status) == (image, "running")
    record = two.carried("prod")
    assert (record["commit"], record["images"]) == (commit, {stages.pool: image})
    assert stages.online("prod")
    run = two.json("run", "smoke/smoke", "-s", "prod", "--timeout", "120")
    until(lambda: "ran in two" in stages.logged("prod", run["id"]))
    two.infra("preview", "-s", "prod", "--expect-no-changes")
    for stack in ("prod", "dev"):
        two.infra("destroy", "-s", stack, "--yes")
    assert stages.containers() == []


@pytest.mark.skipif(PLUGIN is None, reason="no pulumi-resource-docker: `pulumi plugin install resource docker`")
@pytest.mark.skipif(PULUMI is None, reason="no official CLI: `make pulumi` builds it where Go is installed")
def test_the_official_plugin_sees_no_change_where_there_is_none(
    tmp_path: Path, host: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a stand-in cannot show: what the plugin reads back is what the program declares."""
    assert PLUGIN is not None
    monkeypatch.setenv("PATH", f"{PLUGIN.parent}{os.pathsep}{os.environ['PATH']}")
    site = Site(tmp_path / "project", host, environment)
    (site.graph.root / ".venv").mkdir()
    (site.graph.root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    official = Official(Project(site.graph.root), PULUMI)
    try:
        official.up()
        before = site.containers()
        assert set(before) == {"boxes-1", "inner-1"}
        assert official.changes(refresh=True) == {}
        site.graph.configure(environment(site.port, site.base, site.socket, memory=700))
        official.up()
        after = site.containers()
        assert after["inner-1"].id != before["inner-1"].id
        assert after["boxes-1"].id == before["boxes-1"].id
        assert official.changes(refresh=True) == {}
        official.destroy()
        assert site.containers() == {}
    finally:
        site.close()

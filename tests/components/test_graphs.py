"""What the program registers for containers and clusters, by the engine's own preview and the packages' schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.values import UNKNOWN, Secret, unwrap
from tests.components import graphs

DOCKER: dict[str, Any] = {"server": {"embedded": True, "host": "0.0.0.0"}}


def registered(tmp_path: Path, pool: dict[str, Any], server: Any = DOCKER["server"]) -> dict[str, Any]:
    made = graphs.Graph.make(tmp_path / "project", {"server": server, "pools": {"boxes": pool}})
    found: dict[str, Any] = made.registered()
    return found


def test_three_lines_of_config_declare_a_docker_pool_with_its_workers(tmp_path: Path) -> None:
    """The package's schema is asked for each resource: a fault of any would fail the preview."""
    found = registered(tmp_path, {"type": "docker", "workers": 2})
    assert {name for name in found if name.startswith("docker:")} == {
        "docker:index/image:Image/boxes-image",
        "docker:index/network:Network/boxes-network",
        "docker:index/volume:Volume/boxes-1-home",
        "docker:index/volume:Volume/boxes-2-home",
        "docker:index/container:Container/boxes-1",
        "docker:index/container:Container/boxes-2",
    }
    drain = found["prefect:index:WorkerDrain/boxes"]
    online = found["prefect:index:WorkerOnline/boxes"]
    containers = [found[f"docker:index/container:Container/boxes-{number}"] for number in (1, 2)]
    assert drain.inputs["replaceLost"] is True
    assert found["docker:index/image:Image/boxes-image"].inputs["build"]["platform"].startswith("linux/")
    for number, container in enumerate(containers, 1):
        inputs = unwrap(container.inputs)
        assert {"memory", "memorySwap", "restart"} <= set(container.replace_on_changes)
        assert drain.urn in container.dependencies
        assert container.urn in online.dependencies
        assert inputs["image"] is UNKNOWN  # the id of the built image, not a tag
        assert found["docker:index/image:Image/boxes-image"].urn in container.property_dependencies["image"]
        assert inputs["command"][5:11] == [
            "boxes",
            "--type",
            "docker",
            "--name",
            f"boxes-{number}",
            "--with-healthcheck",
        ]
        assert inputs["hosts"] == [{"host": "host.docker.internal", "ip": "host-gateway"}]
        assert "PREFECT_API_URL=http://host.docker.internal:4200/api" in inputs["envs"]
        assert inputs["envs"] == sorted(inputs["envs"])
        assert inputs["destroyGraceSeconds"] == inputs["stopTimeout"] > 60
        assert "/var/run/docker.sock" in [mount["target"] for mount in inputs["mounts"]]
        assert "memory" not in inputs
    assert unwrap(online.inputs)["workers"] == ["boxes-1", "boxes-2"]
    assert found["prefect:index:WorkPool/boxes"].inputs["baseJobTemplate"] is UNKNOWN


def test_memory_always_comes_with_its_swap(tmp_path: Path) -> None:
    found = registered(tmp_path, {"type": "docker", "workers": {"count": 1, "memory": 512, "cpus": 1.5}})
    inputs = found["docker:index/container:Container/boxes-1"].inputs
    assert (inputs["memory"], inputs["memorySwap"], inputs["cpus"]) == (512, 1024, "1.5")


@pytest.mark.parametrize(("cpus", "text"), [(1, "1"), (2.0, "2"), (0.25, "0.25")])
def test_processors_are_declared_as_the_daemon_s_number_reads(tmp_path: Path, cpus: float, text: str) -> None:
    found = registered(tmp_path, {"type": "docker", "workers": {"count": 1, "cpus": cpus}})
    assert found["docker:index/container:Container/boxes-1"].inputs["cpus"] == text


def test_a_server_in_a_container_is_reached_by_what_runs_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    server = {"container": {"port": 4300}}
    found = registered(tmp_path, {"type": "docker", "workers": 1}, server)
    container = found["docker:index/container:Container/server"]
    inputs = unwrap(container.inputs)
    assert inputs["ports"] == [{"internal": 4200, "external": 4300, "ip": "127.0.0.1", "protocol": "tcp"}]
    assert (inputs["wait"], inputs["waitTimeout"]) == (True, 180)
    assert found["docker:index/image:Image/server-image"].urn in container.property_dependencies["image"]
    # The provider's address is known once the server answers, and so is all that lives on it.
    provider = found["pulumi:providers:prefect/server"]
    assert container.urn in provider.property_dependencies["apiUrl"]
    assert unwrap(provider.inputs)["apiUrl"] == "http://127.0.0.1:4300/api"  # in a preview, too
    worker = found["docker:index/container:Container/boxes-1"]
    network = found["docker:index/network:Network/server-network"]
    assert network.urn in worker.property_dependencies["networksAdvanced"]
    assert len(unwrap(worker.inputs)["networksAdvanced"]) == 2


def test_the_password_and_the_database_of_a_server_container_are_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:hunter2")
    found = registered(tmp_path, {"type": "process"}, {"container": {}})
    envs = found["docker:index/container:Container/server"].inputs["envs"]
    assert isinstance(envs, Secret)
    assert "PREFECT_SERVER_API_AUTH_STRING=admin:hunter2" in envs.value
    assert "hunter2" not in repr(found)


def test_one_server_is_declared(tmp_path: Path) -> None:
    with pytest.raises(
        PrefectPulumiError, match="give one of `embedded: true`, `container`, `api_url` and `workspace`"
    ):
        registered(tmp_path, {"type": "process"}, {"embedded": True, "container": {}})


def test_an_image_of_a_registry_is_referenced_by_its_digest(tmp_path: Path) -> None:
    digest = "registry.example.com/worker@sha256:" + "a" * 64
    found = registered(tmp_path, {"type": "docker", "workers": {"image": digest}})
    assert found["docker:index/remoteImage:RemoteImage/boxes-image"].inputs["name"] == digest
    assert "docker:index/image:Image/boxes-image" not in found
    tag = {"type": "docker", "workers": {"image": "registry.example.com/worker:latest"}}
    with pytest.raises(PrefectPulumiError, match=r"environment\.pools\.boxes\.workers\.image"):
        registered(tmp_path / "tag", tag)


def test_credentials_reach_containers_as_secrets_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:hunter2")
    found = registered(tmp_path, {"type": "docker", "workers": 1})
    envs = found["docker:index/container:Container/boxes-1"].inputs["envs"]
    assert isinstance(envs, Secret)
    assert "PREFECT_API_AUTH_STRING=admin:hunter2" in envs.value
    assert "hunter2" not in repr(found)


def test_process_workers_can_run_in_containers(tmp_path: Path) -> None:
    found = registered(tmp_path, {"type": "process", "workers": {"count": 1, "runs_in": "docker"}})
    inputs = unwrap(found["docker:index/container:Container/boxes-1"].inputs)
    assert inputs["command"][6:8] == ["--type", "process"]
    assert [mount["type"] for mount in inputs["mounts"]] == ["volume"]
    assert found["prefect:index:WorkPool/boxes"].inputs.get("baseJobTemplate") is None


def test_job_overrides_are_checked_against_the_templates_schema(tmp_path: Path) -> None:
    pool = {"type": "docker", "job": {"mem_limit": 512, "image_pull_policy": "Sometimes", "imag": "x"}}
    with pytest.raises(PrefectPulumiError, match=r"pools\.boxes\.job") as refused:
        registered(tmp_path, pool)
    text = str(refused.value)
    assert "environment.pools.boxes.job" in text
    assert "mem_limit: 512 is not of type 'string'" in text
    assert "image_pull_policy: 'Sometimes' is not one of" in text
    assert "imag: the base job template has no such variable; did you mean image?" in text


def test_job_overrides_and_blocks_become_defaults_of_the_template(tmp_path: Path) -> None:
    pool = {
        "type": "docker",
        "job": {"mem_limit": "512m", "networks": ["data"], "env": {"REGION": "eu"}},
        "env_from_blocks": {"TOKEN": "orders-api-token"},
    }
    found = registered(tmp_path, pool)
    properties = found["prefect:index:WorkPool/boxes"].inputs["baseJobTemplate"]["variables"]["properties"]
    assert properties["mem_limit"]["default"] == "512m"
    assert properties["networks"]["default"] == ["data"]
    assert properties["env"]["default"] == {"REGION": "eu", "TOKEN": "{{ prefect.blocks.secret.orders-api-token }}"}


def test_pools_that_cloud_runs_take_no_workers(tmp_path: Path) -> None:
    with pytest.raises(PrefectPulumiError, match=r"pools\.boxes: .*prefect:managed is run by Prefect Cloud"):
        registered(tmp_path, {"type": "prefect:managed", "workers": 1})


KUBERNETES = {"server": {"api_url": "https://prefect.example.com/api"}}


def test_a_kubernetes_pool_registers_what_the_worker_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each manifest is also held against the Kubernetes schemas."""
    validate = pytest.importorskip("kubernetes_validate")
    pytest.importorskip("pulumi_kubernetes")
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_hidden")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    digest = "registry.example.com/worker@sha256:" + "a" * 64
    workers = {"count": 2, "memory": 512, "cpus": 0.5, "queues": ["fast"], "image": digest}
    environment = {**KUBERNETES, "pools": {"boxes": {"type": "kubernetes", "workers": workers}}}
    made = graphs.Graph.make(tmp_path / "project", environment)
    found = made.registered()
    kinds = {
        "kubernetes:core/v1:Namespace/boxes-namespace",
        "kubernetes:core/v1:ServiceAccount/boxes-account",
        "kubernetes:rbac.authorization.k8s.io/v1:Role/boxes-role",
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding/boxes-binding",
        "kubernetes:core/v1:Secret/boxes-credentials",
        "kubernetes:apps/v1:Deployment/boxes",
    }
    assert {name for name in found if name.startswith("kubernetes:")} == kinds
    assert "pnu_hidden" not in repr(found)
    assert "cG51X2hpZGRlbg" not in repr(found)
    annotations = found["kubernetes:apps/v1:Deployment/boxes"].inputs["spec"]["template"]["metadata"]["annotations"]
    assert not isinstance(annotations["prefect.io/revision"], Secret)
    for name in kinds:
        manifest = known(unwrap(found[name].inputs))
        validate.validate(yaml.safe_load(yaml.safe_dump(manifest)), "1.34", strict=True)
    binding = found["kubernetes:rbac.authorization.k8s.io/v1:RoleBinding/boxes-binding"].urn
    assert binding in found["kubernetes:apps/v1:Deployment/boxes"].dependencies
    # The nodes pull the image: no Docker is needed here.
    assert not [name for name in found if name.startswith("docker:")]


@pytest.mark.parametrize(("job", "namespace"), [({}, "prefect"), ({"namespace": "data"}, "data")])
def test_a_kubernetes_worker_has_its_role_where_its_jobs_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: dict[str, Any], namespace: str
) -> None:
    pytest.importorskip("pulumi_kubernetes")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    image = "registry.example.com/worker@sha256:" + "a" * 64
    pool = {"type": "kubernetes", "job": job, "workers": {"image": image}}
    found = {key: unwrap(value.inputs) for key, value in registered(tmp_path, pool, KUBERNETES["server"]).items()}
    variables = found["prefect:index:WorkPool/boxes"]["baseJobTemplate"]["variables"]["properties"]
    assert (variables["namespace"]["default"], variables["image"]["default"]) == (namespace, image)
    for kind in ("Role/boxes-role", "RoleBinding/boxes-binding"):
        metadata = found[f"kubernetes:rbac.authorization.k8s.io/v1:{kind}"]["metadata"]
        assert metadata["namespace"] == namespace
    deployment = found["kubernetes:apps/v1:Deployment/boxes"]
    assert deployment["metadata"]["namespace"] == "prefect"
    env = {each["name"]: each.get("value") for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES"] == namespace


def known(value: Any) -> Any:
    """With a word in place of what only an update would know."""
    if value is UNKNOWN:
        return "known-later"
    if isinstance(value, dict):
        return {key: known(each) for key, each in value.items()}
    return [known(each) for each in value] if isinstance(value, list) else value

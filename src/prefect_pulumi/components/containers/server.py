"""A Prefect server in a Docker container, by pulumi-docker: its image, network, volume and container."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_docker as docker

from prefect_pulumi.components.containers.images import HOME, image_reference
from prefect_pulumi.project.server_settings import ServerContainer

INNER_PORT = 4200
START_SECONDS = 180
"""How long the first start may take: it makes the database's tables."""

READY = (
    "import urllib.request as u, os; "
    f"r = u.Request('http://127.0.0.1:{INNER_PORT}/api/health'); "
    "u.urlopen(r, timeout=8)"
)


@dataclass(frozen=True)
class Running:
    """`api_url`, `ui_url`: as this machine calls it; `inner_api_url`: as containers of `network` do."""

    api_url: pulumi.Output[str]
    ui_url: pulumi.Output[str]
    inner_api_url: str
    network: pulumi.Output[str]
    network_name: str


class PrefectServer(Protocol):
    """What workers need of the `Server` component. `container`: where it runs in one; `credentials`: environment
    variable -> secret; `inner_api_url`: the address that containers beside its own use."""

    container: Running | None

    @property
    def api_url(self) -> pulumi.Output[str]: ...

    @property
    def inner_api_url(self) -> pulumi.Output[str]: ...

    credentials: dict[str, pulumi.Output[str]]


def server_container(name: str, settings: ServerContainer, child: pulumi.ResourceOptions) -> Running:
    """Declares the container; it exists once the server answers, so what depends on it can use the API at once."""
    base = f"{pulumi.get_project()}-{pulumi.get_stack()}"
    config = pulumi.Config("prefect")
    secrets = {
        variable: value
        for variable, value in (
            ("PREFECT_SERVER_API_AUTH_STRING", config.get_secret("authString") or _given("PREFECT_API_AUTH_STRING")),
            ("PREFECT_SERVER_DATABASE_CONNECTION_URL", config.get_secret("databaseUrl")),
        )
        if value is not None
    }
    # The dashboard asks the API by the address that the browser has.
    plain = {
        "PREFECT_SERVER_UI_API_URL": f"http://{settings.host}:{settings.port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        **settings.env,
    }
    # Sorted: an order that changes would be a change.
    envs = pulumi.Output.all(plain, secrets).apply(
        lambda both: sorted(f"{key}={value}" for key, value in {**both[1], **both[0]}.items())
    )
    image = image_reference(name, settings, f"{base}-{name}", child)
    network_name = f"{base}-{name}"
    network = docker.Network(f"{name}-network", child, name=network_name, driver="bridge")
    volume = docker.Volume(f"{name}-home", child, name=f"{base}-{name}")
    container = docker.Container(
        name,
        # Its name and its port are unique, so the old one goes first.
        pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
        name=f"{base}-{name}",
        image=image,
        command=["prefect", "server", "start", "--host", "0.0.0.0", "--port", str(INNER_PORT)],  # noqa: S104
        envs=envs,
        ports=[docker.ContainerPortArgs(internal=INNER_PORT, external=settings.port, ip=settings.host, protocol="tcp")],
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
        mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target=HOME)],
        labels=[docker.ContainerLabelArgs(label="io.prefect.server", value=base)],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", "python3", "-c", READY], interval="5s", timeout="10s", start_period="2m0s", retries=3
        ),
        wait=True,
        wait_timeout=START_SECONDS,
        init=True,
        restart="unless-stopped",
        must_run=True,
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        stop_signal="SIGTERM",
        stop_timeout=30,
        destroy_grace_seconds=30,
    )
    # Its URN is known in a preview too, and so is the address: what will live there is checked before anything is made.
    ui_url = container.urn.apply(lambda _: f"http://{settings.host}:{settings.port}")
    return Running(
        api_url=ui_url.apply(lambda url: f"{url}/api"),
        ui_url=ui_url,
        inner_api_url=f"http://{base}-{name}:{INNER_PORT}/api",
        network=network.name,
        network_name=network_name,
    )


def _given(variable: str) -> pulumi.Output[str] | None:
    return pulumi.Output.secret(os.environ[variable]) if os.environ.get(variable) else None

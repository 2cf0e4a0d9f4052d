"""The image that workers, flow runs and a server in a container are started from."""

from __future__ import annotations

import platform

import pulumi
import pulumi_docker as docker

from prefect_pulumi.project.image_settings import ImageSettings

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PLATFORM = f"linux/{_ARCHITECTURES.get(platform.machine(), platform.machine())}"
"""Of this machine. Left open, the plugin warns of it in every preview."""

HOME = "/home/prefect/.prefect"
"""PREFECT_HOME in the image: results and caches, kept in a volume of each worker."""


def image_reference(name: str, settings: ImageSettings, tag: str, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """What a container is started from: `repository@sha256:...` for a registry's image, `sha256:...` for a local one.

    A tag alone would hide a rebuild, since no input of the container changes with it.
    """
    if settings.image is not None:
        if "@" not in settings.image:
            return pulumi.Output.from_input(settings.image)
        # Pulled on its own, so that a missing image fails before any running container is touched.
        pulled = docker.RemoteImage(f"{name}-image", child, name=settings.image, keep_locally=True)
        return pulled.repo_digest
    built = docker.Image(
        f"{name}-image",
        child,
        image_name=settings.push_to or tag,
        build=docker.DockerBuildArgs(
            context="..",
            dockerfile=f"../{settings.dockerfile}",
            args=settings.build_args,
            platform=settings.build_args.get("PLATFORM", PLATFORM),
        ),
        skip_push=settings.push_to is None,
    )
    return built.repo_digest

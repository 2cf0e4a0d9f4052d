"""The image that workers, flow runs and a server in a container are started from."""

from __future__ import annotations

import pulumi
import pulumi_docker as docker

from prefect_pulumi.project.settings import ImageSettings

HOME = "/home/prefect/.prefect"
"""PREFECT_HOME in the image: results and caches, kept in a volume of each worker."""


def image_reference(name: str, of: ImageSettings, tag: str, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """What a container is started from: `repository@sha256:...` for a registry's image, `sha256:...` for a local one.

    A tag alone would hide a rebuild, since no input of the container changes with it.
    """
    if of.image is not None:
        if "@" not in of.image:
            return pulumi.Output.from_input(of.image)
        # Pulled on its own, so that a missing image fails before any running container is touched.
        pulled = docker.RemoteImage(f"{name}-image", child, name=of.image, keep_locally=True)
        return pulled.repo_digest
    built = docker.Image(
        f"{name}-image",
        child,
        image_name=of.push_to or tag,
        build=docker.DockerBuildArgs(
            context="..", dockerfile=f"../{of.dockerfile}", args=of.build_args, platform=of.build_args.get("PLATFORM")
        ),
        skip_push=of.push_to is None,
    )
    return built.repo_digest

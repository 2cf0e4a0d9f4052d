"""What runs in containers: the images, a server in Docker, workers in Docker and Kubernetes.

May import `resources`, `project.settings` and `components.environment`, no component. Without the extra `docker` the
import says what to install: it begins only for a stack with containers.
"""

from importlib.util import find_spec

import pulumi

from prefect_pulumi.components.environment import ProgramSettingsError

if find_spec("pulumi_docker") is None:
    raise ProgramSettingsError(
        "servers and workers in containers need the package pulumi-docker",
        where=f"Pulumi.{pulumi.get_stack()}.yaml",
        remedy="pip install 'prefect-pulumi[docker]'",
    )

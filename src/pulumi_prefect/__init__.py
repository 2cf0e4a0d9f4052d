"""The typed classes and functions under the name that `pulumi import` writes: `import pulumi_prefect as prefect`."""

from prefect_pulumi.resources import *  # noqa: F403
from prefect_pulumi.resources import __all__ as __all__

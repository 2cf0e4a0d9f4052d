"""The typed classes and functions under the name that `pulumi import` writes: `import pulumi_prefect as prefect`.

A module and no folder: another author's package `pulumi-prefect`, of the same name, has a folder, and the files of two
packages in one folder would mix. Where both are installed, Python takes the folder, whole.
"""

from prefect_pulumi.resources import *  # noqa: F403
from prefect_pulumi.resources import __all__ as __all__

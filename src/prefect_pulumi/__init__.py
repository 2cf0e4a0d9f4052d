"""Infrastructure as code for Prefect.

`Project` is the Python API of the toolkit; `resources` and `components` are for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.app.project_stack import ProjectStack

__all__ = ["Project", "ProjectStack"]


def __getattr__(name: str) -> Any:
    """Loads the API when it is asked for: a program and the provider need none of it."""
    if name == "Project":
        from prefect_pulumi.app.project import Project

        return Project
    if name == "ProjectStack":
        from prefect_pulumi.app.project_stack import ProjectStack

        return ProjectStack
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

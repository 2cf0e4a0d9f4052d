"""Tests of a team's own program and flows: what the fixtures of the pytest plugin give, and what they assert.

`plugin` is loaded at every start of pytest and imports none of the rest before a test asks for it. May import `app` and
the rooms below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_pulumi.testing.mocked_program import MockedProgram
    from prefect_pulumi.testing.plan import Plan
    from prefect_pulumi.testing.scratch_stack import FlowRun, Preflight, ScratchStack, ScratchStacks

__all__ = ["FlowRun", "MockedProgram", "Plan", "Preflight", "ScratchStack", "ScratchStacks"]


def __getattr__(name: str) -> Any:
    """Loads a class when it is asked for, for annotations of tests."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from prefect_pulumi.testing import mocked_program, plan, scratch_stack

    home = {"MockedProgram": mocked_program, "Plan": plan}.get(name, scratch_stack)
    return getattr(home, name)

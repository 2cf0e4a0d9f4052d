"""What the process that runs a program looks like to it, and is again afterwards."""

from __future__ import annotations

import inspect

from pulumi.runtime import resource

from prefect_pulumi.engine.sdk.program import no_positions


def test_registrations_come_without_places_in_the_code() -> None:
    """`_get_stack_trace` is the SDK's own: a version that has it no more shows here."""
    own = resource._get_stack_trace
    assert "_get_stack_trace()" in inspect.getsource(resource.register_resource)
    with no_positions():
        trace = resource._get_stack_trace()
        assert list(trace.frames) == []
        assert resource._get_source_position(trace) is None
    assert resource._get_stack_trace is own

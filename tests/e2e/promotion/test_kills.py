"""A promotion or rollback that is killed at any step is finished, or undone, by the next call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.killed_promotion import killed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_killed_at_each_step_the_next_call_goes_on_or_undoes(two: Any) -> None:
    two.verified("first")
    two.promoted()
    two.infra("up", "-s", "prod", "--yes")
    for number, phase in enumerate(("pin", "deploy", "in the update", "workers", "smoke")):
        two.verified(f"release {number}")
        two.promoted()
        killed(two, phase)
        if number == 0:
            assert "stopped at: " in two.infra("promote", "dev", "prod", code=2)
        two.infra("up", "-s", "prod", "--yes")
        assert two.live("prod") == f"release {number}"
    two.infra("preview", "-s", "prod", "--expect-no-changes")
    two.verified("undone")
    two.promoted()
    killed(two, "in the update")
    said = two.infra("rollback", "-s", "prod", "--yes", code=1)
    assert "prod-6 is restored: it was undone by hand" in said
    assert two.live("prod") == "release 4"
    two.git("checkout", "Pulumi.prod.yaml")
    # What brings it back may be killed, too.
    two.verified("undone again")
    two.promoted()
    killed(two, "smoke")
    assert two.live("prod") == "undone again"
    killed(two, "restore", "rollback")
    assert "prod-7 is restored" in two.infra("up", "-s", "prod", "--yes", code=1)
    assert two.live("prod") == "release 4"

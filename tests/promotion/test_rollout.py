"""A promotion as a state machine: which phase follows, whatever happened."""

from __future__ import annotations

import json

import pytest

from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.promotion.rollout import Phase, Rollout

BACK = ReleasePin(id="prod-1", commit="b" * 40, stage="prod")
ROLLOUT = Rollout(
    "promote", "prod", ReleasePin(id="dev-3", commit="c" * 40, stage="dev", images={"etl": "image"}), BACK, "ann"
)


def test_a_rollout_goes_to_its_end() -> None:
    rollout, seen = ROLLOUT, []
    while not rollout.phase.ended:
        seen.append(rollout.phase)
        rollout = rollout.next()
    assert seen == [Phase.PIN, Phase.DEPLOY, Phase.WORKERS, Phase.SMOKE]
    assert rollout.phase is Phase.DONE


@pytest.mark.parametrize("steps", range(4))
def test_a_step_that_fails_leads_back(steps: int) -> None:
    rollout = ROLLOUT
    for _ in range(steps):
        rollout = rollout.next()
    rollout = rollout.failed()
    assert rollout.phase is Phase.RESTORE_PIN
    assert rollout.next().phase is Phase.RESTORE
    assert rollout.next().next().phase is Phase.ROLLED_BACK


def test_the_first_release_has_nothing_to_go_back_to() -> None:
    rollout = Rollout("promote", "prod", ROLLOUT.pin, None, "ann", Phase.SMOKE)
    assert rollout.failed().phase is Phase.FAILED


@pytest.mark.parametrize("phase", Phase)
def test_a_rollout_survives_its_file(phase: Phase) -> None:
    rollout = Rollout("promote", "prod", ROLLOUT.pin, BACK, "ann", phase).noted("t", "something")
    assert Rollout.parse(json.loads(json.dumps(rollout.document()))) == rollout


def test_the_file_of_an_earlier_version_is_read() -> None:
    stored = {
        "kind": "rollback",
        "stack": "prod",
        "pin": {"id": "dev-3", "commit": "c" * 40, "stage": "dev", "images": {"etl": "image"}},
        "back": None,
        "by": "ann",
        "stage": "restore pin",
        "events": [{"time": "t", "text": "something"}],
    }
    rollout = Rollout.parse(stored)
    assert rollout.phase is Phase.RESTORE_PIN
    assert rollout.document() == stored

"""The course of a promotion: which step comes next, whatever happened."""

from __future__ import annotations

import json

import pytest

from prefect_pulumi.promotion.rollout import Course, Stage

BACK = {"id": "prod-1", "commit": "b" * 40, "stage": "prod"}
COURSE = Course("promote", "prod", {"id": "dev-3", "commit": "c" * 40, "stage": "dev"}, BACK, "ann")


def test_a_course_goes_to_its_end() -> None:
    course, seen = COURSE, []
    while not course.stage.ended:
        seen.append(course.stage)
        course = course.next()
    assert seen == [Stage.PIN, Stage.DEPLOY, Stage.WORKERS, Stage.SMOKE]
    assert course.stage is Stage.DONE


@pytest.mark.parametrize("steps", range(4))
def test_a_step_that_fails_leads_back(steps: int) -> None:
    course = COURSE
    for _ in range(steps):
        course = course.next()
    course = course.failed()
    assert course.stage is Stage.RESTORE_PIN
    assert course.next().stage is Stage.RESTORE
    assert course.next().next().stage is Stage.ROLLED_BACK


def test_the_first_release_has_nothing_to_go_back_to() -> None:
    course = Course("promote", "prod", COURSE.pin, None, "ann", Stage.SMOKE)
    assert course.failed().stage is Stage.FAILED


@pytest.mark.parametrize("stage", Stage)
def test_a_course_survives_its_file(stage: Stage) -> None:
    course = Course("promote", "prod", COURSE.pin, BACK, "ann", stage).noted("t", "something")
    assert Course.parse(json.loads(json.dumps(course.document()))) == course

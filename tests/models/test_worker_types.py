"""Which base job template is a type's own."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from prefect_pulumi.models.worker_types import is_own, worker_types


def edited(path: str, value: Any) -> dict[str, Any]:
    template = copy.deepcopy(worker_types()["docker"])
    *folders, name = path.split("/")
    place = template
    for folder in folders:
        place = place[folder]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return template


@pytest.mark.parametrize(
    ("template", "own"),
    [
        (worker_types()["docker"], True),
        # Of a newer and of an older version of the worker.
        (edited("variables/properties/patience", {"default": 5}), True),
        (edited("job_configuration/patience", "{{ patience }}"), True),
        (edited("variables/properties/auto_remove", None), True),
        (edited("variables/properties/image/title", "Another title"), True),
        (edited("variables/properties/image/default", "registry.example.com/flows:1"), False),
        (edited("job_configuration/image", "registry.example.com/flows:1"), False),
        (edited("variables/properties", {"image": {}, "own": {}}), False),
        (worker_types()["process"], False),
        ({}, False),
    ],
)
def test_a_template_is_the_type_s_own(template: Any, own: bool) -> None:
    assert is_own(template, worker_types()["docker"]) is own

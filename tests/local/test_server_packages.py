"""Whether the packages beside Prefect are those that its server works with."""

from __future__ import annotations

import pytest

from prefect_pulumi.local.server_packages import need_server_packages, wrong_packages

REQUIREMENTS = [
    "prefect<3.9,>=3.8.8",
    "fastapi<0.140,>=0.139; extra == 'local'",
    "sqlalchemy<2.1; extra == 'local'",
    "boto3>=1.44; extra == 's3'",
]


@pytest.mark.parametrize(
    ("fastapi", "wrong"), [("0.139.2", []), ("0.141.1", ["fastapi 0.141.1 in place of <0.140,>=0.139"])]
)
def test_what_the_extra_asks_for_counts(fastapi: str, wrong: list[str]) -> None:
    """Whether the extra was asked for or not; packages of other extras are not looked at."""
    versions = {"fastapi": fastapi, "sqlalchemy": "2.0.54"}
    assert wrong_packages(REQUIREMENTS, versions.__getitem__) == wrong


def test_the_environment_of_the_tests_can_run_a_server() -> None:
    need_server_packages()

"""Whether the packages beside Prefect are those that its server works with."""

from __future__ import annotations

import pytest

from prefect_pulumi.local.server_packages import need_server_packages, wrong_packages

REQUIREMENTS = [
    "prefect<3.10,>=3.6.29",
    "fastapi<0.140,>=0.139; extra == 'local'",
    "sqlalchemy<2.1; extra == 'local'",
    "boto3>=1.44; extra == 's3'",
]


WRONG = ["fastapi 0.141.1 in place of <0.140,>=0.139"]


@pytest.mark.parametrize(
    ("prefect", "fastapi", "wrong"),
    [("3.8.8", "0.139.2", []), ("3.8.8", "0.141.1", WRONG), ("3.6.29", "0.141.1", WRONG), ("3.9.1", "0.141.1", [])],
)
def test_what_the_extra_asks_for_counts(prefect: str, fastapi: str, wrong: list[str]) -> None:
    """Whether the extra was asked for or not; packages of other extras are not looked at."""
    versions = {"prefect": prefect, "fastapi": fastapi, "sqlalchemy": "2.0.54"}
    assert wrong_packages(REQUIREMENTS, versions.__getitem__) == wrong


def test_the_environment_of_the_tests_can_run_a_server() -> None:
    need_server_packages()

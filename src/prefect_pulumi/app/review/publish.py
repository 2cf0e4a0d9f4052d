"""Puts a review into the pull request: one comment for each environment, edited in place."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from prefect_pulumi.app.review.code_host import Forge, from_environment
from prefect_pulumi.review.model import Report
from prefect_pulumi.review.renderers.markdown import comment, marker

ARTIFACT_VARIABLE = "INFRA_REVIEW_ARTIFACT"
"""Says where the full report is, for comments that had to be cut."""


def post(report: Report, env: Mapping[str, str] | None = None) -> None:
    """Raises `ConfigError` outside a pull request's job, `ApiError` for what the forge refuses."""
    env = os.environ if env is None else env
    put(report, from_environment(env), env.get(ARTIFACT_VARIABLE, ""))


def put(report: Report, forge: Forge, artifact: str = "") -> None:
    mine = forge.mine()
    for environment in report.environments:
        body = comment(report, environment, artifact)
        mark = marker(report.project, environment)
        old = next((each for each in mine if each.body.startswith(mark)), None)
        if old is None:
            forge.create(body)
        elif old.body != body:
            forge.update(old, body)
        sys.stderr.write(f"{environment.stack}: comment {'made' if old is None else 'brought up to date'}\n")

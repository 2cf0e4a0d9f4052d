"""A review published in the pull request: one comment for each environment, edited in place."""

from __future__ import annotations

from collections.abc import Mapping

from prefect_pulumi.app.review.code_host import from_environment
from prefect_pulumi.review.model import Report
from prefect_pulumi.review.renderers.markdown import comment, marker

ARTIFACT_VARIABLE = "INFRA_REVIEW_ARTIFACT"
"""Says where the full report is, for comments that had to be cut."""


def publish(report: Report, env: Mapping[str, str]) -> dict[str, str]:
    """Stack -> what was done with its comment: created, updated or unchanged. `env` is that of a pull request's job.

    Raises `ConfigError` outside such a job, `ApiError` for what the code host refuses.
    """
    host = from_environment(env)
    comments = host.own_comments()
    done = {}
    for environment in report.environments:
        body = comment(report, environment, env.get(ARTIFACT_VARIABLE, ""))
        mark = marker(report.project, environment)
        former = next((entry for entry in comments if entry.body.startswith(mark)), None)
        if former is None:
            host.create(body)
            done[environment.stack] = "created"
        elif former.body != body:
            host.update(former, body)
            done[environment.stack] = "updated"
        else:
            done[environment.stack] = "unchanged"
    return done

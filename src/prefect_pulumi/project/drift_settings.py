"""The drift report as a deployment of the stack: `environment.drift`."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from prefect_pulumi.models import DeploymentSchedule
from prefect_pulumi.project.secret_settings import STRICT


class DriftSettings(BaseModel):
    """A deployment whose runs report the drift of this stack, on a schedule, in a pool of the team.

    A worker needs the project's files: in `directory`, or fetched by `pull` steps as in `prefect.yaml`.
    """

    model_config = STRICT

    work_pool: str = Field(min_length=1, description="Work pool that runs it.", examples=["etl"])
    work_queue: str | None = Field(default=None, description="Queue of that pool; none: its default queue.")
    cron: str | None = Field(
        default=None, description="When it runs, as a cron expression; or `interval`.", examples=["0 * * * *"]
    )
    interval: Annotated[float, Field(gt=0)] | None = Field(default=None, description="Instead: seconds between runs.")
    timezone: str | None = Field(default=None, description="IANA name of the cron's time zone; none: UTC.")
    directory: str | None = Field(
        default=None,
        description="Folder of the project where its runs start, or below what `pull` fetches; none: the folder from "
        "which the stack is deployed.",
        examples=["/opt/project"],
    )
    pull: list[dict[str, JsonValue]] = Field(
        default=[],
        description="Steps that fetch the project before each run, in the form of prefect.yaml.",
        examples=[[{"prefect.deployments.steps.git_clone": {"repository": "https://github.com/team/flows"}}]],
    )
    heal: bool = Field(
        default=False, description="Whether it sets the fields back that review.yaml lists under `heal`."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {"cron": self.cron, "interval": self.interval, "timezone": self.timezone}
        faults = DeploymentSchedule.check({"deploymentId": "-", **{k: v for k, v in given.items() if v is not None}})
        if faults:
            raise ValueError(faults[0].reason)
        return self

    @property
    def schedule(self) -> dict[str, Any]:
        """Arguments of the schedule's resource."""
        return {"cron": self.cron, "interval": self.interval, "timezone": self.timezone}

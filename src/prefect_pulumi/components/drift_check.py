"""The drift report on a schedule: the toolkit's own flow, as a deployment of the stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pulumi

from prefect_pulumi.project import layout
from prefect_pulumi.project.drift_settings import DriftSettings
from prefect_pulumi.resources import Deployment, DeploymentSchedule, Flow

ENTRYPOINT = "prefect_pulumi.flows.drift.check_drift"
PARAMETERS = {
    "type": "object",
    "properties": {
        "stack": {"type": "string", "title": "stack", "position": 0},
        "directory": {"type": "string", "title": "directory", "position": 1, "default": "."},
        "heal": {"type": "boolean", "title": "heal", "position": 2, "default": False},
    },
    "required": ["stack"],
}


class DriftCheck(pulumi.ComponentResource):
    """The deployment `<project>-<stack>-drift/drift`: one run at a time, after `needs` exist."""

    def __init__(
        self,
        name: str,
        settings: DriftSettings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        needs: Sequence[pulumi.Resource] = (),
    ) -> None:
        super().__init__("prefect:components:DriftCheck", name, None, opts)
        stack = pulumi.get_stack()
        inside = pulumi.ResourceOptions(parent=self)
        flow = Flow(f"{name}-flow", inside, name=f"{pulumi.get_project()}-{stack}-drift")
        directory = settings.directory or ("." if settings.pull else _project_folder())
        self.deployment = Deployment(
            f"{name}-deployment",
            pulumi.ResourceOptions(parent=self, depends_on=list(needs)),
            name="drift",
            flow_name=flow.name,
            description=f"Reports what was changed on the server outside the code of the stack {stack}.",
            entrypoint=ENTRYPOINT,
            pull_steps=settings.pull or None,
            parameters={"stack": stack, "directory": directory, "heal": settings.heal},
            parameter_openapi_schema=PARAMETERS,
            work_pool_name=settings.work_pool,
            work_queue_name=settings.work_queue,
            concurrency_limit=1,
            collision_strategy="CANCEL_NEW",
        )
        DeploymentSchedule(
            f"{name}-schedule", inside, deployment_id=self.deployment.id, slug="drift", **settings.schedule
        )
        self.register_outputs({"deployment": self.deployment.id})


def _project_folder() -> str:
    root = layout.find_project(Path.cwd())
    return str(layout.project_home(root) if root is not None else Path.cwd())

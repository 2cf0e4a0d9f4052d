"""Actions of automations (prefect/server/events/actions.py)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from prefect_pulumi.models.automation_triggers import AutomationModel, Seconds


class _Selecting(AutomationModel):
    """An action on one selected object, or on the one that the event is about."""

    chosen: ClassVar[str]
    source: Literal["selected", "inferred"] = Field(
        default="selected", description="A selected object, or the one that the event is about."
    )

    @model_validator(mode="after")
    def _selected(self) -> Self:
        if (self.source == "selected") != (getattr(self, self.chosen) is not None):
            word = "is required" if self.source == "selected" else "is not allowed with source 'inferred'"
            raise ValueError(f"'{self.chosen}' {word}")
        return self


class _OnDeployment(_Selecting):
    chosen: ClassVar[str] = "deployment_id"
    deployment_id: str | None = Field(default=None, description="UUID of the deployment.")


class _OnWorkPool(_Selecting):
    chosen: ClassVar[str] = "work_pool_id"
    work_pool_id: str | None = Field(default=None, description="UUID of the work pool.")


class _OnWorkQueue(_Selecting):
    chosen: ClassVar[str] = "work_queue_id"
    work_queue_id: str | None = Field(default=None, description="UUID of the work queue.")


class _OnAutomation(_Selecting):
    chosen: ClassVar[str] = "automation_id"
    automation_id: str | None = Field(default=None, description="UUID of the automation.")


class DoNothing(AutomationModel):
    """Does nothing; the firing is recorded all the same."""

    type: Literal["do-nothing"] = Field(description="Always do-nothing.")


class RunDeployment(_OnDeployment):
    """Runs a deployment."""

    type: Literal["run-deployment"] = Field(description="Always run-deployment.")
    parameters: dict[str, Any] | None = Field(default=None, description="Parameters of the run.")
    job_variables: dict[str, Any] | None = Field(default=None, description="Job variables of the run.")
    schedule_after: Seconds = Field(default=0.0, ge=0, description="Seconds to wait before it runs.")


class PauseDeployment(_OnDeployment):
    """Pauses a deployment."""

    type: Literal["pause-deployment"] = Field(description="Always pause-deployment.")


class ResumeDeployment(_OnDeployment):
    """Resumes a deployment."""

    type: Literal["resume-deployment"] = Field(description="Always resume-deployment.")


class PauseScheduleForFlowRun(AutomationModel):
    """Pauses the schedule that made the flow run that the event is about. Prefect Cloud only."""

    type: Literal["pause-schedule-for-flow-run"] = Field(description="Always pause-schedule-for-flow-run.")
    deployment_id: str | None = Field(default=None, description="UUID of the deployment; none: the event's.")
    schedule_id: str | None = Field(default=None, description="UUID of the schedule; none: the event's.")


class ResumeScheduleForFlowRun(AutomationModel):
    """Resumes a schedule. Prefect Cloud only."""

    type: Literal["resume-schedule-for-flow-run"] = Field(description="Always resume-schedule-for-flow-run.")
    deployment_id: str = Field(description="UUID of the deployment.")
    schedule_id: str = Field(description="UUID of the schedule.")


class DeclareIncident(AutomationModel):
    """Declares an incident. Prefect Cloud only."""

    type: Literal["declare-incident"] = Field(description="Always declare-incident.")


class SendEmailNotification(AutomationModel):
    """Sends an email from Prefect Cloud, and only from there."""

    type: Literal["send-email-notification"] = Field(description="Always send-email-notification.")
    subject: str = Field(default="Prefect automated notification", description="Subject; a template.")
    body: str = Field(description="Text; a template.")
    emails: list[str] = Field(description="Addresses that get it.")

    @model_validator(mode="before")
    @classmethod
    def _without_own_block(cls, value: Any) -> Any:
        """Cloud adds the block that it sends it by."""
        return (
            {key: item for key, item in value.items() if key != "block_document_id"}
            if isinstance(value, dict)
            else value
        )


class SendPrefectNotification(AutomationModel):
    """Shows a notification in the UI of Prefect Cloud, and only there."""

    type: Literal["prefect-notification"] = Field(description="Always prefect-notification.")
    notification_type: str = Field(description="Kind of the notification.")
    message: str = Field(description="Text.")


StateType: TypeAlias = Literal[
    "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING"
]


class ChangeFlowRunState(AutomationModel):
    """Changes the state of the flow run that the event is about."""

    type: Literal["change-flow-run-state"] = Field(description="Always change-flow-run-state.")
    state: StateType = Field(description="Type of the new state.")
    name: str | None = Field(default=None, description="Name of the new state.")
    message: str | None = Field(default=None, description="Message of the new state.")
    force: bool = Field(default=False, description="Even when the transition is not allowed.")


class CancelFlowRun(AutomationModel):
    """Cancels the flow run that the event is about."""

    type: Literal["cancel-flow-run"] = Field(description="Always cancel-flow-run.")


class DeleteFlowRun(AutomationModel):
    """Deletes the flow run that the event is about."""

    type: Literal["delete-flow-run"] = Field(description="Always delete-flow-run.")


class SuspendFlowRun(AutomationModel):
    """Suspends the flow run that the event is about."""

    type: Literal["suspend-flow-run"] = Field(description="Always suspend-flow-run.")


class ResumeFlowRun(AutomationModel):
    """Resumes the flow run that the event is about."""

    type: Literal["resume-flow-run"] = Field(description="Always resume-flow-run.")


class CallWebhook(AutomationModel):
    """Calls a webhook."""

    type: Literal["call-webhook"] = Field(description="Always call-webhook.")
    block_document_id: str = Field(description="UUID of a webhook block.")
    payload: str = Field(default="", description="What is sent; a template.")


class SendNotification(AutomationModel):
    """Sends a notification."""

    type: Literal["send-notification"] = Field(description="Always send-notification.")
    block_document_id: str = Field(description="UUID of a notification block.")
    subject: str = Field(default="Prefect automated notification", description="Subject; a template.")
    body: str = Field(description="Text; a template.")


class PauseWorkPool(_OnWorkPool):
    """Pauses a work pool."""

    type: Literal["pause-work-pool"] = Field(description="Always pause-work-pool.")


class ResumeWorkPool(_OnWorkPool):
    """Resumes a work pool."""

    type: Literal["resume-work-pool"] = Field(description="Always resume-work-pool.")


class PauseWorkQueue(_OnWorkQueue):
    """Pauses a work queue."""

    type: Literal["pause-work-queue"] = Field(description="Always pause-work-queue.")


class ResumeWorkQueue(_OnWorkQueue):
    """Resumes a work queue."""

    type: Literal["resume-work-queue"] = Field(description="Always resume-work-queue.")


class PauseAutomation(_OnAutomation):
    """Pauses an automation."""

    type: Literal["pause-automation"] = Field(description="Always pause-automation.")


class ResumeAutomation(_OnAutomation):
    """Resumes an automation."""

    type: Literal["resume-automation"] = Field(description="Always resume-automation.")


Action: TypeAlias = Annotated[
    DoNothing
    | RunDeployment
    | PauseDeployment
    | ResumeDeployment
    | ChangeFlowRunState
    | CancelFlowRun
    | DeleteFlowRun
    | SuspendFlowRun
    | ResumeFlowRun
    | CallWebhook
    | SendNotification
    | PauseWorkPool
    | ResumeWorkPool
    | PauseWorkQueue
    | ResumeWorkQueue
    | PauseAutomation
    | ResumeAutomation
    | PauseScheduleForFlowRun
    | ResumeScheduleForFlowRun
    | DeclareIncident
    | SendEmailNotification
    | SendPrefectNotification,
    Field(discriminator="type"),
]


PARTS: tuple[type[AutomationModel], ...] = (
    DoNothing,
    RunDeployment,
    PauseDeployment,
    ResumeDeployment,
    ChangeFlowRunState,
    CancelFlowRun,
    DeleteFlowRun,
    SuspendFlowRun,
    ResumeFlowRun,
    CallWebhook,
    SendNotification,
    PauseWorkPool,
    ResumeWorkPool,
    PauseWorkQueue,
    ResumeWorkQueue,
    PauseAutomation,
    ResumeAutomation,
    PauseScheduleForFlowRun,
    ResumeScheduleForFlowRun,
    DeclareIncident,
    SendEmailNotification,
    SendPrefectNotification,
)

CLOUD_ONLY = frozenset(
    {
        "pause-schedule-for-flow-run",
        "resume-schedule-for-flow-run",
        "declare-incident",
        "send-email-notification",
        "prefect-notification",
    }
)
"""Types that a server of one's own does not know."""
SELF_HOSTED_ONLY = {"delete-flow-run": "use cancel-flow-run"}
"""Types that Prefect Cloud does not know -> what to do there."""

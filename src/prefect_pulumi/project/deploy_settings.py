"""`environment.deploy` and `environment.verification` of a stack file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, field_validator

from prefect_pulumi.models.names import Seconds
from prefect_pulumi.project.image_settings import Settings


class DeploySettings(Settings):
    """How this stack deploys `prefect.yaml`: its own values, what the UI owns, and what happens to what exists.

    `overrides`: name or pattern of `flow/deployment` -> keys of an entry, laid over the file's; beside them `ui_owns`.
    `directories`: where a repository has several such files, the folder of each -> the settings that are its own.
    """

    env: dict[str, str] = Field(
        default={}, description="Values of this stack for `{{ $NAME }}` in prefect.yaml, over the environment's."
    )
    overrides: dict[str, dict[str, JsonValue]] = Field(
        default={},
        description="`flow/deployment`, or a pattern of it -> keys of an entry, merged over the file's.",
        examples=[{"import-orders/*": {"tags": ["eu"]}}],
    )
    ui_owns: list[Literal["active", "paused", "parameters", "description", "tags", "concurrency_limit"]] = Field(
        default=[], description="What is left to the UI: set in a first deploy, neither reset nor compared later."
    )
    adopt: list[str] = Field(
        default=[],
        description='Existing deployments that may be taken over: `flow/deployment`, or "*".',
        examples=[["import-orders/daily"]],
    )
    on_failure: Literal["stop", "continue"] = Field(
        default="stop", description="Whether the other deployments are still deployed when one has failed."
    )
    keep_on_destroy: bool = Field(
        default=False, description="Whether `infra destroy` leaves the deployments on the server."
    )
    step_files: list[str] = Field(
        default=[],
        description="Globs of the files that build and push steps read; none: all that git does not ignore.",
        examples=[["flows/*.sql"]],
    )
    plain_text: list[str] = Field(
        default=[],
        description="Environment variables, and blocks as `type/name`, that may be stored in plain text.",
        examples=[["PAGE_TOKEN"]],
    )
    worker_packages: list[str] = Field(
        default=[], description="Packages that only the workers have installed.", examples=[["polars"]]
    )
    strict: bool = Field(default=False, description="Whether warnings about prefect.yaml are errors.")
    import_seconds: Seconds = Field(
        default=60, description="Seconds that the import of one flow may take in the preflight."
    )
    directories: dict[str, DeploySettings] = Field(
        default={}, description="Folder with a prefect.yaml -> settings of `deploy` that are its own."
    )

    @field_validator("directories")
    @classmethod
    def _one_level(cls, directories: dict[str, DeploySettings]) -> dict[str, DeploySettings]:
        nested = [name for name, settings in directories.items() if settings.directories]
        if nested:
            raise ValueError(f"{nested[0]} has directories of its own; list them beside it")
        return directories

    def of(self, directory: str) -> DeploySettings:
        """Of one of the directories: its own settings over those for all."""
        own = self.directories[directory]
        return self.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


class SmokeRun(Settings):
    """A run of `deployment` (`flow/deployment`) that has to end Completed within `seconds`."""

    deployment: str = Field(
        pattern=r"^[^/]+/[^/]+$", description="`flow/deployment` that is run.", examples=["import-orders/daily"]
    )
    parameters: dict[str, JsonValue] = Field(
        default={}, description="Parameters of the run.", examples=[{"dry_run": True}]
    )
    seconds: Seconds = Field(default=600, description="Seconds in which it has to end Completed.")


class VerificationSettings(Settings):
    """What `infra verify` checks of the release that the stack carries."""

    smoke: list[SmokeRun] = Field(default=[], description="Runs that have to end Completed.")
    drift: bool = Field(default=True, description="Whether the server has to be as declared.")
    workers: bool = Field(default=True, description="Whether every declared worker has to be online.")
    online_pools: list[str] = Field(
        default=[], description="Work pools that need an online worker, wherever it runs.", examples=[["etl"]]
    )
    workers_seconds: float = Field(default=180, ge=0, description="Seconds that workers get to come online.")
    automations: bool = Field(
        default=True, description="Whether no action of an automation may have failed since the deployment."
    )

"""Blocks, automations, flows and limits of tags, as a stack file declares them by name."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, JsonValue, ValidationError, field_validator, model_validator

from prefect_pulumi.core.suggestions import explain
from prefect_pulumi.models import Automation, BlockDocument
from prefect_pulumi.models.automation_names import NIL, with_ids
from prefect_pulumi.models.names import Limit
from prefect_pulumi.project.secret_settings import SECRET_KEY, STRICT, SecretField, secret_field

BLOCK_KEY = "block"
Json = dict[str, Any]


def _block_name(value: str) -> str:
    slug, _, name = value.partition("/")
    faults = BlockDocument.check({"blockTypeSlug": slug, "name": name, "data": {}})
    if faults or not slug:
        raise ValueError(f"{value!r} is no name of a block: give type/name, such as slack-webhook/team")
    return value


BlockName = Annotated[str, AfterValidator(_block_name)]


class Settings(BaseModel):
    model_config = STRICT


class BlockTypeSettings(Settings):
    """A block type and its schema. `name`: shown to people, by default the slug. `fields`: JSON schema of the blocks'
    data, or the JSON file that holds it, from the project's folder."""

    name: str | None = Field(default=None, description="Name that is shown; none: the slug.")
    description: str | None = Field(default=None, description="Free text.")
    logo_url: str | None = Field(default=None, description="Address of its picture.")
    documentation_url: str | None = Field(default=None, description="Address of its documentation.")
    code_example: str | None = Field(default=None, description="Python code that uses one.")
    fields: dict[str, JsonValue] | str = Field(
        default={}, description="JSON schema of the blocks' data, or the JSON file that holds it."
    )
    capabilities: list[str] = Field(default=[], description="What its blocks can do, such as `get-directory`.")
    version: str | None = Field(default=None, description="Version of the schema.")


class BlockSettings(Settings):
    """A block of any type that the server knows. A value of `data` is plain, a secret (`{secret: ...}`), or, at the
    top, another block (`{block: type/name}`)."""

    data: dict[str, JsonValue] = Field(
        description="Values by field: plain, a secret `{secret: NAME}`, or another block `{block: type/name}`.",
        examples=[{"url": {"secret": "team-url"}}],
    )

    @field_validator("data")
    @classmethod
    def _placeholders(cls, data: Json) -> Json:
        for key, value in data.items():
            if (name := block_reference(value)) is not None:
                _block_name(name)
            _check_secrets(value, key)
        return data

    @property
    def blocks(self) -> list[str]:
        """Names of the blocks that it refers to."""
        return [name for value in self.data.values() if (name := block_reference(value)) is not None]


def block_reference(value: Any) -> str | None:
    """The name in `{block: type/name}`; None for anything else."""
    if isinstance(value, dict) and set(value) == {BLOCK_KEY} and isinstance(value[BLOCK_KEY], str):
        return str(value[BLOCK_KEY])
    return None


def _check_secrets(value: Any, path: str) -> None:
    try:
        is_secret = secret_field(value) is not None
    except ValidationError as error:
        faults = [explain(fault, SecretField.model_fields, f"{path}.{SECRET_KEY}") for fault in error.errors()]
        raise ValueError("; ".join(faults)) from None
    if isinstance(value, dict) and not is_secret:
        for key, item in value.items():
            _check_secrets(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_secrets(item, f"{path}[{index}]")


class TagLimitSettings(Settings):
    """At most `limit` concurrent task runs of all tasks with the tag."""

    limit: Limit = Field(description="Maximum of concurrent task runs.")


class FlowSettings(Settings):
    """A flow, which exists before its deployments do."""

    tags: list[str] = Field(default=[], description="Tags of the flow.")
    labels: dict[str, str | bool | int | float] = Field(default={}, description="Labels of the flow.")


class AutomationSettings(Settings):
    """An automation in the API's own words, with names in place of UUIDs: `deployment: flow/name`, `work_pool: name`,
    `work_queue: pool/queue`, `block: type/name`, `automation: name`. `name`: where it is not the key's.
    """

    name: str | None = Field(default=None, description="Name on the server; none: the key.")
    description: str | None = Field(default=None, description="Free text.")
    enabled: bool | None = Field(default=None, description="Whether it is evaluated; none: yes.")
    tags: list[str] = Field(default=[], description="Tags of the automation.")
    trigger: Json = Field(
        description="When it acts, in the API's words, with names in place of UUIDs.",
        examples=[{"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Failed"]}],
    )
    actions: list[Json] = Field(
        description="What it does each time that it is triggered.",
        examples=[[{"type": "pause-work-pool", "work_pool": "etl"}]],
    )
    actions_on_trigger: list[Json] = Field(
        default=[], description="What it does when it begins to be triggered.", examples=[[{"type": "cancel-flow-run"}]]
    )
    actions_on_resolve: list[Json] = Field(
        default=[],
        description="What it does when it is triggered no more.",
        examples=[[{"type": "resume-work-pool", "work_pool": "etl"}]],
    )

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        plain = with_ids(self.parts, lambda _, prefix: f"{prefix}{NIL}")
        wires = {spec.attribute: spec.wire for spec in Automation.inputs()}
        inputs = {wires[key]: value for key, value in plain.items()}
        faults = Automation.check({"name": "automation", **inputs})
        if faults:
            raise ValueError("; ".join(fault.reason for fault in faults))
        return self

    @property
    def parts(self) -> Json:
        """Trigger and actions."""
        return {
            "trigger": self.trigger,
            "actions": self.actions,
            "actions_on_trigger": self.actions_on_trigger,
            "actions_on_resolve": self.actions_on_resolve,
        }

"""The deployments of a `prefect.yaml`, deployed by `prefect deploy`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Seconds


class Deployments(Kind):
    """All deployments of one `prefect.yaml`.

    The whole file is checked before anything is written; only those that changed are deployed; those that left
    the file are deleted when they carry this stack's mark.
    """

    kind: ClassVar[str] = "Deployments"
    faults: ClassVar[tuple[str, ...]] = (
        "Every fault of the file is reported at preview, with its line; nothing is deployed.",
        "A deployment that fails: those that succeeded are recorded, and the next update deploys the rest.",
        "A deployment of that name that is not this stack's: refused at preview, or taken over when `adopt` lists it.",
        "A deployment that left the file and does not carry this stack's mark is reported, never deleted.",
    )
    example: ClassVar[str] = 'Deployments("flows", directory=".", work_pools=[pool.name])'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    directory: str = Field(default=".", description="Folder of the flows, relative to the project's root.")
    prefect_file: str = Field(default="prefect.yaml", description="The file, relative to the directory.")
    work_pools: list[str] = Field(default_factory=list, description="Names of the pools that the program declares.")
    work_queues: list[str] = Field(
        default_factory=list, description="Names of the queues that the program declares, as 'pool/queue'."
    )
    local_pools: list[str] = Field(
        default_factory=list,
        description="Names of the pools that workers of this machine serve: their runs find this machine's folder.",
    )
    commit: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$",
        description="Commit (its whole name, 40 or 64 hex digits) that the stack is released from: every git_clone "
        "pull step is pinned to it in place of its branch.",
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        description="Values of this stack for `{{ $NAME }}` in the file, over those of the environment.",
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description="'flow/deployment' or a pattern of it -> keys of an entry that this stack lays over the file's; "
        "`schedules` may be a mapping of slugs (`schedule-2` for the second one, when it has none); `ui_owns` is what "
        "the UI owns of it.",
    )
    ui_owns: list[Literal["active", "paused", "parameters", "description", "tags", "concurrency_limit"]] = Field(
        default_factory=list,
        description="What the UI owns of every deployment: it is set when a deployment is made, and neither reset nor "
        "compared after that. `active` is that of its schedules.",
    )
    adopt: list[str] = Field(
        default_factory=list,
        description="Names ('flow/deployment', or '*') of existing deployments that may be taken over.",
    )
    on_failure: Literal["stop", "continue"] = Field(
        default="stop", description="Whether the others are still deployed when one has failed."
    )
    keep_on_delete: bool = Field(
        default=False, description="Whether the deployments stay on the server when this resource is deleted."
    )
    step_files: list[str] = Field(
        default_factory=list,
        description="Globs of the files that build and push steps read; left out, all that git does not ignore.",
    )
    plain_text: list[str] = Field(
        default_factory=list,
        description="Environment variables, and blocks as 'type/name', whose values may be stored in clear although "
        "they look like secrets.",
    )
    worker_packages: list[str] = Field(
        default_factory=list,
        description="Packages that only the workers have installed: flows that import them are read from their source, "
        "as Prefect does. What requirements*.txt and pyproject.toml name need not be listed.",
    )
    strict: bool = Field(default=False, description="Whether warnings about the file are errors.")
    import_seconds: Seconds = Field(
        default=60.0, description="How long the import of one flow may take in the preflight, in seconds."
    )
    hash_key: Annotated[str, Meta(computed=True, secret=True)] = Field(
        default="", description="Key under which values of environment variables enter the fingerprints."
    )
    fingerprints: Annotated[dict[str, str], Meta(computed=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> SHA-256 of all that its deployment depends on."
    )
    fingerprint_parts: Annotated[dict[str, Any], Meta(computed=True)] = Field(
        default_factory=dict,
        description="'flow/deployment' -> what its fingerprint covers (a file, a variable, a step, Prefect) -> a short "
        "digest of it: they say why a deployment is deployed again.",
    )
    entries: Annotated[dict[str, Any], Meta(computed=True)] = Field(
        default_factory=dict,
        description="'flow/deployment' -> its fields, schedules by slug or rule: as an input those that the file "
        "declares, as an output those that the server has. What the UI owns is left out.",
    )
    deployments: Annotated[dict[str, str], Meta(output=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> UUID on the server."
    )
    automations: Annotated[dict[str, Any], Meta(output=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> name -> UUID of the automations of its triggers."
    )
    versions: Annotated[dict[str, str], Meta(output=True)] = Field(
        default_factory=dict,
        description="'flow/deployment' -> UUID of the version that the last deploy made. Prefect Cloud only.",
    )
    drift: Annotated[dict[str, Any], Meta(output=True)] = Field(
        default_factory=dict,
        description="'flow/deployment' -> `changes` (path -> `applied` and `live`) that were changed outside since the "
        "last deploy, with `updated` and `updated_by` where the server knows.",
    )
    results: Annotated[dict[str, Any], Meta(output=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> what the last update did with it, or will do."
    )
    step_outputs: Annotated[dict[str, Any], Meta(output=True, secret=True)] = Field(
        default_factory=dict, description="What build and push steps gave, by digest of what they read."
    )

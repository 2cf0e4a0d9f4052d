"""The deployments of a `prefect.yaml`, deployed by `prefect deploy`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta


class Deployments(Kind):
    """All deployments of one `prefect.yaml`.

    The whole file is checked before anything is written; only those that changed are deployed; those that left
    the file are deleted.
    """

    kind: ClassVar[str] = "Deployments"
    faults: ClassVar[tuple[str, ...]] = (
        "Every fault of the file is told at preview, with its place; nothing is deployed.",
        "A deployment that fails: what came before it is recorded, and the next update goes on from there.",
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
    commit: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{40}$",
        description="Commit (40 hex digits) that the stack is released from: every git_clone pull step is pinned to "
        "it in place of its branch.",
    )
    fingerprints: Annotated[dict[str, str], Meta(computed=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> SHA-256 of all that its deployment depends on."
    )
    deployments: Annotated[dict[str, str], Meta(output=True)] = Field(
        default_factory=dict, description="'flow/deployment' -> UUID on the server."
    )

"""The release resource: the commit, images and deployments of a successful update."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta


class Release(Kind):
    """The release that a stack runs. Declared last, it is recorded when the rest of the update has succeeded.

    A tree that is not exactly a commit makes no release: its deploy could not be repeated.
    """

    kind: ClassVar[str] = "Release"
    faults: ClassVar[tuple[str, ...]] = (
        "Files that are not committed: the stack is updated without a release; a warning names the files.",
        "A program of another commit than the one that the stack is pinned to is refused at preview.",
    )
    example: ClassVar[str] = 'Release("release", deployments=flows.fingerprints)'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    deployments: dict[str, str] = Field(default_factory=dict, description="'flow/deployment' -> its fingerprint.")
    images: dict[str, str] = Field(
        default_factory=dict, description="Work pool -> image of its workers and flow runs, by digest or id."
    )
    pinned: str = Field(default="", description="The commit that the stack's config pins; empty: none.")
    promoted: dict[str, Any] = Field(
        default_factory=dict,
        description="Where a pinned release comes from: stage, release, plan, and what was forced with which reason.",
    )
    keep: int = Field(default=10, ge=1, description="How many releases are kept to go back to.")
    commit: Annotated[str, Meta(computed=True)] = Field(
        default="", description="Git commit of the program and the flows; empty when the tree was not exactly one."
    )
    infrastructure: Annotated[str, Meta(computed=True)] = Field(
        default="", description="SHA-256 of the inputs of every resource declared with the same provider, no secrets."
    )
    record: Annotated[dict[str, Any], Meta(output=True)] = Field(
        default_factory=dict,
        description="The release: id, commit, time, by, deployments, infrastructure, images, versions, promoted.",
    )
    kept: Annotated[list[Any], Meta(output=True)] = Field(
        default_factory=list, description="Releases that the stack can go back to, newest first."
    )
    verifications: Annotated[dict[str, Any], Meta(output=True)] = Field(
        default_factory=dict, description="Release id -> evidence of its verification."
    )

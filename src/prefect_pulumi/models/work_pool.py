"""Work pools (prefect/server/api/workers.py, `/work_pools`)."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from prefect_pulumi.core.suggestions import nearest, with_hint
from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import Limit, UnreservedName

PLACEHOLDER = re.compile(r"{{\s*([\w.\-\[\]$]+)\s*}}")
"""Prefect's own pattern (prefect/utilities/templating)."""


def _template(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """The server's own check (`validate_base_job_template`)."""
    if not value:
        return value
    configuration, variables = value.get("job_configuration"), value.get("variables")
    if not (isinstance(configuration, dict) and configuration and isinstance(variables, dict) and variables):
        raise ValueError("the base job template must have both 'job_configuration' and 'variables'")
    used = set(PLACEHOLDER.findall(json.dumps(configuration)))
    missing = sorted(used - set(variables.get("properties") or {}))
    if missing:
        raise ValueError(
            f"the base job template's job_configuration uses {', '.join(missing)}, which variables.properties "
            "does not declare"
        )
    return value


STORAGE = frozenset({"bundle_upload_step", "bundle_execution_step", "default_result_storage_block_id"})
"""Keys of `WorkPoolStorageConfiguration` (prefect/server/schemas/core.py)."""


def _storage(value: dict[str, Any] | None) -> dict[str, Any] | None:
    for key in value or {}:
        if key not in STORAGE:
            raise ValueError(with_hint(f"there is no storage key {key!r}", nearest(key, STORAGE)))
    return value


class WorkPool(Kind):
    """A work pool: where workers of one type take their flow runs from."""

    kind: ClassVar[str] = "WorkPool"
    faults: ClassVar[tuple[str, ...]] = (
        "A name that begins with 'prefect' or holds / % & > < is refused at preview.",
        "A type that ends with ':push' or ':managed' on a self-hosted server is refused at preview.",
        "A base job template whose job_configuration uses a variable that it does not declare is refused at preview.",
        "A storage configuration with any other key is refused at preview.",
        "Deleting a pool deletes its queues, and takes its deployments out of their place.",
    )
    example: ClassVar[str] = 'WorkPool("etl", type="process", concurrency_limit=4)'

    name: Annotated[UnreservedName, Meta(replaces=True, logical_name=True)] = Field(
        description="Name of the pool, unique on the server."
    )
    type: Annotated[str, Meta(replaces=True)] = Field(
        description="Type of its workers: process, docker, kubernetes, ... Types that end with ':push' or "
        "':managed' exist on Prefect Cloud only."
    )
    description: str | None = Field(default=None, description="Free text.")
    paused: bool = Field(default=False, description="Whether delivery of work is stopped.")
    concurrency_limit: Limit | None = Field(
        default=None, description="Maximum of concurrent flow runs; none: no limit."
    )
    base_job_template: Annotated[
        dict[str, Any] | None,
        AfterValidator(_template),
        Meta(server_default=True, removed={}),
    ] = Field(
        default=None,
        description="Template of its jobs, with the keys job_configuration and variables. Left out, the first "
        "worker that starts writes its type's own, and any other template is drift.",
    )
    storage_configuration: Annotated[dict[str, Any] | None, AfterValidator(_storage), Meta(removed={})] = Field(
        default=None,
        description="Where its flow runs keep results and bundles: default_result_storage_block_id, "
        "bundle_upload_step, bundle_execution_step.",
    )
    default_base_job_template: Annotated[dict[str, Any] | None, Meta(output=True)] = Field(
        default=None, description="What a template that was left out is compared with: that of its type."
    )
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")


MANAGED = "prefect:managed"
CLOUD_TYPES = (
    MANAGED,
    *("ecs:push", "cloud-run:push", "cloud-run-v2:push", "azure-container-instance:push", "modal:push", "coiled:push"),
)
"""Those that Prefect Cloud has today."""
_OFFICIAL_IMAGE = re.compile(r"(docker\.io/)?prefecthq/[\w.-]+([:@].+)?")


def is_official_image(image: str) -> bool:
    """Whether it is one of Prefect's own images, which alone a managed pool runs."""
    return _OFFICIAL_IMAGE.fullmatch(image) is not None


def cloud_only(type_: str) -> bool:
    """Whether a pool of that type needs Prefect Cloud (push and managed pools)."""
    return type_.endswith((":push", ":managed"))

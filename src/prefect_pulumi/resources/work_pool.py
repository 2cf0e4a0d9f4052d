# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkPool`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkPool(PrefectResource):
    """A work pool: where workers of one type take their flow runs from.

    Example: `WorkPool("etl", type="process", concurrency_limit=4)`
    """

    pulumi_type = "prefect:index:WorkPool"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "type": "type",
            "description": "description",
            "paused": "paused",
            "concurrency_limit": "concurrencyLimit",
            "base_job_template": "baseJobTemplate",
            "storage_configuration": "storageConfiguration",
            "default_base_job_template": "defaultBaseJobTemplate",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        type: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        paused: pulumi.Input[bool] | None = None,
        concurrency_limit: pulumi.Input[int] | None = None,
        base_job_template: pulumi.Input[Mapping[str, Any]] | None = None,
        storage_configuration: pulumi.Input[Mapping[str, Any]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the pool, unique on the server. Left out: the resource's logical name. A change replaces
        the object.
        :param type: Type of its workers: process, docker, kubernetes, ... Types that end with ':push' or ':managed'
        exist on Prefect Cloud only. A change replaces the object.
        :param description: Free text.
        :param paused: Whether delivery of work is stopped. Default: false.
        :param concurrency_limit: Maximum of concurrent flow runs; none: no limit.
        :param base_job_template: Template of its jobs, with the keys job_configuration and variables. Left out, the
        first worker that starts writes its type's own, and any other template is drift.
        :param storage_configuration: Where its flow runs keep results and bundles: default_result_storage_block_id,
        bundle_upload_step, bundle_execution_step.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "type": type,
                "description": description,
                "paused": paused,
                "concurrencyLimit": concurrency_limit,
                "baseJobTemplate": base_job_template,
                "storageConfiguration": storage_configuration,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkPool:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(WorkPool, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the pool, unique on the server. Left out: the resource's logical name. A change replaces the
        object."""
        return self._output("name")

    @property
    @pulumi.getter(name="type")
    def type(self) -> pulumi.Output[str]:
        """Type of its workers: process, docker, kubernetes, ... Types that end with ':push' or ':managed' exist on
        Prefect Cloud only. A change replaces the object."""
        return self._output("type")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str | None]:
        """Free text."""
        return self._output("description")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool]:
        """Whether delivery of work is stopped. Default: false."""
        return self._output("paused")

    @property
    @pulumi.getter(name="concurrencyLimit")
    def concurrency_limit(self) -> pulumi.Output[int | None]:
        """Maximum of concurrent flow runs; none: no limit."""
        return self._output("concurrencyLimit")

    @property
    @pulumi.getter(name="baseJobTemplate")
    def base_job_template(self) -> pulumi.Output[dict[str, Any] | None]:
        """Template of its jobs, with the keys job_configuration and variables. Left out, the first worker that starts
        writes its type's own, and any other template is drift."""
        return self._output("baseJobTemplate")

    @property
    @pulumi.getter(name="storageConfiguration")
    def storage_configuration(self) -> pulumi.Output[dict[str, Any] | None]:
        """Where its flow runs keep results and bundles: default_result_storage_block_id, bundle_upload_step,
        bundle_execution_step."""
        return self._output("storageConfiguration")

    @property
    @pulumi.getter(name="defaultBaseJobTemplate")
    def default_base_job_template(self) -> pulumi.Output[dict[str, Any]]:
        """What a template that was left out is compared with: that of its type."""
        return self._output("defaultBaseJobTemplate")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")

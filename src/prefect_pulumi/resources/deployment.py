# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Deployment`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Deployment(PrefectResource):
    """A deployment declared as a resource. Those of `prefect.yaml` belong to `Deployments` instead.

    Example: `Deployment("daily", flow_name=flow.name, entrypoint="a.py:a", work_pool_name=pool.name)`
    """

    pulumi_type = "prefect:index:Deployment"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "flow_name": "flowName",
            "description": "description",
            "version": "version",
            "tags": "tags",
            "labels": "labels",
            "paused": "paused",
            "entrypoint": "entrypoint",
            "path": "path",
            "pull_steps": "pullSteps",
            "parameters": "parameters",
            "parameter_openapi_schema": "parameterOpenapiSchema",
            "enforce_parameter_schema": "enforceParameterSchema",
            "work_pool_name": "workPoolName",
            "work_queue_name": "workQueueName",
            "job_variables": "jobVariables",
            "concurrency_limit": "concurrencyLimit",
            "collision_strategy": "collisionStrategy",
            "grace_period_seconds": "gracePeriodSeconds",
            "global_concurrency_limit_id": "globalConcurrencyLimitId",
            "storage_document_id": "storageDocumentId",
            "infrastructure_document_id": "infrastructureDocumentId",
            "disabled": "disabled",
            "version_info": "versionInfo",
            "version_id": "versionId",
            "flow_id": "flowId",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        flow_name: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        version: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        labels: pulumi.Input[Mapping[str, Any]] | None = None,
        paused: pulumi.Input[bool] | None = None,
        entrypoint: pulumi.Input[str] | None = None,
        path: pulumi.Input[str] | None = None,
        pull_steps: pulumi.Input[Sequence[Mapping[str, Any]]] | None = None,
        parameters: pulumi.Input[Mapping[str, Any]] | None = None,
        parameter_openapi_schema: pulumi.Input[Mapping[str, Any]] | None = None,
        enforce_parameter_schema: pulumi.Input[bool] | None = None,
        work_pool_name: pulumi.Input[str] | None = None,
        work_queue_name: pulumi.Input[str] | None = None,
        job_variables: pulumi.Input[Mapping[str, Any]] | None = None,
        concurrency_limit: pulumi.Input[int] | None = None,
        collision_strategy: pulumi.Input[str] | None = None,
        grace_period_seconds: pulumi.Input[int] | None = None,
        global_concurrency_limit_id: pulumi.Input[str] | None = None,
        storage_document_id: pulumi.Input[str] | None = None,
        infrastructure_document_id: pulumi.Input[str] | None = None,
        disabled: pulumi.Input[bool] | None = None,
        version_info: pulumi.Input[Mapping[str, Any]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the deployment, unique in its flow. Left out: the resource's logical name. A change
        replaces the object.
        :param flow_name: Name of its flow, which must exist. A change replaces the object.
        :param description: Free text.
        :param version: Version of the code, for people.
        :param tags: Labels of the deployment and of its runs.
        :param labels: Key-value labels: strings, numbers or booleans. A server of one's own sets them only when it is
        made; Prefect Cloud changes them. A change replaces the object.
        :param paused: Whether its schedules make no runs. Default: false.
        :param entrypoint: 'path/to/file.py:function', relative to `path`.
        :param path: Folder of the code where its runs start.
        :param pull_steps: Steps that fetch the code before each run, in the form of prefect.yaml.
        :param parameters: Default parameters of its runs.
        :param parameter_openapi_schema: JSON schema of the flow's parameters. Left out: an empty one.
        :param enforce_parameter_schema: Whether runs with parameters that do not fit the schema are refused. Default:
        true.
        :param work_pool_name: Name of the pool that runs it.
        :param work_queue_name: Name of a queue of that pool. Left out: the pool's default queue.
        :param job_variables: Overrides of the pool's base job template.
        :param concurrency_limit: Maximum of concurrent runs; none: no limit. Not with globalConcurrencyLimitId.
        :param collision_strategy: What happens to a run above the limit: ENQUEUE or CANCEL_NEW. One of: ENQUEUE,
        CANCEL_NEW.
        :param grace_period_seconds: Seconds (60 to 86400) that a run's infrastructure has to start before it loses
        its slot. Needs collisionStrategy.
        :param global_concurrency_limit_id: UUID of a global concurrency limit that its runs share with others.
        :param storage_document_id: UUID of a storage block.
        :param infrastructure_document_id: UUID of an infrastructure block.
        :param disabled: Whether nothing may run it. Prefect Cloud only. Default: false.
        :param version_info: Of its version: 'type' (such as vcs:git), 'version' and more. Prefect Cloud only: other
        servers take it and never return it.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "flowName": flow_name,
                "description": description,
                "version": version,
                "tags": tags,
                "labels": labels,
                "paused": paused,
                "entrypoint": entrypoint,
                "path": path,
                "pullSteps": pull_steps,
                "parameters": parameters,
                "parameterOpenapiSchema": parameter_openapi_schema,
                "enforceParameterSchema": enforce_parameter_schema,
                "workPoolName": work_pool_name,
                "workQueueName": work_queue_name,
                "jobVariables": job_variables,
                "concurrencyLimit": concurrency_limit,
                "collisionStrategy": collision_strategy,
                "gracePeriodSeconds": grace_period_seconds,
                "globalConcurrencyLimitId": global_concurrency_limit_id,
                "storageDocumentId": storage_document_id,
                "infrastructureDocumentId": infrastructure_document_id,
                "disabled": disabled,
                "versionInfo": version_info,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Deployment:
        """The existing object of that `id`: the server's UUID or flow/deployment. Pulumi does not manage it."""
        return read(Deployment, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the deployment, unique in its flow. Left out: the resource's logical name. A change replaces the
        object."""
        return self._output("name")

    @property
    @pulumi.getter(name="flowName")
    def flow_name(self) -> pulumi.Output[str]:
        """Name of its flow, which must exist. A change replaces the object."""
        return self._output("flowName")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str | None]:
        """Free text."""
        return self._output("description")

    @property
    @pulumi.getter(name="version")
    def version(self) -> pulumi.Output[str | None]:
        """Version of the code, for people."""
        return self._output("version")

    @property
    @pulumi.getter(name="tags")
    def tags(self) -> pulumi.Output[list[str]]:
        """Labels of the deployment and of its runs."""
        return self._output("tags")

    @property
    @pulumi.getter(name="labels")
    def labels(self) -> pulumi.Output[dict[str, Any]]:
        """Key-value labels: strings, numbers or booleans. A server of one's own sets them only when it is made;
        Prefect Cloud changes them. A change replaces the object."""
        return self._output("labels")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool]:
        """Whether its schedules make no runs. Default: false."""
        return self._output("paused")

    @property
    @pulumi.getter(name="entrypoint")
    def entrypoint(self) -> pulumi.Output[str | None]:
        """'path/to/file.py:function', relative to `path`."""
        return self._output("entrypoint")

    @property
    @pulumi.getter(name="path")
    def path(self) -> pulumi.Output[str | None]:
        """Folder of the code where its runs start."""
        return self._output("path")

    @property
    @pulumi.getter(name="pullSteps")
    def pull_steps(self) -> pulumi.Output[list[dict[str, Any]]]:
        """Steps that fetch the code before each run, in the form of prefect.yaml."""
        return self._output("pullSteps")

    @property
    @pulumi.getter(name="parameters")
    def parameters(self) -> pulumi.Output[dict[str, Any]]:
        """Default parameters of its runs."""
        return self._output("parameters")

    @property
    @pulumi.getter(name="parameterOpenapiSchema")
    def parameter_openapi_schema(self) -> pulumi.Output[dict[str, Any] | None]:
        """JSON schema of the flow's parameters. Left out: an empty one."""
        return self._output("parameterOpenapiSchema")

    @property
    @pulumi.getter(name="enforceParameterSchema")
    def enforce_parameter_schema(self) -> pulumi.Output[bool]:
        """Whether runs with parameters that do not fit the schema are refused. Default: true."""
        return self._output("enforceParameterSchema")

    @property
    @pulumi.getter(name="workPoolName")
    def work_pool_name(self) -> pulumi.Output[str | None]:
        """Name of the pool that runs it."""
        return self._output("workPoolName")

    @property
    @pulumi.getter(name="workQueueName")
    def work_queue_name(self) -> pulumi.Output[str | None]:
        """Name of a queue of that pool. Left out: the pool's default queue."""
        return self._output("workQueueName")

    @property
    @pulumi.getter(name="jobVariables")
    def job_variables(self) -> pulumi.Output[dict[str, Any]]:
        """Overrides of the pool's base job template."""
        return self._output("jobVariables")

    @property
    @pulumi.getter(name="concurrencyLimit")
    def concurrency_limit(self) -> pulumi.Output[int | None]:
        """Maximum of concurrent runs; none: no limit. Not with globalConcurrencyLimitId."""
        return self._output("concurrencyLimit")

    @property
    @pulumi.getter(name="collisionStrategy")
    def collision_strategy(self) -> pulumi.Output[str | None]:
        """What happens to a run above the limit: ENQUEUE or CANCEL_NEW. One of: ENQUEUE, CANCEL_NEW."""
        return self._output("collisionStrategy")

    @property
    @pulumi.getter(name="gracePeriodSeconds")
    def grace_period_seconds(self) -> pulumi.Output[int | None]:
        """Seconds (60 to 86400) that a run's infrastructure has to start before it loses its slot. Needs
        collisionStrategy."""
        return self._output("gracePeriodSeconds")

    @property
    @pulumi.getter(name="globalConcurrencyLimitId")
    def global_concurrency_limit_id(self) -> pulumi.Output[str | None]:
        """UUID of a global concurrency limit that its runs share with others."""
        return self._output("globalConcurrencyLimitId")

    @property
    @pulumi.getter(name="storageDocumentId")
    def storage_document_id(self) -> pulumi.Output[str | None]:
        """UUID of a storage block."""
        return self._output("storageDocumentId")

    @property
    @pulumi.getter(name="infrastructureDocumentId")
    def infrastructure_document_id(self) -> pulumi.Output[str | None]:
        """UUID of an infrastructure block."""
        return self._output("infrastructureDocumentId")

    @property
    @pulumi.getter(name="disabled")
    def disabled(self) -> pulumi.Output[bool]:
        """Whether nothing may run it. Prefect Cloud only. Default: false."""
        return self._output("disabled")

    @property
    @pulumi.getter(name="versionInfo")
    def version_info(self) -> pulumi.Output[dict[str, Any] | None]:
        """Of its version: 'type' (such as vcs:git), 'version' and more. Prefect Cloud only: other servers take it and
        never return it."""
        return self._output("versionInfo")

    @property
    @pulumi.getter(name="versionId")
    def version_id(self) -> pulumi.Output[str]:
        """UUID of its present version. Prefect Cloud only."""
        return self._output("versionId")

    @property
    @pulumi.getter(name="flowId")
    def flow_id(self) -> pulumi.Output[str]:
        """UUID of its flow."""
        return self._output("flowId")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")

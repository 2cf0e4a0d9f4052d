# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Deployments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Deployments(PrefectResource):
    """All deployments of one `prefect.yaml`.

    The whole file is checked before anything is written; only those that changed are deployed; those that left
    the file are deleted when they carry this stack's mark.

    Example: `Deployments("flows", directory=".", work_pools=[pool.name])`
    """

    pulumi_type = "prefect:index:Deployments"
    _wire_names = MappingProxyType(
        {
            "directory": "directory",
            "prefect_file": "prefectFile",
            "work_pools": "workPools",
            "work_queues": "workQueues",
            "local_pools": "localPools",
            "commit": "commit",
            "env": "env",
            "overrides": "overrides",
            "ui_owns": "uiOwns",
            "adopt": "adopt",
            "on_failure": "onFailure",
            "keep_on_delete": "keepOnDelete",
            "step_files": "stepFiles",
            "plain_text": "plainText",
            "worker_packages": "workerPackages",
            "strict": "strict",
            "import_seconds": "importSeconds",
            "hash_key": "hashKey",
            "fingerprints": "fingerprints",
            "fingerprint_parts": "fingerprintParts",
            "entries": "entries",
            "deployments": "deployments",
            "automations": "automations",
            "versions": "versions",
            "drift": "drift",
            "results": "results",
            "step_outputs": "stepOutputs",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        directory: pulumi.Input[str] | None = None,
        prefect_file: pulumi.Input[str] | None = None,
        work_pools: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        work_queues: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        local_pools: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        commit: pulumi.Input[str] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        overrides: pulumi.Input[Mapping[str, Any]] | None = None,
        ui_owns: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        adopt: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        on_failure: pulumi.Input[str] | None = None,
        keep_on_delete: pulumi.Input[bool] | None = None,
        step_files: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        plain_text: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        worker_packages: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        strict: pulumi.Input[bool] | None = None,
        import_seconds: pulumi.Input[float] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param directory: Folder of the flows, relative to the project's root. Default: ".".
        :param prefect_file: The file, relative to the directory. Default: "prefect.yaml".
        :param work_pools: Names of the pools that the program declares.
        :param work_queues: Names of the queues that the program declares, as 'pool/queue'.
        :param local_pools: Names of the pools that workers of this machine serve: their runs find this machine's
        folder.
        :param commit: Commit (its whole name, 40 or 64 hex digits) that the stack is released from: every git_clone
        pull step is pinned to it in place of its branch.
        :param env: Values of this stack for `{{ $NAME }}` in the file, over those of the environment.
        :param overrides: 'flow/deployment' or a pattern of it -> keys of an entry that this stack lays over the
        file's; `schedules` may be a mapping of slugs (`schedule-2` for the second one, when it has none); `ui_owns`
        is what the UI owns of it.
        :param ui_owns: What the UI owns of every deployment: it is set when a deployment is made, and neither reset
        nor compared after that. `active` is that of its schedules. One of: active, paused, parameters, description,
        tags, concurrency_limit.
        :param adopt: Names ('flow/deployment', or '*') of existing deployments that may be taken over.
        :param on_failure: Whether the others are still deployed when one has failed. Default: "stop". One of: stop,
        continue.
        :param keep_on_delete: Whether the deployments stay on the server when this resource is deleted. Default:
        false.
        :param step_files: Globs of the files that build and push steps read; left out, all that git does not ignore.
        :param plain_text: Environment variables, and blocks as 'type/name', whose values may be stored in clear
        although they look like secrets.
        :param worker_packages: Packages that only the workers have installed: flows that import them are read from
        their source, as Prefect does. What requirements*.txt and pyproject.toml name need not be listed.
        :param strict: Whether warnings about the file are errors. Default: false.
        :param import_seconds: How long the import of one flow may take in the preflight, in seconds. Default: 60.0.
        """
        self._begin(
            resource_name,
            {
                "directory": directory,
                "prefectFile": prefect_file,
                "workPools": work_pools,
                "workQueues": work_queues,
                "localPools": local_pools,
                "commit": commit,
                "env": env,
                "overrides": overrides,
                "uiOwns": ui_owns,
                "adopt": adopt,
                "onFailure": on_failure,
                "keepOnDelete": keep_on_delete,
                "stepFiles": step_files,
                "plainText": plain_text,
                "workerPackages": worker_packages,
                "strict": strict,
                "importSeconds": import_seconds,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Deployments:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(Deployments, resource_name, id, opts)

    @property
    @pulumi.getter(name="directory")
    def directory(self) -> pulumi.Output[str]:
        """Folder of the flows, relative to the project's root. Default: "."."""
        return self._output("directory")

    @property
    @pulumi.getter(name="prefectFile")
    def prefect_file(self) -> pulumi.Output[str]:
        """The file, relative to the directory. Default: "prefect.yaml"."""
        return self._output("prefectFile")

    @property
    @pulumi.getter(name="workPools")
    def work_pools(self) -> pulumi.Output[list[str]]:
        """Names of the pools that the program declares."""
        return self._output("workPools")

    @property
    @pulumi.getter(name="workQueues")
    def work_queues(self) -> pulumi.Output[list[str]]:
        """Names of the queues that the program declares, as 'pool/queue'."""
        return self._output("workQueues")

    @property
    @pulumi.getter(name="localPools")
    def local_pools(self) -> pulumi.Output[list[str]]:
        """Names of the pools that workers of this machine serve: their runs find this machine's folder."""
        return self._output("localPools")

    @property
    @pulumi.getter(name="commit")
    def commit(self) -> pulumi.Output[str | None]:
        """Commit (its whole name, 40 or 64 hex digits) that the stack is released from: every git_clone pull step is
        pinned to it in place of its branch."""
        return self._output("commit")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str]]:
        """Values of this stack for `{{ $NAME }}` in the file, over those of the environment."""
        return self._output("env")

    @property
    @pulumi.getter(name="overrides")
    def overrides(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' or a pattern of it -> keys of an entry that this stack lays over the file's; `schedules`
        may be a mapping of slugs (`schedule-2` for the second one, when it has none); `ui_owns` is what the UI owns
        of it."""
        return self._output("overrides")

    @property
    @pulumi.getter(name="uiOwns")
    def ui_owns(self) -> pulumi.Output[list[str]]:
        """What the UI owns of every deployment: it is set when a deployment is made, and neither reset nor compared
        after that. `active` is that of its schedules. One of: active, paused, parameters, description, tags,
        concurrency_limit."""
        return self._output("uiOwns")

    @property
    @pulumi.getter(name="adopt")
    def adopt(self) -> pulumi.Output[list[str]]:
        """Names ('flow/deployment', or '*') of existing deployments that may be taken over."""
        return self._output("adopt")

    @property
    @pulumi.getter(name="onFailure")
    def on_failure(self) -> pulumi.Output[str]:
        """Whether the others are still deployed when one has failed. Default: "stop". One of: stop, continue."""
        return self._output("onFailure")

    @property
    @pulumi.getter(name="keepOnDelete")
    def keep_on_delete(self) -> pulumi.Output[bool]:
        """Whether the deployments stay on the server when this resource is deleted. Default: false."""
        return self._output("keepOnDelete")

    @property
    @pulumi.getter(name="stepFiles")
    def step_files(self) -> pulumi.Output[list[str]]:
        """Globs of the files that build and push steps read; left out, all that git does not ignore."""
        return self._output("stepFiles")

    @property
    @pulumi.getter(name="plainText")
    def plain_text(self) -> pulumi.Output[list[str]]:
        """Environment variables, and blocks as 'type/name', whose values may be stored in clear although they look
        like secrets."""
        return self._output("plainText")

    @property
    @pulumi.getter(name="workerPackages")
    def worker_packages(self) -> pulumi.Output[list[str]]:
        """Packages that only the workers have installed: flows that import them are read from their source, as
        Prefect does. What requirements*.txt and pyproject.toml name need not be listed."""
        return self._output("workerPackages")

    @property
    @pulumi.getter(name="strict")
    def strict(self) -> pulumi.Output[bool]:
        """Whether warnings about the file are errors. Default: false."""
        return self._output("strict")

    @property
    @pulumi.getter(name="importSeconds")
    def import_seconds(self) -> pulumi.Output[float]:
        """How long the import of one flow may take in the preflight, in seconds. Default: 60.0."""
        return self._output("importSeconds")

    @property
    @pulumi.getter(name="hashKey")
    def hash_key(self) -> pulumi.Output[str]:
        """Key under which values of environment variables enter the fingerprints. Secret."""
        return self._output("hashKey")

    @property
    @pulumi.getter(name="fingerprints")
    def fingerprints(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> SHA-256 of all that its deployment depends on."""
        return self._output("fingerprints")

    @property
    @pulumi.getter(name="fingerprintParts")
    def fingerprint_parts(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' -> what its fingerprint covers (a file, a variable, a step, Prefect) -> a short digest of
        it: they say why a deployment is deployed again."""
        return self._output("fingerprintParts")

    @property
    @pulumi.getter(name="entries")
    def entries(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' -> its fields, schedules by slug or rule: as an input those that the file declares, as an
        output those that the server has. What the UI owns is left out."""
        return self._output("entries")

    @property
    @pulumi.getter(name="deployments")
    def deployments(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> UUID on the server."""
        return self._output("deployments")

    @property
    @pulumi.getter(name="automations")
    def automations(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' -> name -> UUID of the automations of its triggers."""
        return self._output("automations")

    @property
    @pulumi.getter(name="versions")
    def versions(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> UUID of the version that the last deploy made. Prefect Cloud only."""
        return self._output("versions")

    @property
    @pulumi.getter(name="drift")
    def drift(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' -> `changes` (path -> `applied` and `live`) that were changed outside since the last
        deploy, with `updated` and `updated_by` where the server knows."""
        return self._output("drift")

    @property
    @pulumi.getter(name="results")
    def results(self) -> pulumi.Output[dict[str, Any]]:
        """'flow/deployment' -> what the last update did with it, or will do."""
        return self._output("results")

    @property
    @pulumi.getter(name="stepOutputs")
    def step_outputs(self) -> pulumi.Output[dict[str, Any]]:
        """What build and push steps gave, by digest of what they read. Secret."""
        return self._output("stepOutputs")

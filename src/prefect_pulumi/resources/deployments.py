# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Deployments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Deployments(PrefectResource):
    """All deployments of one `prefect.yaml`.

    The whole file is checked before anything is written; only those that changed are deployed; those that left
    the file are deleted.

    Example: `Deployments("flows", directory=".", work_pools=[pool.name])`
    """

    pulumi_type: ClassVar[str] = "prefect:index:Deployments"
    _wire_names: ClassVar[Mapping[str, str]] = {
        "directory": "directory",
        "prefect_file": "prefectFile",
        "work_pools": "workPools",
        "work_queues": "workQueues",
        "commit": "commit",
        "fingerprints": "fingerprints",
        "deployments": "deployments",
    }

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        directory: pulumi.Input[str] | None = None,
        prefect_file: pulumi.Input[str] | None = None,
        work_pools: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        work_queues: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        commit: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param directory: Folder of the flows, relative to the project's root. Default: ".".
        :param prefect_file: The file, relative to the directory. Default: "prefect.yaml".
        :param work_pools: Names of the pools that the program declares.
        :param work_queues: Names of the queues that the program declares, as 'pool/queue'.
        :param commit: Commit (40 hex digits) that the stack is released from: every git_clone pull step is pinned to
        it in place of its branch.
        """
        self._begin(
            resource_name,
            {
                "directory": directory,
                "prefectFile": prefect_file,
                "workPools": work_pools,
                "workQueues": work_queues,
                "commit": commit,
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
    @pulumi.getter(name="commit")
    def commit(self) -> pulumi.Output[str | None]:
        """Commit (40 hex digits) that the stack is released from: every git_clone pull step is pinned to it in place
        of its branch."""
        return self._output("commit")

    @property
    @pulumi.getter(name="fingerprints")
    def fingerprints(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> SHA-256 of all that its deployment depends on."""
        return self._output("fingerprints")

    @property
    @pulumi.getter(name="deployments")
    def deployments(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> UUID on the server."""
        return self._output("deployments")

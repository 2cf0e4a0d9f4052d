# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkerDrain`."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkerDrain(PrefectResource):
    """What a pool's workers wait for before they are swapped. Containers depend on it.

    When `revision` changes, the pool is paused and its flow runs get `timeout` seconds to end; the WorkerOnline after
    the containers resumes the pool.

    Example: `WorkerDrain("etl", work_pool=pool.name, workers=["etl-1"], revision=image.repo_digest)`
    """

    pulumi_type = "prefect:index:WorkerDrain"
    _wire_names = MappingProxyType(
        {
            "work_pool": "workPool",
            "workers": "workers",
            "revision": "revision",
            "timeout": "timeout",
            "paused": "paused",
            "replace_lost": "replaceLost",
            "lost": "lost",
            "generations": "generations",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        work_pool: pulumi.Input[str],
        workers: pulumi.Input[Sequence[pulumi.Input[str]]],
        revision: pulumi.Input[Any],
        timeout: pulumi.Input[int] | None = None,
        paused: pulumi.Input[bool] | None = None,
        replace_lost: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param work_pool: Name of the pool. A change replaces the object.
        :param workers: Names of the workers.
        :param revision: Any value that changes whenever the workers are to be swapped.
        :param timeout: Seconds that flow runs under way may take to end. Those that outlast it are marked Crashed
        where they end with their worker, and go on where they do not. Default: 600.
        :param paused: Whether the pool is meant to be paused when no swap is under way. Default: false.
        :param replace_lost: Whether a worker that a refresh finds offline gets a next generation. Its container is to
        carry that, and is replaced then. Default: false.
        """
        self._begin(
            resource_name,
            {
                "workPool": work_pool,
                "workers": workers,
                "revision": revision,
                "timeout": timeout,
                "paused": paused,
                "replaceLost": replace_lost,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkerDrain:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(WorkerDrain, resource_name, id, opts)

    @property
    @pulumi.getter(name="workPool")
    def work_pool(self) -> pulumi.Output[str]:
        """Name of the pool. A change replaces the object."""
        return self._output("workPool")

    @property
    @pulumi.getter(name="workers")
    def workers(self) -> pulumi.Output[list[str]]:
        """Names of the workers."""
        return self._output("workers")

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> pulumi.Output[Any]:
        """Any value that changes whenever the workers are to be swapped."""
        return self._output("revision")

    @property
    @pulumi.getter(name="timeout")
    def timeout(self) -> pulumi.Output[int]:
        """Seconds that flow runs under way may take to end. Those that outlast it are marked Crashed where they end
        with their worker, and go on where they do not. Default: 600."""
        return self._output("timeout")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool]:
        """Whether the pool is meant to be paused when no swap is under way. Default: false."""
        return self._output("paused")

    @property
    @pulumi.getter(name="replaceLost")
    def replace_lost(self) -> pulumi.Output[bool]:
        """Whether a worker that a refresh finds offline gets a next generation. Its container is to carry that, and
        is replaced then. Default: false."""
        return self._output("replaceLost")

    @property
    @pulumi.getter(name="lost")
    def lost(self) -> pulumi.Output[list[str]]:
        """The workers that the last refresh found offline."""
        return self._output("lost")

    @property
    @pulumi.getter(name="generations")
    def generations(self) -> pulumi.Output[dict[str, Any]]:
        """Worker name -> how often it was replaced because it was lost; others are left out."""
        return self._output("generations")

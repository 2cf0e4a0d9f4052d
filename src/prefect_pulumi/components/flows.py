"""The last node of the graph: deploys the flows of `prefect.yaml` once everything they need exists."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from prefect_pulumi.components.pool import Pool
from prefect_pulumi.resources import Deployments


class Flows(pulumi.ComponentResource):
    """`Flows("flows", pools=[...], needs=[...blocks, variables...])`; `deployments` maps `flow/deployment` to ids."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        pools: Sequence[Pool],
        needs: Sequence[pulumi.Resource] = (),
        directory: str = ".",
        prefect_file: str = "prefect.yaml",
        commit: pulumi.Input[str] | None = None,
    ) -> None:
        super().__init__("prefect:components:Flows", name, None, opts)
        queues = [queue for pool in pools for queue in pool.queues.values()]
        deployed = Deployments(
            name,
            pulumi.ResourceOptions(parent=self, depends_on=[*queues, *needs]),
            directory=directory,
            prefect_file=prefect_file,
            commit=commit,
            work_pools=[pool.work_pool.name for pool in pools],
            work_queues=[queue for pool in pools for queue in pool.queue_names],
        )
        self.deployments = deployed.deployments
        self.fingerprints = deployed.fingerprints
        self.register_outputs({"deployments": self.deployments})

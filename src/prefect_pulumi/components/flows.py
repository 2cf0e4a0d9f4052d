"""The last node of the graph: deploys the flows of `prefect.yaml` once everything they need exists."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from prefect_pulumi.components.pool import Pool
from prefect_pulumi.project.settings import DeploySettings
from prefect_pulumi.resources import Deployments, ProcessWorker


class Flows(pulumi.ComponentResource):
    """`Flows("flows", pools=[...], needs=[...blocks, variables...])`.

    `deployments` maps `flow/deployment` to ids, `results` to what the last update did with it.
    """

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
        settings: DeploySettings | None = None,
    ) -> None:
        super().__init__("prefect:components:Flows", name, None, opts)
        queues = [queue for pool in pools for queue in pool.queues.values()]
        settings = settings or DeploySettings()
        deployed = Deployments(
            name,
            pulumi.ResourceOptions(parent=self, depends_on=[*queues, *needs]),
            directory=directory,
            prefect_file=prefect_file,
            commit=commit,
            work_pools=[pool.work_pool.name for pool in pools],
            work_queues=[queue for pool in pools for queue in pool.queue_names],
            local_pools=[
                pool.work_pool.name for pool in pools if any(isinstance(w, ProcessWorker) for w in pool.workers)
            ],
            env=settings.env,
            overrides=settings.overrides,
            ui_owns=settings.ui_owns,
            adopt=settings.adopt,
            on_failure=settings.on_failure,
            keep_on_delete=settings.keep_on_destroy,
            step_files=settings.step_files,
            plain_text=settings.plain_text,
            worker_packages=settings.worker_packages,
            strict=settings.strict,
            import_seconds=settings.import_seconds,
        )
        self.deployments = deployed.deployments
        self.fingerprints = deployed.fingerprints
        self.results = deployed.results
        self.register_outputs({"deployments": self.deployments})

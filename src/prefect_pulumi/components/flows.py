"""The last node of the graph: deploys the flows of `prefect.yaml` once everything they need exists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pulumi

from prefect_pulumi.components.pool import Pool
from prefect_pulumi.project.deploy_settings import DeploySettings
from prefect_pulumi.resources import Deployments, ProcessWorker


class Flows(pulumi.ComponentResource):
    """`Flows("flows", pools=[...], needs=[...blocks, variables...])`.

    `deployments` maps `flow/deployment` to ids, `results` to what the last update did with it. Where the settings list
    `directories`, each has a `prefect.yaml`, and these are deployed together.
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
        self._pools, self._needs = pools, needs
        settings = settings or DeploySettings()
        places = {
            f"{name}-{folder.replace('/', '-')}": (str(PurePosixPath(directory, folder)), settings.of(folder))
            for folder in settings.directories
        } or {name: (directory, settings)}
        steps = [
            self._deployments(resource, folder, prefect_file, commit, own) for resource, (folder, own) in places.items()
        ]
        self.deployments = _together([step.deployments for step in steps])
        self.fingerprints = _together([step.fingerprints for step in steps])
        self.results = _together([step.results for step in steps])
        self.register_outputs({"deployments": self.deployments})

    def _deployments(
        self, name: str, directory: str, prefect_file: str, commit: pulumi.Input[str] | None, settings: DeploySettings
    ) -> Deployments:
        queues = [queue for pool in self._pools for queue in pool.queues.values()]
        return Deployments(
            name,
            pulumi.ResourceOptions(parent=self, depends_on=[*queues, *self._needs]),
            directory=directory,
            prefect_file=prefect_file,
            commit=commit,
            work_pools=[pool.work_pool.name for pool in self._pools],
            work_queues=[queue for pool in self._pools for queue in pool.queue_names],
            local_pools=[
                pool.work_pool.name for pool in self._pools if any(isinstance(w, ProcessWorker) for w in pool.workers)
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


def _together(parts: Sequence[pulumi.Output[dict[str, Any]]]) -> pulumi.Output[dict[str, Any]]:
    """Of several files one mapping, by full name."""
    if len(parts) == 1:
        return parts[0]
    return pulumi.Output.all(*parts).apply(
        lambda mappings: {name: value for mapping in mappings for name, value in (mapping or {}).items()}
    )

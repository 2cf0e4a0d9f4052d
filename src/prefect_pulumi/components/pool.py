"""A work pool with its queues and its workers on this machine."""

from __future__ import annotations

import pulumi

from prefect_pulumi.components.settings import PoolSettings
from prefect_pulumi.resources import ProcessWorker, WorkPool, WorkQueue


class Pool(pulumi.ComponentResource):
    """`Pool("etl", PoolSettings(workers=1, queues={"priority": QueueSettings(priority=1)}), server.options)`

    `queue_names` lists its declared queues as `pool/queue`. Workers start after the queues exist.
    """

    def __init__(self, name: str, settings: PoolSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("prefect:components:Pool", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.work_pool = WorkPool(
            name,
            child,
            name=name,
            type=settings.type,
            description=settings.description,
            concurrency_limit=settings.concurrency_limit,
            paused=settings.paused,
            base_job_template=settings.base_job_template,
        )
        self.queues = {
            queue: WorkQueue(
                f"{name}-{queue}",
                child,
                work_pool_name=self.work_pool.name,
                name=queue,
                description=of.description,
                priority=of.priority,
                concurrency_limit=of.concurrency_limit,
            )
            for queue, of in settings.queues.items()
        }
        after_queues = pulumi.ResourceOptions(parent=self, depends_on=list(self.queues.values()))
        self.workers = [
            ProcessWorker(
                f"{name}-{number}",
                after_queues,
                name=f"{name}-{number}",
                work_pool=self.work_pool.name,
                directory=f".infra/{pulumi.get_stack()}/workers/{name}-{number}",
            )
            for number in range(1, settings.workers + 1)
        ]
        self.queue_names = [f"{name}/{queue}" for queue in self.queues]
        self.register_outputs({"name": self.work_pool.name})

"""A work pool with its queues and its workers, wherever these run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pulumi

from prefect_pulumi.components.environment import ProgramSettingsError
from prefect_pulumi.components.templates import TemplateError, base_job_template, merge_patch
from prefect_pulumi.models.work_pool import cloud_only
from prefect_pulumi.project import layout
from prefect_pulumi.project.pool_settings import PoolSettings
from prefect_pulumi.resources import ProcessWorker, WorkerOnline, WorkPool, WorkQueue, get_worker_metadata

if TYPE_CHECKING:
    from prefect_pulumi.components.server import Server

RESULT_STORAGE = "default_result_storage_block_id"


class Pool(pulumi.ComponentResource):
    """`Pool("etl", PoolSettings(workers=1, queues={"priority": QueueSettings(priority=1)}), server.options)`

    `queue_names` lists its declared queues as `pool/queue`. Workers start after the queues exist; `workers` are
    resources that exist when the workers run, `image` what they start from (None for processes). `worker_facts` maps
    each worker's name to what the server knew of it when the last update ended. Containers and clusters need to know
    the `server`. `result_storage`: UUID of the block where its flow runs keep results.
    """

    def __init__(
        self,
        name: str,
        settings: PoolSettings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        server: Server | None = None,
        result_storage: pulumi.Input[str] | None = None,
    ) -> None:
        super().__init__("prefect:components:Pool", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.name = name
        self.image = image = self._image(name, settings)
        template = self._template(name, settings, server, image)
        self.work_pool = WorkPool(
            name,
            child,
            name=name,
            type=settings.type,
            description=settings.description,
            concurrency_limit=settings.concurrency_limit,
            paused=settings.paused,
            base_job_template=template,
            storage_configuration=None if result_storage is None else {RESULT_STORAGE: result_storage},
        )
        self.queues = {
            queue: WorkQueue(
                f"{name}-{queue}",
                child,
                work_pool_name=self.work_pool.name,
                name=queue,
                description=queue_settings.description,
                priority=queue_settings.priority,
                paused=queue_settings.paused,
                concurrency_limit=queue_settings.concurrency_limit,
            )
            for queue, queue_settings in settings.queues.items()
        }
        self.workers: list[pulumi.Resource] = []
        if settings.workers.count:
            self.workers = self._workers(name, settings, server, image, template)
        self.worker_facts = _merged(self.workers)
        self.queue_names = [f"{name}/{queue}" for queue in self.queues]
        self.register_outputs({"name": self.work_pool.name, "workers": settings.workers.count})

    def _image(self, name: str, settings: PoolSettings) -> pulumi.Output[str] | None:
        """What worker containers and the pool's flow runs start from, where anything runs in a container."""
        if settings.runs_in == "process" or not settings.workers.count:
            return None
        if settings.runs_in == "kubernetes" and settings.workers.image is not None:
            return pulumi.Output.from_input(settings.workers.image)  # the cluster's nodes pull it
        from prefect_pulumi.components.containers.images import image_reference

        tag = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        return image_reference(name, settings.workers, tag, pulumi.ResourceOptions(parent=self))

    def _template(
        self, name: str, settings: PoolSettings, server: Server | None, image: pulumi.Output[str] | None
    ) -> Any:
        if settings.base_job_template is not None:
            if settings.job or settings.env_from_blocks or settings.template_patch:
                raise _fault(name, "give either base_job_template, or job, env_from_blocks and template_patch")
            return settings.base_job_template
        declared = settings.type in ("docker", "kubernetes")
        changed = settings.job or settings.env_from_blocks or settings.template_patch
        if not (changed or (declared and image is not None)):
            return None
        job = dict(settings.job)
        if settings.type == "docker" and server is not None and server.container is not None:
            # Only there do flow runs find the server by the address that their worker has.
            job.setdefault("networks", [server.container.network_name])
        if settings.type == settings.runs_in == "kubernetes" and image is not None:
            job["namespace"] = settings.job_namespace  # the worker's role is for that one alone

        def make(reference: str | None, own: dict[str, Any] | None = None) -> dict[str, Any]:
            variables = dict(job)
            if reference is not None:
                variables["image"] = reference
                if settings.type == "docker" and "@" not in reference:
                    variables.setdefault("image_pull_policy", "Never")
            try:
                template = base_job_template(settings.type, variables, settings.env_from_blocks, own)
            except TemplateError as error:
                raise _fault(f"{name}.job", str(error)) from None
            patched: dict[str, Any] = merge_patch(template, settings.template_patch)
            return patched

        if cloud_only(settings.type):  # Prefect ships no template of it
            known = get_worker_metadata(type=settings.type, opts=pulumi.InvokeOptions(parent=self))
            templates = known.apply(lambda workers: (workers.get(settings.type) or {}).get("baseJobTemplate"))
            return templates.apply(lambda own: make(None, own) if own else None)
        checked = make(None)  # before anything is made, also where the image is not known yet
        if image is None or not declared or "image" in job:
            return checked
        return image.apply(make)

    def _workers(
        self,
        name: str,
        settings: PoolSettings,
        server: Server | None,
        image: pulumi.Output[str] | None,
        template: Any,
    ) -> list[pulumi.Resource]:
        workers = settings.workers
        after = pulumi.ResourceOptions(parent=self, depends_on=list(self.queues.values()))
        if image is None:
            restart_on = {} if template is None else {"baseJobTemplate": fingerprint(template)}
            return [
                ProcessWorker(
                    f"{name}-{number}",
                    after,
                    name=f"{name}-{number}",
                    work_pool=self.work_pool.name,
                    directory=layout.worker_directory(pulumi.get_stack(), f"{name}-{number}"),
                    work_queues=workers.queues or None,
                    limit=workers.limit,
                    drain_seconds=workers.drain_seconds,
                    pool_paused=settings.paused,
                    online_seconds=workers.online_seconds,
                    restart_on=restart_on or None,
                    env=workers.env or None,
                )
                for number in range(1, workers.count + 1)
            ]
        if server is None:
            raise _fault(name, "workers in containers need Pool(..., server=server) to know where the API is")
        if settings.runs_in == "docker":
            from prefect_pulumi.components.containers.workers import worker_containers

            return worker_containers(name, settings, self.work_pool, server, image, template, after)
        from prefect_pulumi.components.containers.kubernetes import worker_deployment

        return worker_deployment(name, settings, self.work_pool, server, image, template, after)


def _merged(workers: list[pulumi.Resource]) -> pulumi.Output[dict[str, Any]]:
    known = [worker.facts for worker in workers if isinstance(worker, ProcessWorker | WorkerOnline)]
    return pulumi.Output.all(*known).apply(
        lambda facts: {name: fact for part in facts for name, fact in sorted((part or {}).items())}
    )


def fingerprint(template: Any) -> pulumi.Output[str]:
    """Changes when the template does."""
    return pulumi.Output.json_dumps(template, sort_keys=True).apply(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:16]
    )


def _fault(where: str, message: str) -> ProgramSettingsError:
    return ProgramSettingsError(
        message,
        where=f"Pulumi.{pulumi.get_stack()}.yaml: environment.pools.{where}",
        remedy="see docs/workers.md",
    )

"""What an entry or a step refers to by name: environment variables, blocks, variables, step outputs, pools, queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.deploy.checks.findings import (
    STEP_KEYS,
    Entry,
    Findings,
    Subject,
    step_list,
    step_parts,
)
from prefect_pulumi.deploy.file.document import Keys
from prefect_pulumi.deploy.file.placeholders import Placeholder, Source, find, open_template, texts, walk

OUTPUTS: dict[str, frozenset[str]] = {
    "prefect.deployments.steps.run_shell_script": frozenset({"stdout", "stderr"}),
    "prefect.deployments.steps.pip_install_requirements": frozenset({"stdout", "stderr"}),
    "prefect.deployments.steps.git_clone": frozenset({"directory"}),
    "prefect.deployments.steps.set_working_directory": frozenset({"directory"}),
    "prefect.deployments.steps.pull_from_remote_storage": frozenset({"directory"}),
    "prefect.deployments.steps.pull_with_block": frozenset({"directory"}),
    "prefect_docker.deployments.steps.build_docker_image": frozenset(
        {"image_name", "tag", "image", "image_id", "additional_tags"}
    ),
    "prefect_docker.deployments.steps.push_docker_image": frozenset({"image_name", "tag", "image", "additional_tags"}),
    "prefect_aws.deployments.steps.push_to_s3": frozenset({"bucket", "folder"}),
    "prefect_aws.deployments.steps.pull_from_s3": frozenset({"bucket", "folder", "directory"}),
    "prefect_gcp.deployments.steps.push_to_gcs": frozenset({"bucket", "folder"}),
    "prefect_gcp.deployments.steps.pull_from_gcs": frozenset({"bucket", "folder", "directory"}),
    "prefect_azure.deployments.steps.push_to_azure_blob_storage": frozenset({"container", "folder"}),
    "prefect_azure.deployments.steps.pull_from_azure_blob_storage": frozenset({"container", "folder", "directory"}),
}
"""Step function -> what it returns, from their sources. Of other functions the outputs are not known."""


DECLARE = " - or declare it under"


class Outputs:
    """What the steps so far have given: ids and their outputs, and outputs without an id."""

    def __init__(self) -> None:
        self.ids: dict[str, frozenset[str] | None] = {}
        self.bare: set[str] = set()
        self.all_known = True

    def add(self, step: Mapping[str, Any]) -> None:
        function, arguments = step_parts(step)
        if not function:
            return
        outputs = OUTPUTS.get(function)
        if isinstance(arguments.get("id"), str):
            self.ids[arguments["id"]] = outputs
        self.bare |= outputs or set()
        self.all_known = self.all_known and outputs is not None

    def fault(self, placeholder: Placeholder) -> str:
        """Why a placeholder stands for nothing, or ""."""
        head, rest = placeholder.step
        if head in self.ids:
            outputs, first = self.ids[head], rest.split(".", 1)[0].split("[", 1)[0]
            if outputs is None or not first or first in outputs:
                return ""
            return f"the step {head!r} gives no {first!r}; {nearest(first, outputs, 'it gives')}"
        if head in self.bare or (not rest and not self.all_known):
            return ""
        known = {*self.ids, *self.bare}
        hint = f"; {nearest(head, known, 'steps give')}" if known else ""
        return f"no step before gives {head!r}, and Prefect would drop it{hint}"


def check_references(subject: Subject, findings: Findings) -> None:
    for keys, kind, steps in subject.sections():
        for place, placeholder in walk(steps, keys):
            _check(subject, findings, place, placeholder, pull=kind == "pull")
    for keys, kind, steps in subject.sections():
        _step_inputs(subject, findings, keys, kind, steps)
    for entry in subject.entries:
        fields = {key: value for key, value in entry.raw.items() if key not in STEP_KEYS}
        outputs = _outputs(subject, entry, ("build", "push"))
        for place, placeholder in walk(fields, entry.keys):
            if placeholder.source is not Source.STEP:
                _check(subject, findings, place, placeholder, pull=False)
            elif "triggers" not in place or "parameters" not in place:
                fault = outputs.fault(placeholder)
                if fault:
                    findings.fault(place, f"{placeholder.text}: {fault}")
        _dropped_items(findings, fields, entry.keys)
        _target(subject, findings, entry)


def _dropped_items(findings: Findings, fields: Mapping[str, Any], keys: Keys) -> None:
    """Prefect fills the environment in before the steps run, and drops each item of a list that it cannot fill then."""
    for place, text in texts(fields, keys):
        placeholders = find(text)
        later = [
            placeholder
            for placeholder in placeholders
            if placeholder.source in (Source.STEP, Source.RUNTIME) and placeholder.text == text
        ]
        if isinstance(place[-1], int) and later:
            findings.fault(
                place,
                f"{text}: Prefect drops an item of a list that is nothing but this; write more beside it, such as "
                f"'v-{text}'",
            )


def _outputs(subject: Subject, entry: Entry | None, kinds: tuple[str, ...]) -> Outputs:
    outputs = Outputs()
    for kind in kinds:
        steps = subject.steps(entry, kind) if entry else subject.raw.get(kind)
        for step in step_list(steps):
            outputs.add(step)
    return outputs


def _step_inputs(subject: Subject, findings: Findings, keys: Keys, kind: str, steps: list[Mapping[str, Any]]) -> None:
    """Each step may use what came before it."""
    entry = subject.entry(int(keys[1])) if len(keys) > 1 else None
    before = {"build": (), "push": ("build",), "pull": ("build", "push")}[kind]
    outputs = _outputs(subject, entry, before)
    for index, step in enumerate(steps):
        for place, placeholder in walk(step, (*keys, index)):
            if placeholder.source is Source.STEP:
                fault = outputs.fault(placeholder)
                if fault:
                    findings.fault(place, f"{placeholder.text}: {fault}")
        own = step_parts(step)[1].get("id")
        if isinstance(own, str) and own in outputs.ids:
            findings.fault((*keys, index), f"the id {own!r} belongs to an earlier step")
        outputs.add(step)


def _check(subject: Subject, findings: Findings, keys: Keys, placeholder: Placeholder, *, pull: bool) -> None:
    context, name = subject.context, placeholder.name
    if placeholder.source is Source.ENVIRONMENT and name not in subject.env:
        if pull:
            findings.warning(
                keys, f"the environment variable {name} is not set here; the worker that pulls the code must have it"
            )
        else:
            findings.fault(
                keys, f"the environment variable {name} is not set, and Prefect would deploy an empty text in its place"
            )
    elif placeholder.source is Source.BLOCK:
        slug, block, path = placeholder.block
        if not block:
            findings.fault(keys, f"{placeholder.text}: write prefect.blocks.TYPE.NAME")
        elif (slug, block) in context.blocks:
            fields = context.blocks[(slug, block)].fields
            first = path.split(".", 1)[0].split("[", 1)[0]
            if first and fields and first not in fields and fields != {"value"}:
                findings.fault(
                    keys, f"the block {slug}/{block} has no field {first!r}; {nearest(first, fields, 'it has')}"
                )
        elif context.whole:
            same = [known_name for kind, known_name in context.blocks if kind == slug]
            findings.fault(
                keys,
                f"there is no block {slug}/{block}, neither in this stack nor on the server; "
                f"{nearest(block, same, f'blocks of type {slug} here')}",
            )
        else:
            findings.note(keys, f"the block {slug}/{block} was not looked for: {context.unanswered}")
    elif placeholder.source is Source.VARIABLE and name not in context.variables:
        if context.whole:
            findings.fault(
                keys,
                f"there is no variable {name}, neither in this stack nor on the server, and Prefect would deploy an "
                f"empty text in its place; {nearest(name, context.variables, 'variables here')}",
            )
        else:
            findings.note(keys, f"the variable {name} was not looked for: {context.unanswered}")


def _target(subject: Subject, findings: Findings, entry: Entry) -> None:
    context, use = subject.context, entry.work_pool
    name, queue = use.get("name"), use.get("work_queue_name")
    keys = (*entry.keys, "work_pool")
    if not isinstance(name, str) or not name or open_template(name):
        return
    pool = context.pools.get(name)
    if pool is None:
        if not context.known_pools:
            return
        if context.whole:
            findings.fault(
                (*keys, "name"),
                f"there is no work pool {name!r}, neither in this stack nor on the server; "
                f"{nearest(name, context.pools, 'pools here')}{DECLARE} environment.pools of the stack's config",
            )
        else:
            findings.note((*keys, "name"), f"the work pool {name!r} was not looked for: {context.unanswered}")
        return
    if pool.type == "prefect-agent":
        findings.fault((*keys, "name"), f"the work pool {name!r} is for agents, which Prefect 3 no longer has")
    if not isinstance(queue, str) or not queue or queue == "default" or open_template(queue):
        return
    if (name, queue) not in context.queues:
        if context.whole:
            own = [queue_name for pool_name, queue_name in context.queues if pool_name == name]
            findings.fault(
                (*keys, "work_queue_name"),
                f"the pool {name!r} has no queue {queue!r}, and Prefect would make one; "
                f"{nearest(queue, {'default', *own}, 'its queues')}{DECLARE} environment.pools.{name}.queues",
            )
        else:
            findings.note(
                (*keys, "work_queue_name"), f"the queue {queue!r} of {name!r} was not looked for: {context.unanswered}"
            )

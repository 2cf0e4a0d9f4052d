"""Build, push and pull steps: their functions and arguments, and where the code of a run comes from; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.deploy.checks.cloud_pools import BUILD_IMAGE, check_cloud_pool
from prefect_pulumi.deploy.checks.findings import (
    Entry,
    Findings,
    Subject,
    mapping,
    step_list,
    step_parts,
)
from prefect_pulumi.deploy.file.document import Keys
from prefect_pulumi.deploy.file.placeholders import open_template

RESERVED = ("id", "requires")
GONE = "prefect.projects."
"""Where Prefect 2 had its steps."""
RENAMED = {"git_clone_project": "git_clone"}


def functions(raw: Mapping[str, Any]) -> list[str]:
    """Full names of the step functions that the file and its entries name."""
    entries = raw.get("deployments")
    parts = [raw, *(entry for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, Mapping))]
    names = [
        step_parts(step)[0]
        for part in parts
        for kind in ("build", "push", "pull")
        for step in step_list(part.get(kind))
    ]
    return list(dict.fromkeys(name for name in names if "." in name))


def check_steps(subject: Subject, findings: Findings) -> None:
    for keys, kind, steps in subject.sections():
        for index, step in enumerate(steps):
            name, arguments = step_parts(step)
            if name in subject.flows:
                _function(subject, findings, (*keys, index, name), kind, arguments)
    for entry in subject.entries:
        if not check_cloud_pool(subject, findings, entry):
            _code(subject, findings, entry)


def _function(subject: Subject, findings: Findings, keys: Keys, kind: str, arguments: Mapping[str, Any]) -> None:
    name = str(keys[-1])
    function = subject.flows[name]
    if name.startswith(GONE):
        today = RENAMED.get(name.rpartition(".")[2], name.rpartition(".")[2])
        findings.fault(keys, f"gone since Prefect 3: write prefect.deployments.steps.{today}")
        return
    if function.fault:
        _not_importable(subject, findings, keys, kind, arguments)
        return
    if function.arguments is None:
        return
    for argument in arguments:
        if argument not in function.arguments and argument not in RESERVED and not function.others:
            findings.fault(
                (*keys, argument),
                f"the step has no argument {argument!r}; {nearest(argument, function.arguments, 'it has')}",
            )
    lacking = [argument for argument, required in function.arguments.items() if required and argument not in arguments]
    if lacking:
        findings.fault(keys, f"the step lacks the argument {', '.join(lacking)}")
    if name.endswith(".git_clone") and arguments.get("branch") and arguments.get("commit_sha"):
        findings.fault((*keys, "branch"), "give branch or commit_sha, not both")


def _not_importable(subject: Subject, findings: Findings, keys: Keys, kind: str, arguments: Mapping[str, Any]) -> None:
    name = str(keys[-1])
    function, package, place = subject.flows[name], name.split(".", 1)[0], subject.context.named_in(name)
    if not function.missing_module or function.missing_module.split(".", 1)[0] != package:
        findings.fault(keys, f"there is no such function ({function.fault})")
        return
    required = f" ({place} names it)" if place else ""
    unchecked = f"{package} is not installed here{required}, so its arguments are not checked"
    if kind == "pull":
        report = findings.note if place else findings.warning
        report(keys, f"{unchecked}; the worker needs it")
    elif "requires" in arguments:
        findings.note(keys, f"{unchecked}; the deploy installs it")
    else:
        findings.fault(keys, f"{package} is not installed{required}; install it, or name it in the step's `requires`")


def _code(subject: Subject, findings: Findings, entry: Entry) -> None:
    """Without a pull step Prefect writes the folder of the machine that deploys: only its own workers have that."""
    pull = subject.steps(entry, "pull")
    if pull or pull == []:
        return
    name = entry.work_pool.get("name")
    pool = subject.context.pools.get(str(name))
    if pool is None or not pool.type or open_template(name):
        return
    build = [step_parts(step) for step in step_list(subject.steps(entry, "build"))]
    image = next((arguments for function, arguments in build if function == BUILD_IMAGE), None)
    if image is not None:
        if image.get("dockerfile") == "auto":
            return
        findings.fault(
            entry.keys,
            "no pull step says where the built image holds the code; add one, such as "
            "prefect.deployments.steps.set_working_directory: {directory: /opt/prefect}",
        )
        return
    if mapping(entry.job_variables).get("image") and pool.type != "process":
        findings.warning(entry.keys, "no pull step says where the image holds the code, so Prefect takes /opt/prefect")
        return
    if pool.type == "process" and (pool.here or subject.context.on_this_machine):
        return
    why = (
        f"no worker of this machine serves the pool {name!r}"
        if pool.type == "process"
        else f"the pool {name!r} is of type {pool.type}"
    )
    findings.fault(
        entry.keys,
        f"without a pull step its runs look for this machine's folder {subject.root}, but {why}; add one under pull, "
        "such as prefect.deployments.steps.git_clone",
    )

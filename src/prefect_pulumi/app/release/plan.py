"""The plan of a promotion: what the target's update would change, and the gates that it has to pass."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from prefect_pulumi.app.observe.base import entry_secrets
from prefect_pulumi.app.release.code import code_changes, compare_page, deploy_reasons
from prefect_pulumi.app.release.journal import load_rollout
from prefect_pulumi.app.release.records import need_record
from prefect_pulumi.app.release.team_gates import team_gates
from prefect_pulumi.app.review.drift_report import load_rules, observed_environment
from prefect_pulumi.app.session.connection import makes_server
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import CannotCheckError, InputError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.stack import RULES_FILE
from prefect_pulumi.promotion import compare, gates
from prefect_pulumi.promotion.plan import Plan
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.provider import schema
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Environment
from prefect_pulumi.review.rules import Rules

HOTFIX = "hotfix-"
"""Begins the id of what is promoted as a bare commit, which no stage has run."""

STACK_FILES = (*layout.STACK_FILES, RULES_FILE)
"""Files that are the stacks' own: no release carries them."""


def build_plan(
    source: StackView,
    target: StackView,
    *,
    release: str = "",
    commit: str = "",
    reasons: Mapping[str, str] | None = None,
    deploys: bool = False,
) -> Plan:
    """Reads both stacks, their servers and the repository; writes nothing but the folder of the release.

    The release is the one that the source runs, or `release` of those that it keeps, or a bare `commit` that no
    stage has run. `reasons`: gate -> why it is overridden. `deploys`: it is deployed now.

    Raises `CannotCheckError` when the target cannot be read.
    """
    root = source.stack.root
    record = _record(source, target, release, commit)
    git.need_commit(root, record.commit)
    rules = load_rules(root)
    at_release = target.at_release(record.pin(source.name))
    observed, observation = observed_environment(at_release, None, rules=rules)
    environment = _as_change(observed, rules)
    if not target.exists and makes_server(target.stack):
        environment = replace(environment, problems=())  # there is nothing to ask yet
    secrets = _secrets_gate(source, target)
    unplanned = "; ".join(f"{problem.where}: {problem.message}".lstrip(": ") for problem in environment.problems)
    if unplanned and (secrets.passed or secrets.name in (reasons or {})):
        raise CannotCheckError(f"{target.name} cannot be planned: {unplanned}", where=f"infra promote to {target.name}")
    reasons_to_deploy = deploy_reasons(target.entries, observation.code) if observation is not None else {}
    return Plan(
        source=source.name,
        target=target.name,
        release=record,
        before=target.releases.record,
        actions=compare.actions(environment),
        rows=_rows(environment, source, target, reasons_to_deploy),
        gates=gates.forced(
            [
                *_gates(source, target, record, environment, secrets),
                *team_gates(source, target, record, _stages(source).rules(target.name), deploys=deploys),
            ],
            dict(reasons or {}),
        ),
        notes=environment.notes,
        unplanned=unplanned,
        code=code_changes(root, reasons_to_deploy, target.releases.record, record),
        compare_page=compare_page(root, target.releases.record, record),
    )


def _gates(
    source: StackView, target: StackView, record: ReleaseRecord, environment: Environment, secrets: gates.Gate
) -> list[gates.Gate]:
    """Without drift and policy where the target cannot be planned: the gate of the cause is closed, and no other."""
    root = source.stack.root
    exists = target.exists and not _first_try_failed(target)
    planned = [gates.drift(environment), gates.policy(environment)] if not environment.problems else []
    return [
        gates.stage(_stages(source).fault(source.name, target.name, _came_from(record)), source.name, target.name),
        gates.verified(record, source.releases.verification(record.id), source.name),
        gates.newer(target.releases, exists, _missing_commits(root, target, record), target.name),
        *planned,
        secrets,
        gates.versions(record, {"prefect": version("prefect"), "provider": schema.version()}),
        gates.images(record, _pools_with_images(target)),
    ]


def _stages(view: StackView) -> Stages:
    return Stages.parse(view.stack.project.promotion)


def nothing_to_promote(root: Path, plan: Plan) -> bool:
    """Whether the target carries the very release, or one that differs in files of the stacks alone: the merge of a
    promotion is a commit of its own, which needs none."""
    if plan.before is None or dict(plan.before.images) != dict(plan.release.images):
        return False
    if not git.has_commit(root, plan.before.commit):
        return False
    return not git.changed_files(root, plan.before.commit, plan.release.commit, STACK_FILES)


def _as_change(environment: Environment, rules: Rules) -> Environment:
    """All that the code asks for is what the promotion changes, and what the policy judges; the release's own record
    is no object of the team's."""
    items = [replace(item, pending=False) for item in environment.items if item.kind != "Release"]
    return replace(environment, verdicts=rules.judge(replace(environment, items=tuple(items))))


def _record(source: StackView, target: StackView, release: str, commit: str) -> ReleaseRecord:
    if release.startswith(HOTFIX):
        commit = release.removeprefix(HOTFIX)
    if commit:
        full = git.resolve(source.stack.root, commit)
        images = target.releases.record.images if target.releases.record else {}
        return ReleaseRecord(HOTFIX + full, full, images=images)
    if not release:
        return need_record(source)
    record = source.releases.find(release)
    if record is None:
        raise InputError(
            f"stack {source.name} no longer keeps the release {release}",
            where="infra promote",
            remedy=f"promote the release that it runs now: infra release list -s {source.name}",
        )
    return record


def _first_try_failed(target: StackView) -> bool:
    """What the target holds then is what the first promotion left half-done."""
    rollout = load_rollout(target.stack)
    return not target.releases.known and rollout is not None and rollout.back is None


def _came_from(record: ReleaseRecord) -> list[str]:
    return [str(record.promoted["stage"])] if record.promoted.get("stage") else []


def _missing_commits(root: Path, target: StackView, record: ReleaseRecord) -> list[str]:
    """What the target's release has and this one lacks."""
    running = target.releases.record
    if running is None or running.commit == record.commit:
        return []
    if not git.has_commit(root, running.commit):
        return [f"{running.commit[:12]} (this clone does not have it: git fetch)"]
    if git.is_ancestor(root, running.commit, record.commit):
        return []
    return git.missing_commits(root, running.commit, record.commit)


def _secrets_gate(source: StackView, target: StackView) -> gates.Gate:
    """Names of Secret blocks and of the stack's own secrets; the credentials of a server belong to it alone."""
    missing = {}
    for name, settings in (target.stack.environment.get("secrets") or {}).items():
        settings = settings if isinstance(settings, dict) else {}
        variable = settings.get("env")
        file = settings.get("file")
        if file:
            if not (target.stack.project_dir / Path(file).expanduser()).is_file():
                missing[name] = f"create the file {file}"
            continue
        given = (variable and os.environ.get(variable)) or settings.get("default") is not None or settings.get("exec")
        if not given and target.stack.config.get(name) is None:
            way = f"set {variable}, or: " if variable else ""
            missing[name] = f"{way}infra config set --secret {name} -s {target.name}"
    return gates.secrets(_secret_names(source), _secret_names(target), missing, target.name)


def _secret_names(view: StackView) -> set[str]:
    declared = set(view.stack.environment.get("secrets") or {})
    blocks = {
        str(unwrap(entry.inputs.get("name")))
        for entry in view.entries
        if entry.type == "prefect:index:SecretBlock" and not entry.delete
    }
    return declared | blocks | view.stack.config.secret_names()


def _pools_with_images(target: StackView) -> list[str]:
    pools = target.settings.pools
    return [name for name, pool in pools.items() if pool.workers.count and pool.runs_in != "process"]


def _rows(
    environment: Environment, source: StackView, target: StackView, reasons: Mapping[str, compare.DeployReasons]
) -> list[compare.Row]:
    masker = report_masker(entry_secrets([*source.entries, *target.entries]))
    return [
        *compare.rows_of_items(environment.items, source.entries, masker, reasons),
        *compare.rows_that_stay(target.entries, source.entries, environment.items, masker),
    ]

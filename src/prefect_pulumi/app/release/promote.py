"""`infra promote SOURCE TARGET`: the plan of a promotion, its gates, and the pin in the target's stack file."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from prefect_pulumi.app.release import releases
from prefect_pulumi.app.review.drift_report import RULES_FILE, environment_of, load_rules
from prefect_pulumi.core.errors import CannotCheckError, ExitCode, InputError
from prefect_pulumi.core.values import secrets_in, unwrap
from prefect_pulumi.project import git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion import compare, gates
from prefect_pulumi.promotion.plan import Plan, make_pin, need_open
from prefect_pulumi.promotion.release_records import Carried, Record
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.provider import schema
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Environment, Status
from prefect_pulumi.review.rules import Rules
from prefect_pulumi.state.entries import Snapshot

HOTFIX = "hotfix-"
"""Begins the id of what is promoted as a bare commit, which no stage has carried."""


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """Shows the plan and pins the release; with `--apply` brings the target up. Exit code 1 when a gate is closed."""
    from prefect_pulumi.app.release import apply
    from prefect_pulumi.promotion.render import FORMATS

    source, target = replace(stack, name=arguments.source), replace(stack, name=arguments.target)
    apply.refuse_open_course(target)
    plan = build_plan(source, target, commit=arguments.commit, reasons=_reasons(arguments.force))
    if nothing_to_promote(stack.root, plan):
        sys.stderr.write(f"{target.name} has all of {plan.release.id} already: there is nothing to promote\n")
        return ExitCode.DONE
    format = "json" if arguments.json else arguments.format
    text = FORMATS[format](plan)
    if arguments.out:
        Path(arguments.out).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    need_open(plan)
    if arguments.preview:
        return ExitCode.DONE
    target.config.put(["environment", "release"], plan.pin())
    target.config.save()
    if arguments.push:
        message = f"Promote {plan.release.id} ({plan.release.commit[:12]}) to {target.name}\n\nplan {plan.checksum}"
        commit = git.push_file(stack.root, f"Pulumi.{target.name}.yaml", message, arguments.push)
        sys.stderr.write(f"pushed {commit[:12]} to {arguments.push}\n")
    else:
        then = "commit it" if arguments.apply else "commit it, or --apply"
        sys.stderr.write(f"pinned {plan.release.id} in Pulumi.{target.name}.yaml: {then}\n")
    if not arguments.apply:
        return ExitCode.DONE
    return apply.apply_pin(arguments, replace(target), approved=True)


OF_THE_STACKS = ("Pulumi.*.yaml", RULES_FILE)
"""Files that are the stacks' own: no release carries them."""


def nothing_to_promote(root: Path, plan: Plan) -> bool:
    """Whether the target carries the very release, or one that differs in files of the stacks alone: the merge of a
    promotion is a commit of its own, which needs none."""
    if plan.before is None or dict(plan.before.images) != dict(plan.release.images):
        return False
    if not git.has_commit(root, plan.before.commit):
        return False
    return not git.changed_files(root, plan.before.commit, plan.release.commit, OF_THE_STACKS)


def _reasons(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        gate, equals, reason = text.partition("=")
        if not equals or not reason.strip():
            raise InputError(f"{text!r} is not GATE=REASON", where="infra promote --force")
        found[gate] = reason.strip()
    return found


def build_plan(
    source: Stack,
    target: Stack,
    *,
    release: str = "",
    commit: str = "",
    reasons: Mapping[str, str] | None = None,
) -> Plan:
    """Reads both stacks, their servers and the repository; writes nothing but the folder of the release.

    The release is the one that the source carries, or `release` of those that it keeps, or a bare `commit` that no
    stage has carried. Raises `CannotCheckError` when the target cannot be read.
    """
    root = source.root
    there, here = releases.carried_by(source), releases.carried_by(target)
    record = _record(source, there, here, release, commit)
    git.need_commit(root, record.commit)
    exists = bool(releases.snapshot_of(target).resources) and not _first_try_failed(target, here)
    at = releases.at_release(target, make_pin(record, source.name))
    rules = load_rules(root)
    environment = _as_change(environment_of(at, None, output=sys.stderr, rules=rules, diffs=False), rules)
    if not releases.snapshot_of(target).resources and _makes_its_server(target):
        environment = replace(environment, problems=())  # there is nothing to ask yet
    snapshots = releases.snapshot_of(source), releases.snapshot_of(target)
    secrets = _secrets_gate(source, target, snapshots)
    if environment.status is Status.CANNOT_CHECK and secrets.passed:
        lines = "; ".join(f"{problem.where}: {problem.message}".lstrip(": ") for problem in environment.problems)
        raise CannotCheckError(f"{target.name} cannot be compared: {lines}", where=f"infra promote to {target.name}")
    found = [
        gates.stage(_stages(source).fault(source.name, target.name, _came_from(record)), source.name, target.name),
        gates.verified(record, there.verification(record.id), source.name),
        gates.newer(here, exists, _missing(root, here, record), target.name),
        gates.drift(environment),
        gates.policy(environment),
        secrets,
        gates.versions(record, {"prefect": version("prefect"), "provider": schema.version()}),
        gates.images(record, _pools_with_images(target)),
    ]
    return Plan(
        source=source.name,
        target=target.name,
        release=record,
        before=here.record,
        actions=compare.actions(environment),
        rows=_rows(environment, snapshots),
        gates=gates.forced(found, dict(reasons or {})),
    )


def _as_change(environment: Environment, rules: Rules) -> Environment:
    """All that the code asks for is what the promotion changes, and what the policy judges; the release's own record
    is no object of the team's."""
    items = [replace(item, pending=False) for item in environment.items if item.kind != "Release"]
    return replace(environment, verdicts=rules.judge(replace(environment, items=tuple(items))))


def _record(source: Stack, there: Carried, here: Carried, release: str, commit: str) -> Record:
    if release.startswith(HOTFIX):
        commit = release.removeprefix(HOTFIX)
    if commit:
        full = git.resolve(source.root, commit)
        images = here.record.images if here.record else {}
        return Record(HOTFIX + full, full, images=images)
    if not release:
        return releases.need_record(source, there)
    found = there.find(release)
    if found is None:
        raise InputError(
            f"stack {source.name} no longer keeps the release {release}",
            where="infra promote",
            remedy=f"promote what it carries now: infra release list -s {source.name}",
        )
    return found


def _makes_its_server(target: Stack) -> bool:
    server = target.environment.get("server")
    return isinstance(server, dict) and not server.get("api_url")


def _first_try_failed(target: Stack, here: Carried) -> bool:
    """What is there then is what the first promotion left half-made."""
    from prefect_pulumi.app.release.apply import load_course

    course = load_course(target)
    return not here.known and course is not None and course.back is None


def _stages(stack: Stack) -> Stages:
    return Stages.parse(stack.project.promotion)


def _came_from(record: Record) -> list[str]:
    return [str(record.promoted["stage"])] if record.promoted.get("stage") else []


def _missing(root: Path, here: Carried, record: Record) -> list[str]:
    """What the target's release has and this one lacks."""
    if here.record is None or here.record.commit == record.commit:
        return []
    if not git.has_commit(root, here.record.commit):
        return [f"{here.record.commit[:12]} (this clone does not have it: git fetch)"]
    if git.is_ancestor(root, here.record.commit, record.commit):
        return []
    return git.missing_commits(root, here.record.commit, record.commit)


def _secrets_gate(source: Stack, target: Stack, snapshots: tuple[Snapshot, Snapshot]) -> gates.Gate:
    """Names of Secret blocks and of the stack's own secrets; the credentials of a server belong to it alone."""
    theirs, ours = (_secret_names(stack, snapshot) for stack, snapshot in zip((source, target), snapshots, strict=True))
    missing = {}
    for name, settings in (target.environment.get("secrets") or {}).items():
        settings = settings if isinstance(settings, dict) else {}
        variable = settings.get("env")
        given = (variable and os.environ.get(variable)) or settings.get("default") is not None
        if not given and target.config.get(name) is None:
            way = f"set {variable}, or: " if variable else ""
            missing[name] = f"{way}infra config set --secret {name} -s {target.name}"
    return gates.secrets(theirs, ours, missing, target.name)


def _secret_names(stack: Stack, snapshot: Snapshot) -> set[str]:
    declared = set(stack.environment.get("secrets") or {})
    blocks = {
        str(unwrap(entry.inputs.get("name")))
        for entry in snapshot.resources
        if entry.type == "prefect:index:SecretBlock" and not entry.delete
    }
    return declared | blocks | stack.config.secret_names()


def _pools_with_images(target: Stack) -> list[str]:
    from prefect_pulumi.project.settings import parse_environment

    pools = parse_environment(target.environment, target.name).pools
    return [name for name, pool in pools.items() if pool.workers.count and pool.runs_in != "process"]


def _rows(environment: Environment, snapshots: tuple[Snapshot, Snapshot]) -> list[compare.Row]:
    everything = [entry for snapshot in snapshots for entry in snapshot.resources]
    masker = report_masker(value for entry in everything for value in secrets_in([entry.inputs, entry.outputs]))
    theirs, ours = snapshots[0].resources, snapshots[1].resources
    return [
        *compare.rows_of_items(environment.items, theirs, masker),
        *compare.rows_that_stay(ours, theirs, environment.items, masker),
    ]

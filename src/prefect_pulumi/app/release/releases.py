"""Stacks at their release: the pinned commit as a folder of its own, from which program, flows and worker run.

`.infra/releases/<commit>` holds the files of the commit; `.infra`, `.venv`, the stack files and the review's rules in
it are links to the project's, so that state, processes and config stay where they are whatever release runs.
"""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect_pulumi.app.review.drift_report import RULES_FILE
from prefect_pulumi.cli.output.tables import print_table
from prefect_pulumi.core.errors import ConfigError, ExitCode, InputError, PrefectPulumiError
from prefect_pulumi.project import git
from prefect_pulumi.project.stack import PRIVATE, Stack, as_json
from prefect_pulumi.project.stack_file import StackConfig
from prefect_pulumi.promotion.release_records import Carried, Record, carried
from prefect_pulumi.state import journal_replay
from prefect_pulumi.state.entries import Snapshot


def pin_of(stack: Stack) -> dict[str, Any]:
    """The release that the stack's config pins; empty when it pins none. Raises `ConfigError` for a broken one."""
    pin = stack.environment.get("release")
    if pin is None:
        return {}
    if not isinstance(pin, dict) or not isinstance(pin.get("commit"), str) or not isinstance(pin.get("id"), str):
        raise ConfigError(
            "it must be a mapping with at least id, commit and stage",
            where=f"Pulumi.{stack.name}.yaml: environment.release",
            remedy="infra promote and infra rollback write it",
        )
    return dict(pin)


def at_pin(stack: Stack) -> Stack:
    """The stack as its pinned release makes it; the stack itself when nothing is pinned."""
    pin = pin_of(stack)
    return at_release(stack, pin) if pin else stack


def at_release(stack: Stack, pin: Mapping[str, Any]) -> Stack:
    """The stack with `pin` in place of the config's own, in the folder of that release. Writes only there."""
    at = _at_release(stack, pin)
    if stack.is_remote and pin_of(stack) != dict(pin):
        # The official CLI reads files: there it finds the pin in a copy.
        file = at.root / f"Pulumi.{stack.name}.yaml"
        text = file.read_bytes()
        file.unlink()
        file.write_bytes(text)
        config = StackConfig.load(file, stack.project.name)
        config.put(["environment", "release"], dict(pin))
        config.save()
    return at


def _at_release(stack: Stack, pin: Mapping[str, Any]) -> Stack:
    return replace(stack, root=checkout(stack.home, str(pin["commit"])), pin=json.dumps(dict(pin)))


def checkout(root: Path, commit: str) -> Path:
    """The project's folder of a commit, made or put right. Raises `ConfigError` when the clone lacks the commit."""
    own = [RULES_FILE, *sorted(path.name for path in root.glob("Pulumi.*.yaml"))]
    private = root / PRIVATE
    private.mkdir(exist_ok=True)
    released = git.checkout(root, commit, private / "releases" / commit, own)
    for name in (*own, PRIVATE, ".venv"):
        link, target = released / name, (root / name).resolve()
        if link.is_symlink() and link.readlink() == target:
            continue
        if link.is_symlink() or link.is_file():
            link.unlink()
        if target.exists() and not link.exists():
            link.symlink_to(target)
    return released


def prune(stack: Stack) -> list[str]:
    """Deletes the folders of commits that no stack of the project pins or keeps; returns the commits. When a stack
    cannot be read, nothing is deleted."""
    folder = stack.home / PRIVATE / "releases"
    needed: set[str] = set()
    for path in stack.home.glob("Pulumi.*.yaml"):
        each = Stack(stack.home, path.name.removeprefix("Pulumi.").removesuffix(".yaml"))
        try:
            pin, held = pin_of(each), carried_by(each)
        except PrefectPulumiError:
            return []
        needed |= {str(pin.get("commit", "")), *(record.commit for record in held.kept)}
    unused = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in needed)
    for commit in unused:
        shutil.rmtree(folder / commit, ignore_errors=True)
        (folder / f"{commit}.index").unlink(missing_ok=True)
    return unused


def snapshot_of(stack: Stack) -> Snapshot:
    """The state, with what a crashed run had finished folded in. Nothing is written."""
    if stack.is_remote:
        from prefect_pulumi.app.release import official_updates

        return official_updates.snapshot(stack)
    return journal_replay.load(stack.backend, stack.name, stack.manager(write=False))


def carried_by(stack: Stack) -> Carried:
    return carried(snapshot_of(stack).resources)


def need_record(stack: Stack, found: Carried) -> Record:
    """Raises `InputError` when the stack carries no release, and says why."""
    if found.record is not None:
        return found.record
    if found.known:
        revision = git.revision(stack.home)
        why = f" ({revision.unclean})" if revision.unclean else ""
        raise InputError(
            f"stack {stack.name} carries no release: it was last brought up from files that are no commit{why}",
            where="infra release",
            remedy=f"commit them and run: infra up -s {stack.name}",
        )
    exists = bool(snapshot_of(stack).resources)
    remedy = "declare one at the end of the program: declare_release(...)" if exists else f"infra up -s {stack.name}"
    what = "its program declares none" if exists else "it has not been made yet"
    raise InputError(f"stack {stack.name} carries no release: {what}", where="infra release", remedy=remedy)


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """`infra release show|list|checkout`."""
    if arguments.action == "checkout":
        pin = pin_of(stack)
        commit = arguments.commit or pin.get("commit") or need_record(stack, carried_by(stack)).commit
        sys.stdout.write(f"{checkout(stack.home, commit)}\n")
        return ExitCode.DONE
    found = carried_by(stack)
    if arguments.action == "list":
        rows = [{**_document(found, record), "current": record == found.record} for record in found.kept]
        if arguments.json:
            sys.stdout.write(as_json(rows) + "\n")
        else:
            _table(found)
        return ExitCode.DONE
    record = found.find(arguments.id) if arguments.id else need_record(stack, found)
    if record is None:
        kept = ", ".join(each.id for each in found.kept) or "none"
        raise InputError(f"stack {stack.name} keeps no release {arguments.id!r}", where="infra release", remedy=kept)
    if arguments.json:
        sys.stdout.write(as_json(_document(found, record)) + "\n")
    else:
        _show(found, record)
    return ExitCode.DONE


def _document(found: Carried, record: Record) -> dict[str, Any]:
    verification = found.verification(record.id)
    return {**record.document(), "verification": verification.document() if verification else None}


def _verified(found: Carried, record: Record) -> str:
    verification = found.verification(record.id)
    if verification is None:
        return "no"
    return verification.ended if verification.passed else "failed: " + ", ".join(c.name for c in verification.failed)


def _show(found: Carried, record: Record) -> None:
    origin = f" (of {record.origin}, promoted from {record.promoted['stage']})" if record.promoted else ""
    lines = [
        f"release {record.id}{origin}",
        f"  commit         {record.commit}",
        f"  made           {record.time} by {record.by}",
        f"  verified       {_verified(found, record)}",
        f"  infrastructure {record.infrastructure[:12]}",
        *(f"  deployment     {name} {print_[:12]}" for name, print_ in record.deployments.items()),
        *(f"  image          {pool} {image}" for pool, image in record.images.items()),
        *(f"  {name:14} {version}" for name, version in record.versions.items()),
        *(f"  forced         {gate}: {reason}" for gate, reason in (record.promoted.get("forced") or {}).items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _table(found: Carried) -> None:
    rows = [
        (
            "*" if record == found.record else "",
            record.id,
            record.commit[:12],
            record.time,
            record.by,
            str(record.promoted.get("release") or "-"),
            _verified(found, record),
        )
        for record in found.kept
    ]
    print_table(("", "release", "commit", "made", "by", "from", "verified"), rows)

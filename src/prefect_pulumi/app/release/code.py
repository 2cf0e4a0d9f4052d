"""What a promotion changes in the code of deployments: files, commits, and the page that compares them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect_pulumi.app.observe.base import Code
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.deploy.plan.fingerprint import changed_parts
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project import git
from prefect_pulumi.promotion.compare import DEPLOYMENTS, DeployReasons
from prefect_pulumi.promotion.plan import CodeChange, FileChange
from prefect_pulumi.state.entries import ResourceEntry

_REMOTE = re.compile(r"^(?:\w+://)?(?:[^@/]+@)?(?P<host>[\w.-]+)(?::\d+)?[:/](?P<path>[\w.~/-]+?)(?:\.git)?/?$")
"""`git@host:team/repo.git`, `https://user:token@host/team/repo`, `ssh://git@host:22/team/repo`."""


def deploy_reasons(entries: list[ResourceEntry], code: Code) -> dict[str, DeployReasons]:
    """Key of each deployment that was deployed before and would be again -> why, as its fingerprint's parts tell.
    `entries`: the target's state; `code`: what the released program asks for."""
    reasons = {}
    for entry in entries:
        if entry.type != DEPLOYMENTS or entry.delete:
            continue
        before, after = _parts(entry.outputs), _parts(code.inputs(entry.urn) or {})
        for name in before.keys() & after.keys():
            files, others = changed_parts(before[name], after[name])
            reasons[f"{entry.urn}#{name}"] = DeployReasons(tuple(files), tuple(others))
    return reasons


def code_changes(
    root: Path, reasons: Mapping[str, DeployReasons], before: ReleaseRecord | None, after: ReleaseRecord
) -> tuple[CodeChange, ...]:
    """One for each set of files that deployments share, by the names of these. Nothing where git does not have both
    commits."""
    if before is None or before.commit == after.commit or not git.has_commit(root, before.commit):
        return ()
    names: dict[tuple[str, ...], list[str]] = {}
    for key, reason in reasons.items():
        if reason.files:
            names.setdefault(reason.files, []).append(key.rpartition("#")[2])
    changes = []
    for files, deployments in names.items():
        change = CodeChange(
            tuple(sorted(deployments)),
            tuple(FileChange(*entry) for entry in git.changed_lines(root, before.commit, after.commit, files)),
            tuple(git.missing_commits(root, after.commit, before.commit, files)),
        )
        changes.append(change)
    return tuple(sorted(changes, key=lambda change: change.deployments))


def compare_page(root: Path, before: ReleaseRecord | None, after: ReleaseRecord) -> str:
    """Where GitHub or GitLab compares both commits; "" for another host."""
    match = _REMOTE.match(git.remote(root)) if before is not None else None
    if match is None or before is None:
        return ""
    host, path = match["host"], match["path"].lstrip("/")
    route = {"github": "compare", "gitlab": "-/compare"}
    kind = next((kind for kind in route if kind in host), "")
    return f"https://{host}/{path}/{route[kind]}/{before.commit}...{after.commit}" if kind else ""


def _parts(props: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    parts = unwrap(props.get("fingerprintParts") or {})
    return {str(name): values for name, values in parts.items()} if isinstance(parts, Mapping) else {}

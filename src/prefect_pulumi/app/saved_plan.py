"""A plan that is kept, to be approved and then carried out as it is: `infra preview --save-plan`, `infra up --plan`.

The file has each change with its values, secrets encrypted as in the state, and what the plan is bound to: project,
stack, state, server and the files of the project's commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.core.errors import ConfigError, InputError, PrefectPulumiError, StalePlanError
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import from_checkpoint, to_checkpoint
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.planned_changes import PlannedChange, moved, planned_changes
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.project import git
from prefect_pulumi.state.checkpoint import manager_for_salt

SHOWN = 10
"""Differences that a refusal names."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Change(_Closed):
    op: str
    urn: str
    values: dict[str, Any]


class PlanScope(_Closed):
    """What a preview was asked for: `PreviewRequest` as plain data."""

    refresh: bool
    adopt: bool
    selection: Selection


class _Document(_Closed):
    plan: int
    checksum: str
    time: str
    project: str
    stack: str
    state: str
    server: str
    commit: str
    tree: str
    scope: PlanScope
    salt: str
    changes: list[_Change]


VERSION = 1


@dataclass(frozen=True)
class SavedPlan:
    """The text of a plan file, checked for its form when it is first looked at. `where`: the file."""

    text: str
    where: str

    @cached_property
    def document(self) -> _Document:
        """Raises `InputError` for what is no plan, or has been changed since it was saved."""
        remedy = "save it again: infra preview --save-plan FILE"
        try:
            document = _Document.model_validate_json(self.text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise InputError(f"the file is no plan: {place} {first['msg']}", where=self.where, remedy=remedy) from error
        if document.plan != VERSION:
            raise InputError(f"the plan has version {document.plan}, not {VERSION}", where=self.where, remedy=remedy)
        if document.checksum != _checksum(json.loads(self.text)):
            raise InputError("the plan was changed since it was saved", where=self.where, remedy=remedy)
        return document

    @property
    def checksum(self) -> str:
        return self.document.checksum

    @property
    def scope(self) -> PlanScope:
        return self.document.scope


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan is made from: the digest of the state, and the commit of the project's files but for the plan's own
    `file` ("": it is kept elsewhere)."""

    file: str
    commit: str
    state: str


def basis(view: StackView, file: str) -> Basis:
    """Looked up before the preview. Raises `ConfigError` where the files are not those of a commit, and for a stack
    that is deployed by its pin."""
    if view.pin is not None:
        raise ConfigError(
            f"stack {view.name} pins a release, which is deployed as it was verified",
            where=f"infra preview -s {view.name} --save-plan",
            remedy=f"the plan to approve is that of infra promote {view.pin.stage} {view.name}",
        )
    revision = _revision(view, file)
    if not revision.exact:
        raise ConfigError(
            f"a plan is bound to a commit: {revision.unclean}",
            where=str(view.stack.root),
            remedy="git commit the files",
        )
    return Basis(file, revision.exact, view.stack.backend.digest(view.name))


def saved_plan(view: StackView, result: Result, scope: PlanScope, basis: Basis) -> SavedPlan:
    """The plan of a preview of the stack."""
    manager = view.stack.manager(write=False)
    facts = {
        "plan": VERSION,
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "project": view.stack.project.name,
        "stack": view.name,
        "state": basis.state,
        "server": _server(view),
        "commit": basis.commit,
        "tree": git.tree(view.stack.root, basis.commit),
        "scope": scope.model_dump(mode="json"),
        "salt": manager.salt_text,
        "changes": [
            {"op": change.op, "urn": change.urn, "values": to_checkpoint(change.values, manager.encrypt)}
            for change in planned_changes(result.steps)
        ],
    }
    document = {**facts, "checksum": _checksum(facts)}
    return SavedPlan(json.dumps(document, indent=1, ensure_ascii=False) + "\n", basis.file)


def approval(view: StackView, plan: SavedPlan) -> Callable[[Result, str], None]:
    """Checks what the plan is bound to, and gives the check of a preview: it takes the preview and the digest of the
    state that it was made from. Both raise `StalePlanError` that says what moved."""
    document = plan.document
    stack = view.stack
    given = [("project", document.project, stack.project.name), ("stack", document.stack, view.name)]
    given.append(("server", document.server, _server(view)))
    for name, planned, present in given:
        if planned != present:
            raise _stale(view, plan, [f"{name}: {planned or 'none'} in the plan, {present or 'none'} now"])
    revision = _revision(view, plan.where)
    if not revision.exact:
        raise _stale(view, plan, [f"files: those of commit {document.commit[:12]} in the plan; {revision.unclean} now"])
    if git.tree(stack.root, revision.exact) != document.tree:
        raise _stale(view, plan, [_files_moved(view, document.commit, revision.exact)])
    manager = manager_for_salt(stack.manager(write=False), document.salt)

    def check(result: Result, state: str) -> None:
        lines = []
        if state != document.state:
            lines = [f"state: written since the plan was made ({document.time}); infra stack history -s {view.name}"]
        planned = [
            PlannedChange(
                change.op,
                change.urn,
                {key: from_checkpoint(value, manager.decrypt) for key, value in change.values.items()},
            )
            for change in document.changes
        ]
        lines += moved(planned, planned_changes(result.steps))
        if lines:
            raise _stale(view, plan, lines)

    return check


def _files_moved(view: StackView, planned: str, present: str) -> str:
    files = f"files: commit {planned[:12]} in the plan, {present[:12]} now"
    if not git.has_commit(view.stack.root, planned):
        return files
    names = git.changed_files(view.stack.root, planned, present)
    return f"{files}: {first_few(names, git.SHOWN_FILES)}"


def _revision(view: StackView, file: str) -> git.Revision:
    return git.revision(view.stack.root, Path(file) if file else None)


def _stale(view: StackView, plan: SavedPlan, lines: list[str]) -> StalePlanError:
    text = [current().text(line) for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        text.append(f"and {len(lines) - SHOWN} more")
    return StalePlanError(
        "\n  ".join(["the plan is out of date, and nothing was touched:", *text]),
        where=plan.where,
        remedy=f"make it again and have it approved: infra preview -s {view.name} --save-plan FILE",
    )


def _server(view: StackView) -> str:
    try:
        return view.connection.api_url
    except PrefectPulumiError:
        return ""  # the stack makes its own


def _checksum(document: dict[str, Any]) -> str:
    facts = {key: value for key, value in document.items() if key != "checksum"}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

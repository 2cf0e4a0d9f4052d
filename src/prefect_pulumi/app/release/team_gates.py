"""The gates that the team declares: what they judge is read from the clock, the stage before, and the code host."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from prefect_pulumi.api import flow_runs
from prefect_pulumi.app.owned_objects import deployment_ids
from prefect_pulumi.app.release.approvals import approval_of
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project import git
from prefect_pulumi.promotion import gates
from prefect_pulumi.promotion.gate_rules import GateRules


def team_gates(
    source: StackView, target: StackView, record: ReleaseRecord, rules: GateRules, *, deploys: bool
) -> list[gates.Gate]:
    """Those that `rules` of the target declare. `deploys`: the release is deployed now, not only pinned."""
    declared = []
    if rules.freeze:
        declared.append(gates.freeze(rules.freeze, datetime.now(UTC), target.name))
    if rules.soak_hours:
        declared.append(gates.soak(_soak(source, record), rules.soak_hours))
    if rules.approvals:
        pin = target.pin
        commit = git.introduction(target.stack.root, target.stack.config_file.name, pin.plan) if pin else ""
        declared.append(gates.approved(approval_of(commit, os.environ) if deploys else None, rules.approvals))
    return declared


def _soak(source: StackView, record: ReleaseRecord) -> gates.Soak | None:
    """How the release did on `source`, from its deployment there until the next one's, or until now."""
    kept = source.releases.kept
    if record.id not in {other.id for other in kept}:
        return None
    began = datetime.fromisoformat(record.time)
    later = [time for other in kept if (time := datetime.fromisoformat(other.time)) > began]
    ended = min(later, default=datetime.now(UTC))
    hours = (ended - began).total_seconds() / 3600
    names = {id: name for name, id in deployment_ids(source.entries).items()}
    try:
        client = source.client()
        try:
            failures = flow_runs.failures(client, names, began, ended)
        finally:
            client.close()
    except PrefectPulumiError as error:
        return gates.Soak(source.name, hours, unread=error.message)
    return gates.Soak(source.name, hours, tuple(failures))

"""Results as plain JSON documents: what `--json` prints. Secret values read "[secret]"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.app.config import ConfigValue, config_value, hidden
from prefect_pulumi.app.imports.import_objects import ImportResult
from prefect_pulumi.app.init.initialization import InitResult
from prefect_pulumi.app.stacks import ListedStack
from prefect_pulumi.app.workers import WorkerReport
from prefect_pulumi.core.errors import DeployError, ManyErrors, PartialFailureError, PrefectPulumiError
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.promotion.release_records import StackReleases
from prefect_pulumi.state.stack_objects import HistoryRecord


def update_document(operation: str, stack: str, result: Result) -> dict[str, Any]:
    """Of a preview, an update, a refresh or a destruction."""
    masker = current()
    return {
        "operation": operation,
        "stack": stack,
        "result": "succeeded",
        "changed": result.changed,
        "summary": result.summary,
        "steps": masker.value([_step(step) for step in result.steps if not step.is_default_provider]),
        "outputs": masker.value(mask(result.outputs)),
        "seconds": round(result.seconds, 3),
    }


def _step(step: Step) -> dict[str, Any]:
    entry = step.new or step.old
    return {
        "op": str(step.op),
        "urn": step.urn,
        "type": step.type,
        "id": entry.id if entry is not None else "",
        "diff": {path: kind.value for path, kind in step.diff.detailed.items()} if step.diff else {},
        **_deployments(step),
    }


def _deployments(step: Step) -> dict[str, Any]:
    """What a deploy step does with each deployment, under `deployments`; a step that changes nothing skips them all."""
    if not step.type.endswith(":Deployments") or step.new is None:
        return {}
    if step.op is Op.SAME:
        return {"deployments": {name: {"action": "skip"} for name in mask(step.new.outputs.get("deployments", {}))}}
    results = mask(step.new.outputs.get("results"))
    return {"deployments": results if isinstance(results, dict) else {}}


def failure_document(error: PrefectPulumiError) -> dict[str, Any]:
    """`deployments`: how each ended, where a deploy step failed."""
    fields = {"message": error.message, "where": error.where, "remedy": error.remedy}
    document: dict[str, Any] = {
        "result": "failed",
        "exitCode": int(error.exit_code),
        "error": {"kind": type(error).__name__, **fields},
    }
    deployments: dict[str, Any] = {}
    for cause in error.errors if isinstance(error, ManyErrors) else (error,):
        if isinstance(cause, DeployError):
            deployments |= cause.results
        elif isinstance(cause, PartialFailureError):
            deployments |= cause.outputs.get("results") or {}
    return document | ({"deployments": current().value(mask(deployments))} if deployments else {})


def import_document(result: ImportResult) -> dict[str, Any]:
    entries = [step.new for step in result.steps if step.new is not None]
    document: dict[str, Any] = {
        "operation": "import",
        "result": "succeeded",
        "imported": [{"urn": entry.urn, "type": entry.type, "id": entry.id} for entry in entries],
        "program": result.program.source,
        "secretKeys": sorted(result.program.secrets),
    }
    return document | ({"folder": str(result.folder)} if result.folder is not None else {})


def init_document(result: InitResult) -> dict[str, Any]:
    files = [{"name": change.name, "action": change.action, "text": change.text} for change in result.changes]
    return {"operation": "init", "project": result.repository.name, "files": files, "notes": list(result.notes)}


def release_document(releases: StackReleases, record: ReleaseRecord) -> dict[str, Any]:
    verification = releases.verification(record.id)
    return {**record.document(), "verification": verification.document() if verification else None}


def releases_document(releases: StackReleases) -> list[dict[str, Any]]:
    kept = releases.kept
    return [{**release_document(releases, record), "current": record == releases.record} for record in kept]


def workers_document(report: WorkerReport) -> dict[str, Any]:
    return {**asdict(report), "warnings": report.warnings()}


def config_document(values: Sequence[ConfigValue], *, show_secrets: bool) -> dict[str, Any]:
    """As `pulumi config --json`: of a secret that is not shown only that it is one."""
    document: dict[str, Any] = {}
    for value in values:
        entry = document[value.key] = {"secret": value.secret}
        if show_secrets or not value.secret:
            entry |= {"value": value.text} | ({} if value.structure is None else {"objectValue": value.structure})
    return document


def stacks_document(stacks: Sequence[ListedStack]) -> list[dict[str, Any]]:
    """As `pulumi stack ls --json`."""
    document = []
    for stack in stacks:
        summary = stack.summary
        entry: dict[str, Any] = {"name": summary.name, "current": stack.selected}
        if summary.updated:
            entry["lastUpdate"] = _time(datetime.fromisoformat(summary.updated))
        document.append(entry | ({} if summary.resources is None else {"resourceCount": summary.resources}))
    return document


def history_document(records: Sequence[HistoryRecord]) -> list[dict[str, Any]]:
    """As `pulumi stack history --json`."""
    return [
        {
            "version": record.version,
            "kind": record.kind,
            "startTime": _time(datetime.fromtimestamp(record.start, UTC)),
            "message": record.message,
            "environment": record.environment,
            "config": config_document(
                [config_value(key, raw, hidden) for key, raw in record.config.items()], show_secrets=False
            ),
            "result": record.result,
            "endTime": _time(datetime.fromtimestamp(record.end, UTC)),
            "resourceChanges": record.changes,
        }
        for record in records
    ]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

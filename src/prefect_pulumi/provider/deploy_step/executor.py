"""Executes a deploy plan: runs `prefect deploy`, records each deployment as it ends, then prunes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.errors import DeployError, NotFoundError, PartialFailureError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.core.provider_protocol import ProviderHost
from prefect_pulumi.core.values import Secret, mask, secret, unwrap
from prefect_pulumi.deploy.file.environment import sealed
from prefect_pulumi.deploy.file.fields import dotted
from prefect_pulumi.deploy.flows.inspector import handed_on
from prefect_pulumi.deploy.plan import live
from prefect_pulumi.deploy.plan.drift import read_back
from prefect_pulumi.deploy.plan.journal import DeployJournal, JournalEntry
from prefect_pulumi.deploy.plan.ownership import Owner
from prefect_pulumi.deploy.plan.plan import DEPLOYS, Action, Assessment, PlannedDeployment, Recreated
from prefect_pulumi.deploy.plan.version_info import version_info
from prefect_pulumi.deploy.run.job import LINE_COLUMNS, DeployEntry, DeployJob
from prefect_pulumi.deploy.run.runner import DeployResult, DeployRun, run_deploy
from prefect_pulumi.interpreter.interpreters import Interpreter
from prefect_pulumi.project import layout
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.deploy_step.checked_file import CheckedFile
from prefect_pulumi.provider.handlers.base import Call

LONGEST_VALUE = 60

Json = dict[str, Any]


class DeployExecutor:
    """One update of the deploy step. `hidden`: texts that are masked in all that Prefect prints; `interpreter`: what
    starts its process."""

    def __init__(
        self,
        root: Path,
        connection: Connection,
        host: ProviderHost,
        hidden: Collection[str],
        interpreter: Interpreter,
    ) -> None:
        self.root, self.connection, self.host, self.hidden = root, connection, host, list(hidden)
        self.interpreter = interpreter

    def run(
        self,
        call: Call,
        assessment: Assessment,
        file: CheckedFile,
        identity: str,
        only: Collection[str] | None = None,
    ) -> Json:
        """The new outputs; `only`: deployments that the update is limited to, None for all.

        Raises `PartialFailureError` with what was reached, `DeployError` when nothing was.
        """
        run, journal = DeployRun(), DeployJournal(self.root, call.urn)
        noted = journal.read()
        if assessment.deploys:
            journal.begin()
            for name in assessment.of(Action.RECOVER):
                journal.note(noted[name])
            run = run_deploy(
                file.directory,
                self._job(call, assessment, file),
                env=self._environment(call),
                on_line=lambda name, line: self._say(call, name, line),
                on_result=lambda result: self._ended(call, journal, result),
                secrets=self.hidden,
                interpreter=self.interpreter,
            )
        outputs = self._outputs(call, assessment, run, noted, only)
        failed = [name for name, result in outputs["results"].items() if result.get("result") in ("failed", "left out")]
        if failed:
            raise self._failure(call, outputs, run, identity)
        for name in assessment.of(Action.PRUNE):
            delete_deployment(self.connection.client(), assessment.deployments[name].id)
            outputs["results"][name]["result"] = "done"
            self._say(call, name, "deleted")
        return outputs

    def _job(self, call: Call, assessment: Assessment, file: CheckedFile) -> DeployJob:
        selected = set(assessment.deploys)
        entries, document = [], []
        automations = unwrap(call.outputs.get("automations", {}))
        for name, entry in file.named_entries:
            if name not in selected:
                continue
            document.append(entry)
            entries.append(
                DeployEntry(
                    name,
                    (entry["name"], entry["entrypoint"]),
                    file.resolved.ui[name],
                    assessment.deployments[name].action is Action.ADOPT,
                    automations.get(name),
                    file.step_digests.get(name, ""),
                    [
                        index
                        for index, schedule in enumerate(entry.get("schedules") or [])
                        if schedule.get("anchor_date")
                    ],
                )
            )
        return DeployJob(
            {**file.resolved.loaded.raw, "deployments": document},
            entries,
            assessment.everything,
            Owner.of_urn(call.urn).labels,
            unwrap(call.news.get("onFailure", "stop")) == "continue",
            unwrap(call.outputs.get("stepOutputs", {})),
            self.connection.fields.lacking(),
            self.connection.cloud,
            version_info(self.root, os.environ),
        )

    def _environment(self, call: Call) -> dict[str, str]:
        """The child's environment: this one without other Prefect settings, the stack's values, then the target and
        its credentials."""
        home = layout.prefect_home(self.root).resolve()
        make_folder(home)
        return {
            **handed_on(os.environ),
            **self.connection.settings.environment(),
            **unwrap(call.news.get("env", {})),
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": self.connection.need(),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
            "COLUMNS": str(LINE_COLUMNS),
            **self.connection.settings.secret_environment(),
        }

    def _ended(self, call: Call, journal: DeployJournal, result: DeployResult) -> None:
        if not result.error:
            fingerprint = unwrap(call.news["fingerprints"])[result.name]
            journal.note(JournalEntry(result.name, result.id, fingerprint, result.automations))
        self._say(call, result.name, _ended(result))

    def _outputs(
        self,
        call: Call,
        assessment: Assessment,
        run: DeployRun,
        noted: Mapping[str, JournalEntry],
        only: Collection[str] | None,
    ) -> Json:
        """What is known after the run: the server is asked once more, for all of them together."""
        client = self.connection.client()
        ended = dict(run.results)
        for name in assessment.of(Action.RECOVER):
            ended[name] = DeployResult(name, noted[name].id, "", 0.0, noted[name].automations)
        done = {name: end.automations for name, end in ended.items() if not end.error}
        rows = live.read_flows(client, (*assessment.deploys, *assessment.of(Action.RECOVER)))
        live_automations = live.read_automations(client, done)
        written = {name: row for name, row in rows.items() if name in done}
        agreements = (
            live.read_agreements(client, written, call.news.get("entries", {})) if self.connection.cloud else {}
        )
        ids: Json = unwrap(call.outputs.get("deployments", {}))
        prints: Json = unwrap(call.outputs.get("fingerprints", {}))
        parts, known_parts = dict(call.outputs.get("fingerprintParts", {})), call.news["fingerprintParts"]
        parts |= {name: known_parts[name] for name in assessment.of(Action.SKIP) if name in known_parts}
        entries, drift = dict(call.outputs.get("entries", {})), dict(call.outputs.get("drift", {}))
        automations: Json = unwrap(call.outputs.get("automations", {}))
        news = call.news.get("entries", {})
        results: Json = {}
        for name, planned in assessment.deployments.items():
            result = results[name] = planned.as_json()
            if planned.action not in DEPLOYS and planned.action is not Action.RECOVER:
                continue
            outcome, row = ended.get(name), rows.get(name)
            if outcome is None:
                result["result"] = "left out"
                continue
            error = outcome.error or ("" if row else f"it ended well, but the server has no {name}")
            result |= {"result": "failed" if error else "done", "seconds": outcome.seconds}
            prints.pop(name, None)
            parts.pop(name, None)
            automations.pop(name, None)
            if error:
                result["error"] = error
            if row is None:
                continue
            ids[name] = result["id"] = row["id"]
            if not error:
                drift.pop(name, None)
                prints[name] = unwrap(call.news["fingerprints"])[name]
                parts[name] = known_parts[name]
                automations[name] = dict(outcome.automations)
                fields = read_back(row, live_automations.get(name, {}), news[name], agreements.get(name))
                entries[name] = sealed(fields, self.hidden, news[name])
        versions = {**unwrap(call.outputs.get("versions", {})), **live.versions(rows)}
        versions = {name: version for name, version in versions.items() if name in ids}
        known = {*unwrap(call.news["fingerprints"])} | set(assessment.of(Action.PRUNE) if run.failures else ())
        known |= set() if only is None else ids.keys() - set(only)
        steps = {**unwrap(call.outputs.get("stepOutputs", {})), **run.step_outputs}
        return {
            **call.news,
            "deployments": {name: ids[name] for name in ids if name in known},
            "fingerprints": {name: value for name, value in prints.items() if name in known},
            "fingerprintParts": {name: value for name, value in parts.items() if name in known},
            "entries": {name: value for name, value in entries.items() if name in known},
            "automations": {name: value for name, value in automations.items() if name in known},
            "drift": {name: value for name, value in drift.items() if name in known},
            **({"versions": versions} if versions else {}),
            "results": results,
            "stepOutputs": secret(steps),
        }

    def _failure(self, call: Call, outputs: Json, run: DeployRun, identity: str) -> Exception:
        results = outputs["results"].items()
        lines = [f"{name}: {result['error']}" for name, result in results if result.get("result") == "failed"]
        rest = [name for name, result in results if result.get("result") == "left out"]
        if not lines:
            lines = [f"`prefect deploy` ended with exit code {run.code}; its last lines:", *run.last_lines]
        message = "\n".join(lines)
        if rest:
            message += f"\nnot deployed: {', '.join(rest)}; with on_failure: continue they would be"
        error = DeployError(
            message,
            where=identity,
            remedy="fix the problem and run it again: the update continues with what is missing",
            results=outputs["results"],
        )
        if not outputs["deployments"]:
            return error
        return PartialFailureError(str(error), id=identity, outputs=outputs, reasons=[error.message])

    def _say(self, call: Call, name: str, line: str) -> None:
        self.host.log("info", f"{name}: {line}" if name else line, call.urn)


def delete_deployment(client: ApiClient, id: str) -> None:
    """DELETE /deployments/{id}: its schedules, its runs to come and the automations of its triggers go with it."""
    try:
        client.request("DELETE", f"/automations/owned-by/prefect.deployment.{id}")
        client.request("DELETE", f"/deployments/{id}")
    except NotFoundError:
        return


def _ended(result: DeployResult) -> str:
    return f"failed: {result.error}" if result.error else f"deployed in {result.seconds:.1f}s"


SIGNS = {
    Action.CREATE: "+ create",
    Action.ADOPT: "= adopt",
    Action.UPDATE: "~ update",
    Action.PRUNE: "- delete",
    Action.RECOVER: "= record",
    Action.LEAVE: "! leave",
}


_RECREATED = {
    Recreated.ALL: ", recreated immediately",
    Recreated.SOME: ", those of schedules that stay are recreated immediately",
    Recreated.NONE: "",
}


def plan_lines(assessment: Assessment) -> Iterator[str]:
    """The plan for a reader: a line for each deployment that changes, and one for each of its fields."""
    for name, planned in assessment.deployments.items():
        if planned.action is not Action.SKIP:
            yield f"{SIGNS[planned.action]} {name}{_impact(planned)}"
            for path, (old, new) in planned.changes.items():
                yield f"    {dotted(path)}: {_shown(old, new)}"
            if planned.why:
                yield f"    {planned.why}"
    skipped = len(assessment.of(Action.SKIP))
    if skipped:
        yield f"  {skipped} unchanged"


def _impact(planned: PlannedDeployment) -> str:
    parts = []
    if planned.runs_lost:
        runs = f"{planned.runs_lost} scheduled run{'' if planned.runs_lost == 1 else 's'} deleted"
        parts.append(f"{runs}{_RECREATED[planned.recreated]}")
    if planned.per_day:
        parts.append(f"runs per day {' -> '.join(f'{rate:.3g}' for rate in planned.per_day)}")
        if not planned.per_day[1]:
            parts.append("its schedules make no runs any more")
    parts += [f"schedule {name} turns active" for name in planned.activates]
    parts += [f"automation {name} {what}" for name, what in planned.automations.items()]
    return f" ({'; '.join(parts)})" if parts else ""


def _shown(old: Any, new: Any) -> str:
    """`old -> new`. Two long ones begin at the word in which they differ, so that the difference is seen."""
    before, after = _text(old), _text(new)
    start = 0
    if min(len(before), len(after)) > LONGEST_VALUE:
        pairs = enumerate(zip(before, after, strict=False))
        start = before.rfind(" ", 0, next((at for at, (a, b) in pairs if a != b), 0)) + 1
    return f"{_cut(before, start)} -> {_cut(after, start)}"


def _text(value: Any) -> str:
    if value is ABSENT or value is None:
        return "none"
    return str(mask(value) if isinstance(value, Mapping | Secret | list) else value)


def _cut(text: str, start: int) -> str:
    shown = f"...{text[start:]}" if start else text
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[: LONGEST_VALUE - 3]}..."

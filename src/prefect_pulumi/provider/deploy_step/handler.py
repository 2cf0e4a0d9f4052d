"""The deploy step as a resource: all deployments of one `prefect.yaml`."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.diagnostics import Diagnostic, Severity
from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.errors import PreflightError, ServerUnavailableError
from prefect_pulumi.core.property_paths import step
from prefect_pulumi.core.provider_protocol import DiagnosticHost, DiffKind, DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, same, secret, unwrap
from prefect_pulumi.deploy.file.environment import DeployEnvironment, sealed
from prefect_pulumi.deploy.file.fields import changes, renamed
from prefect_pulumi.deploy.file.loader import modelled, normal
from prefect_pulumi.deploy.plan import live
from prefect_pulumi.deploy.plan.drift import UI, drift_of, read_back, ui_of, wanted
from prefect_pulumi.deploy.plan.fingerprint import reasons
from prefect_pulumi.deploy.plan.journal import DeployJournal
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label, unowned
from prefect_pulumi.deploy.plan.plan import Assessment, DeployPlan, Live, assess, plan
from prefect_pulumi.deploy.plan.requests import requests_of
from prefect_pulumi.models import Deployments, Fault
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.deploy_step.checked_file import (
    CheckedFile,
    checked_file,
    environment,
    path_in_project,
    place_of,
    read_file,
)
from prefect_pulumi.provider.deploy_step.executor import DeployExecutor, delete_deployment, plan_lines
from prefect_pulumi.provider.deploy_step.preflight import IMPORT_SECONDS, Preflight, PreflightOptions
from prefect_pulumi.provider.handlers.base import Call, Handler
from prefect_pulumi.provider.handlers.diff import diff
from prefect_pulumi.provider.run import ProgramRun, secret_texts

_KNOWN_EARLY = ("directory", "prefectFile", "commit", "overrides", "uiOwns", "env")
_LISTS = ("workPools", "workQueues")
_COMPUTED = ("fingerprints", "fingerprintParts", "entries", "hashKey")
_RECORDS = ("deployments", "automations", "drift", "results", "stepOutputs")


class DeploymentsHandler(Handler):
    """Its id is the path of the file, relative to the project's root."""

    def __init__(self, root: Path, connection: Connection, host: ProviderHost, run: ProgramRun) -> None:
        super().__init__(Deployments)
        self.root = root
        self.connection = connection
        self.host = host
        self.run = run
        self._files: dict[str, CheckedFile] = {}
        """URN -> the file of its last check."""
        self._placed: set[str] = set()

    # Check

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """Loads and checks the whole file; what it found goes into the inputs as `fingerprints` and `entries`."""
        inputs, faults = super().check(call)
        for name in _KNOWN_EARLY:
            if has_unknown(inputs.get(name)):
                faults.append(
                    Fault(name, f"'{name}' must be known before the update: the file is checked in the preview")
                )
        if faults:
            return inputs, faults
        key = unwrap(call.inputs.get("hashKey")) or secrets.token_hex(32)
        inputs["hashKey"] = secret(key)
        try:
            file = self._preflight(inputs, call.urn)
        except PreflightError as error:
            self._diagnose(inputs, error.diagnostics or _at_the_top(error.faults))
            where = path_in_project(self.root, inputs)
            return inputs, [Fault("", f"{where}: {fault}") for fault in error.faults]
        chosen = self.run.only.get(call.urn, frozenset())
        known = {*file.resolved.names, *unwrap(call.inputs.get("fingerprints", {}))}
        if chosen - known:
            named, where = ", ".join(sorted(chosen - known)), path_in_project(self.root, inputs)
            return inputs, [Fault("", f"--target: {where} has no deployment {named}")]
        self._files[call.urn] = file
        target = self.connection.api_url if self.connection.known else ""
        prints = file.fingerprints(key, target)
        before = unwrap(call.inputs.get("fingerprints", {}))
        changed = [name for name, fingerprint in prints.items() if before.get(name) != fingerprint.digest]
        if lacked := self._lacked(file, changed, call.urn):
            self._diagnose(inputs, _at_the_top(lacked))
            return inputs, [Fault("", f"{file.path.name}: {fault}") for fault in lacked]
        return {
            **inputs,
            "fingerprints": {name: fingerprint.digest for name, fingerprint in prints.items()},
            "fingerprintParts": {name: dict(fingerprint.parts) for name, fingerprint in prints.items()},
            "entries": file.declared(),
        }, []

    @override
    def claims(self, inputs: Props) -> list[str]:
        return list(inputs.get("fingerprints", {}))

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    def _preflight(self, inputs: Props, urn: str) -> CheckedFile:
        """Checks the file as a whole, with the stack's values. Raises `PreflightError` with every fault."""
        directory, path = place_of(self.root, inputs)
        document, env = read_file(self.root, inputs), environment(inputs)
        preflight = Preflight(self.root, self.connection, self.run, directory, env.values, _options(inputs, env))
        flows = preflight.imports(document)
        file, loaded, data, own = None, None, normal(document.data), list[str]()
        with contextlib.suppress(PreflightError):  # the checks report faults of form with all others
            loaded = modelled(document)
        if loaded is not None:
            try:
                file = checked_file(self.root, inputs, loaded, env, flows)
                data = file.resolved.loaded.raw
            except PreflightError as error:
                own = list(error.faults)
        result = preflight.check(document, data)
        faults = [*own, *result.faults]
        for warning in result.warnings:
            self.host.log("warning", f"{path_in_project(self.root, inputs)}: {warning}", urn)
        diagnostics = [*_at_the_top(own), *(each.diagnostic(path.name) for each in result.findings)]
        if file is None or faults:
            raise PreflightError(faults, where=path.name, diagnostics=diagnostics)
        self._diagnose(inputs, diagnostics)
        preflight.keep()
        return file

    def _lacked(self, file: CheckedFile, names: Collection[str], urn: str) -> list[str]:
        """What the server does not take of the requests that deploy `names`, once for each field."""
        fields = self.connection.fields
        lacked: dict[str, str] = {}
        for name, declared in file.declared().items() if names else ():
            for request in requests_of(unwrap(declared)) if name in names else ():
                for path, fault in fields.faults(*request):
                    lacked.setdefault(path, f"{name}: {fault}")
        labels = {"labels": Owner.of_urn(urn).labels}
        for _, fault in fields.faults("POST", "/deployments/", labels, remedy="upgrade the server") if names else ():
            lacked["labels"] = f"deployments are marked as this stack's by labels: {fault}"
        return list(lacked.values())

    def _diagnose(self, inputs: Props, diagnostics: Iterable[Diagnostic]) -> None:
        """Hands them to a host that takes them, with the file's path in the project."""
        file = path_in_project(self.root, inputs)
        if isinstance(self.host, DiagnosticHost):
            for diagnostic in diagnostics:
                self.host.diagnose(replace(diagnostic, file=file, code="prefect-yaml"))

    def _file(self, call: Call) -> CheckedFile:
        """The file as the check of these inputs read it; it is read here when another process made that check."""
        file = self._files.get(call.urn)
        if file is not None and file.is_of(call.news):
            return file
        loaded = modelled(read_file(self.root, call.news))
        return checked_file(self.root, call.news, loaded, environment(call.news), {})

    # Plan

    def _plan(self, call: Call) -> DeployPlan:
        """From the state alone: what was deployed with which fingerprint, and what the last read found changed."""
        names = unwrap(call.news.get("fingerprints", {}))
        stale = {*call.outputs.get("drift", {}), *(name for name in names if self._displaced(call.urn, name))}
        planned = plan(unwrap(call.outputs.get("fingerprints", {})), names, _recorded(call), stale)
        only = self.run.only.get(call.urn)
        return planned if only is None else planned.limited_to(only)

    def _displaced(self, urn: str, name: str) -> bool:
        """Whether its pool or queue is recreated in this run, which took it out of its place on the server."""
        file = self._files.get(urn)
        if name in self._placed or file is None:
            return False
        pool, queue = file.places.get(name, ("", ""))
        return bool({pool, f"{pool}/{queue}"} & self.run.recreated)

    def _assess(self, call: Call, planned: DeployPlan) -> Assessment:
        """The plan against the server. Raises `PreflightError` when something of it belongs to another owner."""
        recorded, entries = _recorded(call), call.news.get("entries", {})
        client = self.connection.client()
        rows = live.read_flows(client, {*entries, *recorded})
        live_automations = live.read_automations(client, unwrap(call.outputs.get("automations", {})))
        agreements = live.read_agreements(client, rows, entries) if self.connection.cloud else {}
        before = call.outputs.get("entries", {})
        now = {}
        for name, row in rows.items():
            declared = entries.get(name, {})
            known = {**before.get(name, {}), UI: ui_of(declared), "schedules": declared.get("schedules", {})}
            fields = read_back(row, live_automations.get(name, {}), known, agreements.get(name))
            now[name] = sealed(fields, self._hidden(call), declared)
        counted = {name: rows[name]["id"] for name in (*planned.deploys, *planned.prune) if name in rows}
        drifted = call.outputs.get("drift", {})
        assessment = assess(
            planned,
            {name: wanted(entry, drifted.get(name, {})) for name, entry in entries.items()},
            recorded,
            Live(rows, now, live.count_runs(client, counted)),
            Owner.of_urn(call.urn),
            [*unwrap(call.news.get("adopt", [])), *(unowned(rows) if self.run.adopt else ())],
            self.run.claimed_beside(call.urn),
            self.run.only.get(call.urn, ()),
            {name: self._causes(call, name) for name in planned.update},
        )
        if assessment.refused:
            raise PreflightError(assessment.refused, where=path_in_project(self.root, call.news))
        prints = (unwrap(props.get("fingerprints", {})) for props in (call.outputs, call.news))
        return assessment.recovering(DeployJournal(self.root, call.urn).read(), *prints)

    def _causes(self, call: Call, name: str) -> list[str]:
        """What else than the fields of a deployment makes it deploy again, as far as the state knows."""
        if self._displaced(call.urn, name):
            return ["its work pool or queue, which is recreated"]
        digests = [unwrap(props.get("fingerprints", {})).get(name) for props in (call.outputs, call.news)]
        if digests[0] == digests[1]:
            return []
        if digests[0] is None:
            return ["the last deploy of it, which failed"]
        before = _parts(call, name)
        return reasons(before, call.news["fingerprintParts"][name]) if before else []

    def _hidden(self, call: Call) -> list[str]:
        """Texts that must not be shown."""
        return [*self.connection.settings.secrets, *environment({**call.inputs, **call.news}).secrets]

    @override
    def diff(self, call: Call) -> DiffResult:
        planned = self._plan(call)
        extra = {f'entries["{name}"]': DiffKind.ADD for name in planned.create}
        extra |= {f'entries["{name}"]': DiffKind.DELETE for name in planned.prune}
        for name in planned.update:
            extra |= self._changed(call, name)
        calls = ({k: v for k, v in props.items() if k not in _COMPUTED} for props in (call.inputs, call.outputs))
        inputs, outputs = calls
        news = {k: v for k, v in call.news.items() if k not in _COMPUTED}
        return diff(self.model, Call(call.urn, call.id, inputs, outputs, news, call.ignored), extra)

    def _changed(self, call: Call, name: str) -> dict[str, DiffKind]:
        """Paths of the fields that a deploy changes, or of the fingerprint when only code did."""
        old, new = call.outputs.get("entries", {}).get(name, {}), call.news.get("entries", {}).get(name, {})
        kinds = {}
        new = wanted(new, call.outputs.get("drift", {}).get(name, {}))
        for path, (before, after) in changes(renamed(old, new), new).items():
            kind = DiffKind.ADD if before is ABSENT else DiffKind.DELETE if after is ABSENT else DiffKind.UPDATE
            kinds[f'entries["{name}"]' + "".join(step(key) for key in path)] = kind
        if kinds:
            return kinds
        before, after = _parts(call, name), call.news.get("fingerprintParts", {}).get(name, {})
        changed = [part for part in {**after, **before} if before and before.get(part) != after.get(part)]
        return {
            **{f'fingerprintParts["{name}"]{step(part)}': DiffKind.UPDATE for part in changed},
        } or {f'fingerprints["{name}"]': DiffKind.UPDATE}

    @override
    def requests(self, *, creates: bool) -> list[tuple[str, str]]:
        return [("POST", "/flows/"), ("POST", "/deployments/"), ("PATCH", "/deployments/{id}")]

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        planned = self._plan(call)
        known, names = _recorded(call), unwrap(call.news.get("fingerprints", {}))
        results: Any = UNKNOWN
        if planned.changes or not call.outputs:
            try:
                assessment = self._assess(call, planned) if self.connection.known else None
            except ServerUnavailableError:
                assessment = None  # a server that the update will start
            assessment = assessment or assess(
                planned, call.news.get("entries", {}), known, Live({}, {}), Owner.of_urn(call.urn)
            )
            results = {name: deployment.as_json() for name, deployment in assessment.deployments.items()}
            for line in plan_lines(assessment):
                self.host.log("info", line, call.urn)
        else:
            results = call.outputs.get("results", {})
        server = {name: call.outputs.get(name, UNKNOWN) for name in ("automations", "drift", "stepOutputs")}
        return {
            **call.news,
            **server,
            "deployments": {name: known.get(name, UNKNOWN) for name in names},
            "results": results,
        }

    # Apply

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        identity = path_in_project(self.root, call.news)
        planned = self._plan(call)
        if not planned.changes:
            kept = {name: call.outputs.get(name, {}) for name in _RECORDS}
            return identity, {**call.news, **kept, "entries": call.outputs.get("entries", {})}
        assessment = self._assess(call, planned)
        hidden, interpreter = self._hidden(call), self.run.interpreter
        executor = DeployExecutor(self.root, self.connection, self.host, hidden, interpreter)
        only = self.run.only.get(call.urn)
        outputs = executor.run(call, assessment, self._file(call), identity, only)
        self._placed.update(planned.deploys)
        return identity, outputs

    @override
    def update(self, call: Call) -> dict[str, Any]:
        return self.create(call)[1]

    # Read

    @override
    def read(self, call: Call) -> ReadResult:
        """Every deployment field by field against the last deploy, with two list calls for 200 of them (a third where
        there are automations). One that is gone leaves outputs and inputs, so that the next update makes it again."""
        recorded, before, owner = _recorded(call), call.outputs.get("entries", {}), Owner.of_urn(call.urn)
        client = self.connection.client()
        rows = live.read_flows(client, recorded)
        automations = unwrap(call.outputs.get("automations", {}))
        live_automations = live.read_automations(client, automations)
        alive = {name: rows[name]["id"] for name in recorded if name in rows and rows[name]["id"] == recorded[name]}
        recent = {
            name: call.outputs.get("drift", {}).get(name, {}).get("applied") or before.get(name, {}) for name in alive
        }
        living = {name: rows[name] for name in alive}
        agreements = live.read_agreements(client, living, recent) if self.connection.cloud else {}
        entries, drifted = {}, {}
        for name, entry in recent.items():
            applied = renamed(entry, entry)
            fields = read_back(rows[name], live_automations.get(name, {}), applied, agreements.get(name))
            now = sealed(fields, self._hidden(call), applied)
            entries[name] = now
            if changed := drift_of(applied, now, rows[name], owner, recorded[name]):
                drifted[name] = changed
        kept = {**call.outputs, "deployments": alive, "entries": entries, "drift": drifted}
        kept["automations"] = {name: ids for name, ids in automations.items() if name in alive}
        return ReadResult(call.id, _without(call.inputs, alive), _without(kept, alive))

    @override
    def delete(self, call: Call) -> None:
        """Deletes what carries the mark; what does not belongs to another owner by now."""
        recorded = _recorded(call)
        if not recorded or unwrap(call.inputs.get("keepOnDelete", call.outputs.get("keepOnDelete", False))):
            return
        client, owner = self.connection.client(), Owner.of_urn(call.urn)
        rows = live.read_flows(client, recorded)
        for name, id in recorded.items():
            row = rows.get(name)
            if row is None or row["id"] != id:
                continue
            if owner.owns(row, id):
                delete_deployment(client, id)
            else:
                self.host.log("warning", f"{name} is left alone: it belongs to {owner_label(row)}", call.urn)

    @override
    def recover(self, call: Call) -> ReadResult | None:
        """A deploy is repeatable: nothing is doubled by doing it again."""
        return None


def _options(inputs: Props, env: DeployEnvironment) -> PreflightOptions:
    pools, queues = (None if has_unknown(inputs.get(name)) else unwrap(inputs.get(name, [])) for name in _LISTS)
    marked = {env.values[name] for name in env.marked if name in env.values}
    return PreflightOptions(
        pools=pools,
        queues=queues,
        here=[] if has_unknown(inputs.get("localPools")) else unwrap(inputs.get("localPools", [])),
        plain=unwrap(inputs.get("plainText", [])),
        secrets=marked | secret_texts(inputs.get("overrides")),
        seconds=unwrap(inputs.get("importSeconds", IMPORT_SECONDS)),
        worker_packages=unwrap(inputs.get("workerPackages", [])),
        strict=unwrap(inputs.get("strict", False)),
    )


def _at_the_top(faults: Iterable[str]) -> list[Diagnostic]:
    """Of faults without a place in the file: what the stack says of it."""
    return [Diagnostic("", 1, 1, Severity.ERROR, "prefect-yaml", fault) for fault in faults]


def _recorded(call: Call) -> dict[str, str]:
    """Full name -> UUID of what the state knows to be deployed."""
    ids: dict[str, str] = unwrap(call.outputs.get("deployments", {}))
    return ids


def _parts(call: Call, name: str) -> Mapping[str, str]:
    """What the fingerprint of the last deploy covers; {} where an older version did not note it."""
    noted = call.outputs.get("fingerprintParts", {}).get(name)
    if noted is None and same(*(props.get("fingerprints", {}).get(name) for props in (call.inputs, call.outputs))):
        noted = call.inputs.get("fingerprintParts", {}).get(name)  # an update without changes noted it
    return unwrap(noted) or {}


def _without(props: Props, alive: Collection[str]) -> dict[str, Any]:
    """Fingerprints and entries of those that are gone are taken out."""
    return {
        **props,
        **{
            key: {name: value for name, value in props.get(key, {}).items() if name in alive}
            for key in ("fingerprints", "fingerprintParts", "entries")
        },
    }

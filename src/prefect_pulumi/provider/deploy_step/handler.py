"""The deploy step as a resource: all deployments of one `prefect.yaml`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.errors import PreflightError, ServerUnavailableError
from prefect_pulumi.core.property_paths import step
from prefect_pulumi.core.provider_protocol import DiffKind, DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.core.values import UNKNOWN, Secret, has_secret, has_unknown, secret, unwrap
from prefect_pulumi.deploy.file.document import read
from prefect_pulumi.deploy.file.environment import DeployEnvironment, sealed
from prefect_pulumi.deploy.file.fields import changes, declared_fields
from prefect_pulumi.deploy.file.loader import checked, load, normal
from prefect_pulumi.deploy.file.resolved import ResolvedFile, StackValues, resolve_file
from prefect_pulumi.deploy.flows.inspector import ImportResult
from prefect_pulumi.deploy.plan import live
from prefect_pulumi.deploy.plan.drift import UI, drift_of, read_back, ui_of, wanted
from prefect_pulumi.deploy.plan.fingerprint import fingerprints
from prefect_pulumi.deploy.plan.journal import DeployJournal
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label
from prefect_pulumi.deploy.plan.plan import Assessment, DeployPlan, Live, assess, plan
from prefect_pulumi.deploy.plan.step_digests import StepDigests, build_and_push
from prefect_pulumi.models import Deployments, Fault
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.declarations import secret_texts
from prefect_pulumi.provider.deploy_step.executor import NOT_HANDED_ON, DeployExecutor, delete_deployment, plan_lines
from prefect_pulumi.provider.deploy_step.preflight import IMPORT_SECONDS, Preflight, PreflightOptions
from prefect_pulumi.provider.handlers.base import Call, Handler
from prefect_pulumi.provider.handlers.diff import diff

_KNOWN_EARLY = ("directory", "prefectFile", "commit", "overrides", "uiOwns", "env")
_LISTS = ("workPools", "workQueues")
_COMPUTED = ("fingerprints", "entries", "hashKey")
_RECORDS = ("deployments", "automations", "drift", "results", "stepOutputs")


class DeploymentsHandler(Handler):
    """Its id is the path of the file, relative to the project's root.

    `claimed`: URN -> the deployments that other resources of the program declare.
    """

    def __init__(
        self, root: Path, connection: Connection, host: ProviderHost, claimed: Callable[[str], Collection[str]]
    ) -> None:
        super().__init__(Deployments)
        self.root = root
        self.connection = connection
        self.host = host
        self._claimed = claimed
        self._places: dict[str, tuple[str, str]] = {}
        self._placed: set[str] = set()
        self._flows: dict[str, ImportResult] = {}

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
        try:
            inputs |= self._described(inputs, self._preflight(inputs, call.urn), key)
        except PreflightError as error:
            faults = [Fault("", f"{error.where}: {fault}") for fault in error.faults]
        inputs["hashKey"] = secret(key)
        return inputs, faults

    @override
    def claims(self, inputs: Props) -> list[str]:
        return list(inputs.get("fingerprints", {}))

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    def _effective(self, inputs: Props) -> ResolvedFile:
        """The file with the stack's values. Raises `PreflightError`."""
        directory, path = self._place(inputs)
        values = StackValues(
            unwrap(inputs.get("overrides", {})), unwrap(inputs.get("uiOwns", [])), unwrap(inputs.get("commit"))
        )
        flows = {name: each.flow for name, each in self._flows.items()}
        found = resolve_file(load(path), directory, values, environment(inputs).values, flows)
        if found.faults:
            raise PreflightError(found.faults, where=path.name)
        return found

    def _preflight(self, inputs: Props, urn: str) -> ResolvedFile:
        """Checks the file as a whole, with the stack's values. Raises `PreflightError` with every fault."""
        directory, path = self._place(inputs)
        document, environ = read(path), environment(inputs)
        preflight = Preflight(self.root, self.connection, directory, environ.values, _options(inputs, environ))
        self._flows |= preflight.imports(document)
        found, data, faults = None, normal(document.data), []
        if not checked(document, data)[1]:
            try:
                found = self._effective(inputs)
                data = found.loaded.raw
            except PreflightError as error:
                faults = list(error.faults)
        result = preflight.check(document, data)
        faults += result.faults
        for warning in result.warnings:
            self.host.log("warning", f"{path.name}: {warning}", urn)
        if found is None or faults:
            raise PreflightError(faults, where=path.name)
        preflight.keep()
        return found

    def _described(self, inputs: Props, found: ResolvedFile, key: str) -> dict[str, Any]:
        directory, _ = self._place(inputs)
        env = environment(inputs)
        digests = self._step_digests(inputs, found, key)
        entries = {}
        for name, entry in zip(found.names, found.loaded.raw["deployments"], strict=True):
            resolved = env.resolved(entry)
            pool = unwrap(resolved.get("work_pool")) or {}
            self._places[name] = (pool.get("name") or "", pool.get("work_queue_name") or "")
            pull = entry["pull"] if "pull" in entry else found.loaded.raw.get("pull")
            entries[name] = declared_fields(resolved, pull, found.ui[name])
        target = self.connection.api_url if self.connection.known else ""
        files = {name: each.files for name, each in self._flows.items() if each.flow}
        prints = fingerprints(found, directory, env, key=key, target=target, step_digests=digests, files=files)
        return {"fingerprints": prints, "entries": entries}

    def _step_digests(self, inputs: Props, found: ResolvedFile, key: str) -> dict[str, str]:
        """Full name -> digest of what its build and push steps read."""
        directory, path = self._place(inputs)
        own = path.relative_to(directory).as_posix() if path.is_relative_to(directory) else ""
        reads, env = StepDigests(directory, unwrap(inputs.get("stepFiles", [])), own), environment(inputs)
        return {
            name: reads.digest(build_and_push(entry, found.loaded.raw), env, key)
            for name, entry in zip(found.names, found.loaded.raw["deployments"], strict=True)
        }

    def _place(self, props: Props) -> tuple[Path, Path]:
        directory = self.root / str(unwrap(props.get("directory", ".")))
        return directory, directory / str(unwrap(props.get("prefectFile", "prefect.yaml")))

    # Plan

    def _plan(self, call: Call) -> DeployPlan:
        """From the state alone: what was deployed with which fingerprint, and what the last read found changed."""
        names = unwrap(call.news.get("fingerprints", {}))
        stale = {*call.outputs.get("drift", {}), *(name for name in names if self._displaced(name))}
        return plan(unwrap(call.outputs.get("fingerprints", {})), names, _recorded(call), stale)

    def _displaced(self, name: str) -> bool:
        """Whether its pool or queue is made anew in this run, which took it out of its place on the server."""
        if name in self._placed:
            return False
        pool, queue = self._places.get(name, ("", ""))
        return bool({pool, f"{pool}/{queue}"} & self.connection.remade)

    def _assess(self, call: Call, planned: DeployPlan) -> Assessment:
        """The plan against the server. Raises `PreflightError` when something of it is somebody else's."""
        recorded, entries = _recorded(call), call.news.get("entries", {})
        client = self.connection.client()
        rows = live.read_flows(client, {*entries, *recorded})
        made = live.read_automations(client, unwrap(call.outputs.get("automations", {})))
        before = call.outputs.get("entries", {})
        now = {}
        for name, row in rows.items():
            known = {**before.get(name, {}), UI: ui_of(entries.get(name))}
            now[name] = sealed(read_back(row, made.get(name, {}), known), self._hidden(call), entries.get(name))
        counted = {name: rows[name]["id"] for name in (*planned.deploys, *planned.prune) if name in rows}
        drifted = call.outputs.get("drift", {})
        found = assess(
            planned,
            {name: wanted(entry, drifted.get(name, {})) for name, entry in entries.items()},
            recorded,
            Live(rows, now, live.count_runs(client, counted)),
            Owner.of_urn(call.urn),
            unwrap(call.news.get("adopt", [])),
            self._claimed(call.urn),
        )
        if found.refused:
            raise PreflightError(found.refused, where=str(unwrap(call.news.get("prefectFile", "prefect.yaml"))))
        prints = (unwrap(props.get("fingerprints", {})) for props in (call.outputs, call.news))
        return found.recovering(DeployJournal(self.root, call.urn).read(), *prints)

    def _hidden(self, call: Call) -> list[str]:
        """Texts that must not be shown."""
        return [*self.connection.secret_env.values(), *environment({**call.inputs, **call.news}).secrets]

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
        found = {}
        new = wanted(new, call.outputs.get("drift", {}).get(name, {}))
        for path, (before, after) in changes(old, new).items():
            kind = DiffKind.ADD if before is ABSENT else DiffKind.DELETE if after is ABSENT else DiffKind.UPDATE
            found[f'entries["{name}"]' + "".join(step(key) for key in path)] = kind
        return found or {f'fingerprints["{name}"]': DiffKind.UPDATE}

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        planned = self._plan(call)
        known, names = _recorded(call), unwrap(call.news.get("fingerprints", {}))
        results: Any = UNKNOWN
        if planned.changes or not call.outputs:
            try:
                found = self._assess(call, planned) if self.connection.known else None
            except ServerUnavailableError:
                found = None  # a server that the update will start
            found = found or assess(planned, call.news.get("entries", {}), known, Live({}, {}), Owner.of_urn(call.urn))
            results = {name: each.as_json() for name, each in found.deployments.items()}
            for line in plan_lines(found):
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
        directory, path = self._place(call.news)
        identity = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        planned = self._plan(call)
        if not planned.changes:
            kept = {name: call.outputs.get(name, {}) for name in _RECORDS}
            return identity, {**call.news, **kept, "entries": call.outputs.get("entries", {})}
        found = self._assess(call, planned)
        deploying = DeployExecutor(self.root, self.connection, self.host, self._hidden(call))
        file = self._effective(call.news)
        digests = self._step_digests(call.news, file, unwrap(call.news["hashKey"]))
        outputs = deploying.run(call, found, file, digests, directory, identity)
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
        made = live.read_automations(client, automations)
        alive = {name: rows[name]["id"] for name in recorded if name in rows and rows[name]["id"] == recorded[name]}
        entries, drifted = {}, {}
        for name in alive:
            applied = call.outputs.get("drift", {}).get(name, {}).get("applied") or before.get(name, {})
            now = sealed(read_back(rows[name], made.get(name, {}), applied), self._hidden(call), applied)
            entries[name] = now
            if changed := drift_of(applied, now, rows[name], owner, recorded[name]):
                drifted[name] = changed
        kept = {**call.outputs, "deployments": alive, "entries": entries, "drift": drifted}
        kept["automations"] = {name: each for name, each in automations.items() if name in alive}
        return ReadResult(call.id, _without(call.inputs, alive), _without(kept, alive))

    @override
    def delete(self, call: Call) -> None:
        """Deletes what carries the mark; what does not is somebody else's by now."""
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


def environment(inputs: Props) -> DeployEnvironment:
    """What `{{ $NAME }}` reads: this process's environment without settings of Prefect and Pulumi, then `env`."""
    given = inputs.get("env", {})
    values = {key: value for key, value in os.environ.items() if not key.startswith(NOT_HANDED_ON)}
    plain = unwrap(given)
    if isinstance(given, Secret):
        marked = frozenset(plain)
    else:
        marked = frozenset(name for name, value in given.items() if has_secret(value))
    return DeployEnvironment({**values, **plain}, marked)


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
    )


def _recorded(call: Call) -> dict[str, str]:
    """Full name -> UUID of what the state knows to be deployed."""
    found: dict[str, str] = unwrap(call.outputs.get("deployments", {}))
    return found


def _without(props: Props, alive: Collection[str]) -> dict[str, Any]:
    """Fingerprints and entries of those that are gone are taken out."""
    return {
        **props,
        **{
            key: {name: value for name, value in props.get(key, {}).items() if name in alive}
            for key in ("fingerprints", "entries")
        },
    }

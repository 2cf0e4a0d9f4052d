"""The deploy step as a resource: all deployments of one `prefect.yaml`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.deploy import live
from prefect_pulumi.deploy.fingerprint import fingerprints
from prefect_pulumi.deploy.load import load
from prefect_pulumi.deploy.overlay import pin_conflicts, pinned
from prefect_pulumi.deploy.plan import DeployPlan, plan
from prefect_pulumi.deploy.preflight import full_name, preflight
from prefect_pulumi.deploy.run import run_deploy
from prefect_pulumi.errors import (
    DeployError,
    NotFoundError,
    PartialFailureError,
    PreflightError,
    ServerUnavailableError,
)
from prefect_pulumi.lifecycle import DiffKind, DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.models import Deployments, Fault
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.differ import diff
from prefect_pulumi.provider.handler import Call, Handler
from prefect_pulumi.values import UNKNOWN, has_unknown, unwrap

_NOT_HANDED_ON = ("PREFECT_", "PULUMI_")


class DeploymentsHandler(Handler):
    """Its id is the path of the file, relative to the project's root."""

    def __init__(self, root: Path, connection: Connection, host: ProviderHost) -> None:
        super().__init__(Deployments)
        self.root = root
        self.connection = connection
        self.host = host
        self._places: dict[str, tuple[str, str]] = {}
        self._placed: set[str] = set()

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """Loads and checks the whole file; what it found goes into the inputs as `fingerprints`."""
        inputs, faults = super().check(call)
        for name in ("directory", "prefectFile", "commit"):
            if has_unknown(inputs.get(name)):
                faults.append(
                    Fault(name, f"'{name}' must be known before the update: the file is checked in the preview")
                )
        if faults:
            return inputs, faults
        try:
            inputs["fingerprints"] = self._fingerprints(inputs)
        except PreflightError as error:
            faults = [Fault("", f"{error.where}: {fault}") for fault in error.faults]
        return inputs, faults

    @override
    def claims(self, inputs: Props) -> list[str]:
        return list(inputs.get("fingerprints", {}))

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    def _fingerprints(self, inputs: Props) -> dict[str, str]:
        directory, path = self._place(inputs)
        commit = unwrap(inputs.get("commit"))
        loaded = load(path)
        conflicts = [
            f"{loaded.place(keys)}: it names commit {own}, but the stack is released from {commit}; drop one"
            for keys, own in pin_conflicts(loaded.raw, commit)
        ]
        if conflicts:
            raise PreflightError(conflicts, where=path.name)
        loaded = replace(loaded, raw=pinned(loaded.raw, commit))
        pools, queues = unwrap(inputs.get("workPools", [])), unwrap(inputs.get("workQueues", []))
        uses = (entry.work_pool for entry in loaded.model.deployments)
        wanted = {use.name for use in uses if use and use.name}
        known = None if has_unknown(pools) else {*pools, *self._live_pools(wanted - set(pools))}
        # Queues of pools that live outside this program are the server's to know.
        declared = None if has_unknown(queues) or known is None or known - set(pools) else queues
        faults = preflight(loaded, directory, work_pools=known, work_queues=declared, env=os.environ)
        if faults:
            raise PreflightError(faults, where=path.name)
        for entry in loaded.model.deployments:
            use = entry.work_pool
            pool = (use.name if use else None) or ""
            self._places[full_name(entry, directory)] = (pool, (use.work_queue_name if use else None) or "")
        return fingerprints(loaded, directory, os.environ)

    def _live_pools(self, names: set[str]) -> set[str]:
        """Those of the undeclared pools that the server has; none when there is no server to ask yet."""
        if not names or not self.connection.known:
            return set()
        try:
            return names - live.missing_pools(self.connection.client(), names)
        except ServerUnavailableError:
            return set()

    def _place(self, props: Props) -> tuple[Path, Path]:
        directory = self.root / str(unwrap(props.get("directory", ".")))
        return directory, directory / str(unwrap(props.get("prefectFile", "prefect.yaml")))

    def _plan(self, call: Call) -> DeployPlan:
        """What was deployed with which fingerprint is in the outputs; an entry that is gone live counts as new."""
        alive = unwrap(call.outputs.get("deployments", {}))
        before = {name: value for name, value in unwrap(call.outputs.get("fingerprints", {})).items() if name in alive}
        before = {name: value for name, value in before.items() if not self._displaced(name)}
        return plan(before, unwrap(call.news.get("fingerprints", {})))

    def _displaced(self, name: str) -> bool:
        """Whether its pool or queue is made anew in this run, which took it out of its place on the server."""
        if name in self._placed:
            return False
        pool, queue = self._places.get(name, ("", ""))
        return bool({pool, f"{pool}/{queue}"} & self.connection.remade)

    @override
    def diff(self, call: Call) -> DiffResult:
        planned = self._plan(call)
        kinds = ((planned.create, DiffKind.ADD), (planned.update, DiffKind.UPDATE), (planned.prune, DiffKind.DELETE))
        extra = {f'fingerprints["{name}"]': kind for names, kind in kinds for name in names}
        plain = Call(
            call.urn,
            call.id,
            {k: v for k, v in call.inputs.items() if k != "fingerprints"},
            {k: v for k, v in call.outputs.items() if k != "fingerprints"},
            {k: v for k, v in call.news.items() if k != "fingerprints"},
            call.ignored,
        )
        return diff(self.model, plain, extra)

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        planned = self._plan(call)
        words = (("deploy", planned.create), ("deploy again", planned.update), ("delete", planned.prune))
        for word, names in words:
            if names:
                self.host.log("info", f"would {word}: {', '.join(names)}", call.urn)
        known = unwrap(call.outputs.get("deployments", {}))
        names = unwrap(call.news.get("fingerprints", {}))
        return {**call.news, "deployments": {name: known.get(name, UNKNOWN) for name in names}}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        directory, path = self._place(call.news)
        planned = self._plan(call)
        identity = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        if planned.deploys:
            try:
                run_deploy(
                    directory,
                    path.relative_to(directory).as_posix(),
                    pinned(load(path).raw, unwrap(call.news.get("commit"))),
                    None if planned.everything else planned.deploys,
                    env=self._environment(),
                    on_line=lambda line: self.host.log("info", line, call.urn),
                    secrets=list(self.connection.secret_env.values()),
                )
            except DeployError as error:
                self._deployed_in_part(call, planned, identity, error)
                raise
        self._placed.update(planned.deploys)
        names = unwrap(call.news.get("fingerprints", {}))
        found = live.read_deployments(self.connection.client(), names)
        lost = sorted(set(names) - set(found))
        if lost:
            raise DeployError(
                f"`prefect deploy` ended well, but the server has no {', '.join(lost)}",
                where=path.name,
                remedy="is the name of the flow changed by its code at run time? set flow_name in prefect.yaml",
            )
        self._delete(unwrap(call.outputs.get("deployments", {})), planned.prune)
        return identity, {**call.news, "deployments": {name: found[name]["id"] for name in names}}

    def _deployed_in_part(self, call: Call, planned: DeployPlan, identity: str, error: DeployError) -> None:
        """`prefect deploy` stops at the first fault and keeps what came before: that is recorded, so that a destroy
        finds it. Only what was not to be deployed counts as done; the rest is deployed again by the next update."""
        before = unwrap(call.outputs.get("deployments", {}))
        found = live.read_deployments(self.connection.client(), {*before, *planned.deploys})
        if not found:
            return
        prints = unwrap(call.outputs.get("fingerprints", {}))
        kept = {name: prints[name] for name in (*planned.skip, *planned.prune) if name in prints}
        outputs = {**call.news, "fingerprints": kept, "deployments": {name: row["id"] for name, row in found.items()}}
        raise PartialFailureError(str(error), id=identity, outputs=outputs, reasons=[error.message]) from error

    def _environment(self) -> dict[str, str]:
        """The child's environment: this one without other Prefect settings, plus the target and its credentials."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_HANDED_ON)}
        return {
            **kept,
            "PREFECT_HOME": str((self.root / ".infra" / "prefect").resolve()),
            "PREFECT_API_URL": self.connection.need(),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
            **self.connection.secret_env,
        }

    def _delete(self, ids: dict[str, str], names: tuple[str, ...]) -> None:
        for name in names:
            if name in ids:
                try:
                    self.connection.client().request("DELETE", f"/deployments/{ids[name]}")
                except NotFoundError:
                    continue

    @override
    def update(self, call: Call) -> dict[str, Any]:
        return self.create(call)[1]

    @override
    def read(self, call: Call) -> ReadResult:
        """Deployments that are gone leave outputs and fingerprints, so that the next update deploys them again."""
        recorded = unwrap(call.outputs.get("deployments", {}))
        found = live.read_deployments(self.connection.client(), recorded)
        alive = {name: row["id"] for name, row in found.items() if row["id"] == recorded[name]}

        def kept(props: Props) -> dict[str, Any]:
            prints = unwrap(props.get("fingerprints", {}))
            return {**props, "fingerprints": {name: value for name, value in prints.items() if name in alive}}

        return ReadResult(call.id, kept(call.inputs), {**kept(call.outputs), "deployments": alive})

    @override
    def delete(self, call: Call) -> None:
        ids = unwrap(call.outputs.get("deployments", {}))
        self._delete(ids, tuple(ids))

    @override
    def recover(self, call: Call) -> ReadResult | None:
        """A deploy is repeatable: nothing is doubled by doing it again."""
        return None

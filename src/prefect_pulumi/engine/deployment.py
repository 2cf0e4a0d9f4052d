"""One run of a program against a state: turns goals into steps and carries them out.

The same code serves preview and update. In a preview the provider is asked with `preview=True`, nothing is
journalled and nothing is deleted; the steps that it records are the ones that an update executes.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from typing import Any

from prefect_pulumi.engine import paths, planner
from prefect_pulumi.engine.deleting import Deleting
from prefect_pulumi.engine.goals import Goal
from prefect_pulumi.engine.run_state import Aborted, Outcome, check_error, now, stamped
from prefect_pulumi.engine.steps import PROVIDER_PREFIX, STACK_TYPE, Op, Step
from prefect_pulumi.errors import CheckError, PrefectPulumiError, ProviderError
from prefect_pulumi.lifecycle import Changes, CheckResult, DiffResult, Provider
from prefect_pulumi.state.entries import ResourceEntry, make_urn, parse_provider_ref, urn_name, urn_type
from prefect_pulumi.values import same, unwrap

UNKNOWN_ID = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Deployment(Deleting):
    """State machine of one run. Its public methods may be called from several threads at once."""

    # Registration

    def register(self, goal: Goal) -> Outcome:
        """`RegisterResource`. Raises `Aborted` once the run has failed."""
        self._check_running()
        with self._lock:
            if goal.urn in self._goals:
                raise self._fail(
                    CheckError("this URN is registered twice", where=goal.urn, remedy="rename one of them")
                )
            goal = self._inherit(goal)
            self._goals[goal.urn] = goal
            old = self._find_old(goal)
            if goal.needs & self._failed or goal.parent in self._failed:
                self._failed.add(goal.urn)
                return Outcome(goal.urn, failed=True)
        if not goal.custom:
            return self._register_component(goal, old)
        with self._slots:
            try:
                if goal.is_provider:
                    return self._register_provider(goal, old)
                return self._register_custom(goal, old)
            except PrefectPulumiError as error:
                self._record_failure(goal, error)
                return Outcome(goal.urn, failed=True)

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """`RegisterResourceOutputs`; the Stack's are applied when the run ends."""
        with self._lock:
            if urn_type(urn) == STACK_TYPE:
                self._stack_outputs = outputs
            elif urn in self._news:
                self._news[urn] = replace(self._news[urn], outputs=outputs)

    def _seed_of(self, urn: str) -> bytes:
        """`CheckRequest.randomSeed`, 32 bytes."""
        return hashlib.sha256(self._seed + urn.encode()).digest()

    def _inherit(self, goal: Goal) -> Goal:
        parent = self._goals.get(goal.parent)
        if parent is None:
            return goal
        return replace(
            goal,
            protect=goal.protect or parent.protect,
            retain_on_delete=goal.retain_on_delete or parent.retain_on_delete,
            deleted_with=goal.deleted_with or parent.deleted_with,
        )

    def _find_old(self, goal: Goal) -> ResourceEntry | None:
        candidates = [goal.urn, *goal.aliases]
        moved = {new: old for old, new in self._renamed.items()}
        if goal.parent in moved:
            candidates.append(planner.inherit_alias(goal.urn, moved[goal.parent], goal.parent))
        for urn in candidates:
            old = self._olds.get(urn)
            if old is None:
                continue
            if urn != goal.urn:
                if urn in self._goals:
                    raise self._fail(CheckError(f"its alias {urn} is registered already", where=goal.urn))
                self._renamed[urn] = goal.urn
            return old
        return None

    def _targeted(self, goal: Goal) -> bool:
        targets = self.options.targets
        return not targets or goal.is_provider or goal.type == STACK_TYPE or planner.matches_target(goal.urn, targets)

    def _register_component(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        outputs = old.outputs if old is not None else {}
        entry = goal.entry(inputs=goal.inputs, outputs=outputs, id="", provider="")
        if old is None:
            op = Op.CREATE
            entry = replace(entry, created=now(), modified=now())
        else:
            op = Op.SAME if same(unwrap(old.inputs), unwrap(goal.inputs)) else Op.UPDATE
            entry = replace(entry, created=old.created, modified=old.modified)
        self._finish(Step(op, goal.urn, goal.type, old, entry))
        return Outcome(goal.urn)

    # Providers

    def _register_provider(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        provider = self.providers.load(goal.urn, goal.version)
        news = dict(goal.inputs)
        if goal.version:
            news["version"] = goal.version
        checked = provider.check_config(goal.urn, old.inputs if old else {}, news)
        if checked.failures:
            raise check_error(goal.urn, checked.failures)
        inputs = checked.inputs
        diff: DiffResult | None = None
        if old is None:
            op, id = Op.CREATE, (UNKNOWN_ID if self.dry_run else str(uuid.uuid4()))
        elif same(unwrap(old.inputs), unwrap(inputs)):
            op, id = Op.SAME, old.id
        else:
            diff = provider.diff_config(goal.urn, old.outputs, old.inputs, inputs)
            op = Op.REPLACE if diff.replaces else Op.UPDATE
            id = old.id if op is Op.UPDATE else (UNKNOWN_ID if self.dry_run else str(uuid.uuid4()))
        self.providers.install(goal.urn, provider, inputs)
        outputs = {key: value for key, value in inputs.items() if key != "__internal"}
        entry = stamped(goal.entry(inputs=inputs, outputs=outputs, id=id, provider=""), old, op)
        self._finish(Step(op, goal.urn, goal.type, old, entry, diff))
        return Outcome(goal.urn, "" if id == UNKNOWN_ID else id, outputs)

    def _default_provider(self, package: str, version: str) -> str:
        """URN of the default provider of a package, registered on first use."""
        suffix = "_" + version.replace(".", "_").replace("-", "_").replace("+", "_") if version else ""
        type = PROVIDER_PREFIX + package
        urn = make_urn(self.stack, self.project, type, "default" + suffix)
        with self._lock:
            if urn in self._goals:
                if urn in self._failed:
                    raise Aborted
                return urn
            goal = Goal(urn=urn, type=type, name="default" + suffix, custom=True, inputs=self._package_config(package))
            goal = replace(goal, version=version)
            self._goals[urn] = goal
            self._register_provider(goal, self._olds.get(urn))
        return urn

    def _provider_for(self, package: str, reference: str, version: str) -> tuple[Provider, str]:
        """The running provider of a request and the reference to store."""
        urn = parse_provider_ref(reference)[0] if reference else self._default_provider(package, version)
        provider = self.providers.get(urn)
        if provider is None:
            raise ProviderError("its provider is not registered", where=urn)
        return provider, f"{urn}::{self._news[urn].id}"

    # Custom resources

    def _register_custom(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        provider, reference = self._provider_for(goal.package, goal.provider, goal.version)
        if goal.import_id and (old is None or old.external or goal.import_id not in {old.import_id, old.id}):
            old = self._import(goal, provider, reference)
        if not self._targeted(goal):
            return self._keep(goal, old, reference)
        creating = old is None or old.external or old.pending_replacement
        base = old.inputs if old is not None and not creating else {}
        news = paths.reset(goal.inputs, base, goal.ignore_changes) if not creating else goal.inputs
        checked = provider.check(goal.urn, base, news, self._seed_of(goal.urn))
        if checked.failures:
            raise check_error(goal.urn, checked.failures)
        if creating:
            return self._create(goal, old, provider, reference, checked.inputs, Op.CREATE, None)
        assert old is not None  # noqa: S101 - `creating` covers None
        diff = self._diff(goal, old, provider, checked.inputs)
        op = planner.decide(diff, goal, old)
        if op is not Op.REPLACE and self._provider_replaces(old, provider, reference):
            op = Op.REPLACE
        if op is Op.SAME:
            entry = stamped(
                goal.entry(inputs=checked.inputs, outputs=old.outputs, id=old.id, provider=reference), old, op
            )
            self._finish(Step(op, goal.urn, goal.type, old, entry, diff))
            return Outcome(goal.urn, old.id, entry.outputs)
        if op is Op.UPDATE:
            return self._update(goal, old, provider, reference, checked.inputs, diff)
        return self._replace(goal, old, provider, reference, diff)

    def _keep(self, goal: Goal, old: ResourceEntry | None, reference: str) -> Outcome:
        """A resource outside the targets stays as it is; one that does not exist yet is not made."""
        if old is None:
            with self._lock:
                self._failed.add(goal.urn)
            return Outcome(goal.urn, failed=True)
        entry = replace(old, urn=goal.urn, provider=reference)
        self._finish(Step(Op.SAME, goal.urn, goal.type, old, entry))
        return Outcome(goal.urn, old.id, old.outputs)

    def _diff(self, goal: Goal, old: ResourceEntry, provider: Provider, inputs: dict[str, Any]) -> DiffResult:
        diff = provider.diff(goal.urn, old.id, old.inputs, old.outputs, inputs, goal.ignore_changes)
        if diff.changes is Changes.UNKNOWN:
            own = planner.plain_diff(old.inputs, inputs)
            diff = replace(own, replaces=diff.replaces, delete_before_replace=diff.delete_before_replace)
        return diff

    def _provider_replaces(self, old: ResourceEntry, provider: Provider, reference: str) -> bool:
        if old.provider == reference or not old.provider or reference.endswith(UNKNOWN_ID):
            return False
        old_urn, _ = parse_provider_ref(old.provider)
        before, now = self._olds.get(old_urn), self._news[parse_provider_ref(reference)[0]]
        if before is None or same(unwrap(before.inputs), unwrap(now.inputs)):
            return False
        return bool(provider.diff_config(now.urn, before.outputs, before.inputs, now.inputs).replaces)

    def _import(self, goal: Goal, provider: Provider, reference: str) -> ResourceEntry:
        read = provider.read(goal.urn, goal.import_id, {}, {})
        if not read.id:
            raise ProviderError(f"{goal.import_id!r} does not exist, so it cannot be imported", where=goal.urn)
        entry = goal.entry(inputs=read.inputs, outputs=read.outputs, id=read.id, provider=reference)
        return replace(entry, created=now(), modified=now())

    def _create(
        self,
        goal: Goal,
        old: ResourceEntry | None,
        provider: Provider,
        reference: str,
        inputs: dict[str, Any],
        op: Op,
        diff: DiffResult | None,
    ) -> Outcome:
        planned = goal.entry(inputs=inputs, outputs={}, id="", provider=reference)
        step = Step(op, goal.urn, goal.type, old, planned, diff)

        def call() -> ResourceEntry:
            made = provider.create(goal.urn, inputs, goal.custom_timeouts.get("create", 0.0), self.dry_run)
            if not made.id and not self.dry_run:
                raise ProviderError("the provider made it but gave no id", where=goal.urn)
            outputs = planner.seal(made.outputs, inputs, goal.additional_secret_outputs)
            return stamped(replace(planned, id=made.id, outputs=outputs), None, Op.CREATE)

        entry = self._carry_out(step, planned, call)
        return Outcome(goal.urn, entry.id, entry.outputs, failed=bool(entry.init_errors))

    def _update(
        self,
        goal: Goal,
        old: ResourceEntry,
        provider: Provider,
        reference: str,
        inputs: dict[str, Any],
        diff: DiffResult,
    ) -> Outcome:
        planned = goal.entry(inputs=inputs, outputs=old.outputs, id=old.id, provider=reference)
        step = Step(Op.UPDATE, goal.urn, goal.type, old, planned, diff)

        def call() -> ResourceEntry:
            timeout = goal.custom_timeouts.get("update", 0.0)
            outputs = provider.update(
                goal.urn, old.id, old.inputs, old.outputs, inputs, timeout, self.dry_run, goal.ignore_changes
            )
            sealed = planner.seal(outputs, inputs, goal.additional_secret_outputs)
            return stamped(replace(planned, outputs=sealed), old, Op.UPDATE)

        entry = self._carry_out(step, planned, call)
        return Outcome(goal.urn, entry.id, entry.outputs, failed=bool(entry.init_errors))

    def _replace(self, goal: Goal, old: ResourceEntry, provider: Provider, reference: str, diff: DiffResult) -> Outcome:
        if old.protect and goal.protect:
            raise CheckError(
                "it is protected, and this change replaces it", where=goal.urn, remedy="unprotect it first"
            )
        checked = provider.check(goal.urn, {}, goal.inputs, self._seed_of(goal.urn))
        if checked.failures:
            raise check_error(goal.urn, checked.failures)
        first = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if first:
            with self._lock:
                others = [entry for entry in self._before.resources if entry.urn not in self._goals]
                doomed = planner.condemned(old, others, self._replaces_if_unknown)
            for entry in [*doomed, old]:
                if entry.protect and entry is not old:
                    raise CheckError(f"it is protected, but replacing {urn_name(goal.urn)} deletes it", where=entry.urn)
            for entry in [*doomed, old]:
                self._delete_for_replacement(entry)
        elif not self.dry_run:
            with self._lock:
                self._leftovers.append(replace(old, delete=True))
        return self._create(goal, old, provider, reference, checked.inputs, Op.REPLACE, diff)

    # Imports

    def adopt(self, type: str, name: str, id: str, provider_urn: str) -> Step:
        """Takes an existing object into the state, under the Stack; nothing is written to it.

        `provider_urn`: "" for the default provider. Raises `ProviderError` when there is no such object and
        `CheckError` when the URN, or the object under another URN, is in the state already.
        """
        stack = make_urn(self.stack, self.project, STACK_TYPE, f"{self.project}-{self.stack}")
        urn = make_urn(self.stack, self.project, type, name, stack)
        if urn in self._olds or urn in self._news:
            raise CheckError("the state has a resource of this URN already", where=urn, remedy="choose another name")
        if stack not in self._olds and stack not in self._news:
            root = Goal(urn=stack, type=STACK_TYPE, name=urn_name(stack), custom=False, inputs={})
            self._register_component(root, None)
        if provider_urn:
            known = self._olds[provider_urn]
            reference = f"{provider_urn}::{known.id}"
            provider = self.providers.for_entry(_user_of(reference), self._olds)
        else:
            provider, reference = self._provider_for(type.split(":", 1)[0], "", "")
        goal = Goal(urn=urn, type=type, name=name, custom=True, inputs={}, parent=stack, import_id=id)
        entry = replace(self._import(goal, provider, reference), import_id="")
        for other in (*self._olds.values(), *self._news.values()):
            if other.type == type and other.id == entry.id and other.provider == reference:
                raise CheckError(f"{id!r} is managed already, as {other.urn}", where=urn)
        step = Step(Op.IMPORT, urn, type, None, entry)
        self._finish(step)
        return step

    # Reads and functions

    def read(self, goal: Goal, id: str) -> Outcome:
        """`ReadResource`: an external resource, read at every run, previews included."""
        self._check_running()
        try:
            provider, reference = self._provider_for(goal.package, goal.provider, goal.version)
            found = provider.read(goal.urn, id, goal.inputs, goal.inputs)
            if not found.id:
                raise ProviderError(f"{id!r} does not exist", where=goal.urn)
        except PrefectPulumiError as error:
            self._record_failure(goal, error)
            return Outcome(goal.urn, failed=True)
        outputs = planner.seal(found.outputs, {}, goal.additional_secret_outputs)
        entry = goal.entry(inputs=goal.inputs, outputs=outputs, id=found.id, provider=reference)
        entry = replace(entry, external=True, property_dependencies={})
        with self._lock:
            self._goals[goal.urn] = goal
        self._finish(Step(Op.READ, goal.urn, goal.type, self._olds.get(goal.urn), entry))
        return Outcome(goal.urn, found.id, outputs)

    def invoke(self, token: str, args: dict[str, Any], reference: str, version: str) -> CheckResult:
        """`Invoke`: the function's result, or its failures."""
        self._check_running()
        provider, _ = self._provider_for(token.split(":", 1)[0], reference, version)
        return provider.invoke(token, args)


def _user_of(reference: str) -> ResourceEntry:
    """A stand-in for an entry that uses this provider."""
    return ResourceEntry("", "", True, provider=reference)

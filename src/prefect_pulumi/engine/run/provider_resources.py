"""Providers of a run: explicit ones, and the default one of each package that is registered on its first use."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import Changes, CheckRequest, DiffRequest, DiffResult, Provider
from prefect_pulumi.core.values import UNKNOWN_TEXT, has_unknown, same, unwrap
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.engine.run.deletion import Deleting
from prefect_pulumi.engine.run.run_state import Aborted, Outcome, check_error, stamped
from prefect_pulumi.state.entries import ResourceEntry, make_urn, parse_provider_ref

UNKNOWN_ID = UNKNOWN_TEXT
INTERNAL = "__internal"


class ProviderSteps(Deleting):
    """The part of a run that brings providers up."""

    def _register_provider(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        news = _with_plugin(goal)
        provider = self.providers.load(goal.urn, news)
        try:
            checked = provider.check_config(
                CheckRequest(goal.urn, old_inputs=old.inputs if old else {}, new_inputs=news)
            )
            if checked.failures:
                raise check_error(goal.urn, checked.failures)
            inputs = {**checked.inputs, **({INTERNAL: news[INTERNAL]} if INTERNAL in news else {})}
            diff = self._provider_diff(goal, old, provider, inputs)
        except BaseException:
            provider.close()
            raise
        op = _provider_op(old, diff)
        beside = old
        if old is not None and op is Op.REPLACE:
            self._refuse_protected(goal, old)
            if old.pending_replacement or self._goes_first(goal, diff):
                self._delete_first(goal, old)
                beside = None
        id = old.id if old is not None and op is not Op.REPLACE else self._new_provider_id()
        self.providers.install(goal.urn, id, provider, inputs)
        outputs = {key: value for key, value in inputs.items() if key != INTERNAL}
        entry = stamped(goal.entry(inputs=inputs, outputs=outputs, id=id, provider=""), old, op)
        if beside is not None and op is Op.REPLACE:
            self._leave_behind(beside)
        self._finish(Step(op, goal.urn, goal.type, old, entry, diff))
        return Outcome(goal.urn, "" if id == UNKNOWN_ID else id, outputs)

    def _new_provider_id(self) -> str:
        return UNKNOWN_ID if self.dry_run else str(uuid.uuid4())

    def _provider_diff(
        self, goal: Goal, old: ResourceEntry | None, provider: Provider, inputs: dict[str, Any]
    ) -> DiffResult | None:
        if old is None or same(unwrap(old.inputs), unwrap(inputs)):
            return None
        diff = provider.diff_config(
            DiffRequest(goal.urn, old_inputs=old.inputs, old_outputs=old.outputs, new_inputs=inputs)
        )
        if diff.changes is Changes.UNKNOWN:
            own = planner.plain_diff(old.inputs, inputs)
            diff = replace(diff, changes=own.changes, detailed=diff.detailed or own.detailed)
        return diff

    def _default_provider(self, goal: Goal) -> str:
        """URN of the default provider for a resource or function, registered on first use."""
        type = PROVIDER_PREFIX + goal.package
        name = default_name(goal.version, goal.plugin_url)
        urn = make_urn(self.stack, self.project, type, name)
        with self._lock:
            if urn in self._goals:
                if urn in self._failed:
                    raise Aborted
                return urn
            provider = Goal(
                urn=urn,
                type=type,
                name=name,
                custom=True,
                inputs=self._package_config(goal.package),
                version=goal.version,
                plugin_url=goal.plugin_url,
                plugin_checksums=goal.plugin_checksums,
            )
            self._goals[urn] = provider
            try:
                self._register_provider(provider, self._olds.get(urn))
            except PrefectPulumiError:
                self._failed.add(urn)
                raise
        return urn

    def _provider_for(self, goal: Goal) -> tuple[Provider, str]:
        """The running provider of a request and the reference to store."""
        urn = parse_provider_ref(goal.provider)[0] if goal.provider else self._default_provider(goal)
        with self._lock:
            entry = self._news.get(urn)
        provider = self.providers.get(urn)
        if provider is None or entry is None:
            raise ProviderError("its provider is not registered", where=urn)
        return provider, f"{urn}::{entry.id}"

    def _provider_replaces(self, old: ResourceEntry, provider: Provider, reference: str) -> bool:
        """True when the resource has another provider now, and that one says that what the old one made must go."""
        if old.provider == reference or not old.provider:
            return False
        old_urn, _ = parse_provider_ref(old.provider)
        new_urn, _ = parse_provider_ref(reference)
        if self._matching.renamed.get(old_urn) == new_urn:
            return False
        before, now = self._olds.get(old_urn), self._news[new_urn]
        if before is None or same(unwrap(before.inputs), unwrap(now.inputs)):
            return False
        diff = provider.diff_config(
            DiffRequest(new_urn, old_inputs=before.inputs, old_outputs=before.outputs, new_inputs=now.inputs)
        )
        return bool(diff.replaces) or any(kind.replaces for kind in diff.detailed.values())

    @staticmethod
    def _goes_first(goal: Goal, diff: DiffResult | None) -> bool:
        """Whether a replacement deletes the old one before the new one is made."""
        chosen = goal.delete_before_replace
        return bool(diff and diff.delete_before_replace) if chosen is None else chosen

    def _refuse_protected(self, goal: Goal, old: ResourceEntry) -> None:
        if old.protect and goal.protect:
            raise CheckError(
                "it is protected, and this change replaces it", where=goal.urn, remedy="unprotect it first"
            )

    def _leave_behind(self, old: ResourceEntry) -> None:
        """`old` has been replaced and is deleted at the end of the run."""
        if self.dry_run:
            return
        with self._lock:
            self._leftovers.append(replace(old, delete=True))
        self._note(Op.REPLACE, replace(old, delete=True))


def _provider_op(old: ResourceEntry | None, diff: DiffResult | None) -> Op:
    if old is None:
        return Op.CREATE
    if old.pending_replacement:
        return Op.REPLACE
    if diff is None or diff.changes is Changes.NONE:
        return Op.SAME
    replaces = bool(diff.replaces) or any(kind.replaces for kind in diff.detailed.values())
    return Op.REPLACE if replaces else Op.UPDATE


def _with_plugin(goal: Goal) -> dict[str, Any]:
    """The provider's inputs with what tells which plugin it is, where the official engine keeps it."""
    news = dict(goal.inputs)
    internal: dict[str, Any] = dict(news.get(INTERNAL) or {}) if not has_unknown(news.get(INTERNAL)) else {}
    if goal.plugin_url:
        internal["pluginDownloadURL"] = goal.plugin_url
    if goal.plugin_checksums:
        internal["pluginChecksums"] = dict(goal.plugin_checksums)
    if goal.version:
        news["version"] = goal.version
    if internal or goal.version:
        news[INTERNAL] = internal
    return news


def default_name(version: str, url: str) -> str:
    """`default`, `default_1_2_3`, and with the plugin's address when that is not the usual one."""
    name = "default"
    if version:
        core, _, rest = version.partition("-")
        core, _, build = core.partition("+")
        parts = [*core.split("."), *filter(None, re.split(r"[.+]", rest)), *filter(None, build.split("."))]
        name += "_" + "_".join(parts)
    return f"{name}_{_quoted(url)}" if url else name


def _quoted(text: str) -> str:
    """As the official engine makes a name of any text (`tokens.IntoQName`)."""
    parts = [re.sub(r"[^A-Za-z0-9_.\-]", "_", part) for part in text.split("/") if part]
    return "/".join("_" + part[1:] if part.startswith("-") else part for part in parts)

"""Goals of provider resources: the default one of each package, and the inputs that tell which plugin serves it."""

from __future__ import annotations

import re
from typing import Any

from prefect_pulumi.core.values import has_unknown
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX
from prefect_pulumi.state.entries import make_urn

INTERNAL = "__internal"
"""The input under which the official engine keeps what is not the provider's own configuration."""


def default_provider(goal: Goal, stack: str, project: str) -> Goal:
    """The default provider that serves `goal`; its configuration is still to be filled in."""
    type, name = PROVIDER_PREFIX + goal.package, default_name(goal.version, goal.plugin_url)
    return Goal(
        urn=make_urn(stack, project, type, name),
        type=type,
        name=name,
        custom=True,
        inputs={},
        version=goal.version,
        plugin_url=goal.plugin_url,
        plugin_checksums=goal.plugin_checksums,
    )


def inputs_with_plugin(goal: Goal) -> dict[str, Any]:
    """The provider's inputs with its plugin's version, address and checksums, where the official engine keeps them."""
    inputs = dict(goal.inputs)
    internal: dict[str, Any] = dict(inputs.get(INTERNAL) or {}) if not has_unknown(inputs.get(INTERNAL)) else {}
    if goal.plugin_url:
        internal["pluginDownloadURL"] = goal.plugin_url
    if goal.plugin_checksums:
        internal["pluginChecksums"] = dict(goal.plugin_checksums)
    if goal.version:
        inputs["version"] = goal.version
    if internal or goal.version:
        inputs[INTERNAL] = internal
    return inputs


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

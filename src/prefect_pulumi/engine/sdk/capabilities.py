"""What the embedded engine does of the resource monitor's protocol, and what it refuses by name: the one table.

The monitor, the tests and `docs/semantics.md` are derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.core.errors import UnsupportedError

REMEDY = 'run this program with the official CLI: eval "$(infra env -s STACK)" and pulumi up'


@dataclass(frozen=True, slots=True)
class Item:
    """`name`: as the protocol spells it. `note`: what it is, in a user's words."""

    name: str
    supported: bool
    note: str


METHODS = (
    Item("GetDeploymentInfo", True, "what the engine can do"),
    Item("SupportsFeature", True, "the older form of the same question"),
    Item("RegisterResource", True, "resources, components, explicit providers"),
    Item("RegisterResourceOutputs", True, "outputs of components and of the stack"),
    Item("ReadResource", True, "`.get()`, stack references"),
    Item("Invoke", True, "functions"),
    Item("SignalAndWaitForShutdown", True, "the program's end"),
    Item("Call", False, "methods of resources"),
    Item("ExistsResource", False, "`exists()`"),
    Item("RegisterPackage", False, "parameterized packages"),
    Item("RegisterStackTransform", False, "transforms"),
    Item("RegisterStackInvokeTransform", False, "invoke transforms"),
    Item("RegisterResourceHook", False, "resource hooks"),
    Item("RegisterErrorHook", False, "error hooks"),
)
"""Every method of `pulumirpc.ResourceMonitor` (resource.proto)."""

FEATURES = (
    Item("SECRETS", True, "secrets in inputs and outputs"),
    Item("RESOURCE_REFERENCES", True, "resources as inputs and outputs"),
    Item("OUTPUT_VALUES", False, "outputs as such in arguments of remote components"),
    Item("ALIAS_SPECS", True, "aliases by name, type, parent, stack or project"),
    Item("REPLACEMENT_TRIGGER", False, "`replacement_trigger`"),
    Item("DELETED_WITH", True, "`deleted_with`"),
    Item("REPLACE_WITH", False, "`replace_with`"),
    Item("TRANSFORMS", False, "transforms"),
    Item("INVOKE_TRANSFORMS", False, "invoke transforms"),
    Item("PARAMETERIZATION", False, "parameterized packages"),
    Item("RESOURCE_HOOKS", False, "resource hooks"),
    Item("ERROR_HOOKS", False, "error hooks"),
    Item("SENDS_OPTIONS_TO_HOOKS", False, "options as arguments of hooks"),
    Item("BYTE_STRING", False, "texts that are not UTF-8"),
    Item("INVOKE_DEPENDS_ON", False, "`depends_on` of functions, judged by the engine (the SDK waits for it itself)"),
    Item("INVOKE_PARENT", False, "`parent` of functions, judged by the engine (the SDK hands on its provider)"),
    Item("STATE_MIGRATIONS", False, "state migrations"),
    Item("INVOKE_OUTPUT_VALUES", False, "outputs as such in results of functions"),
    Item("CALL_OUTPUT_VALUES", False, "outputs as such in results of methods"),
)
"""Every flag of `ResourceMonitorFeature` (resource.proto), without its prefix."""

FEATURE_PREFIX = "RESOURCE_MONITOR_FEATURE_"

OPTIONS: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("remote", "remote components", lambda request: bool(request.remote)),
    ("transforms", "transforms", lambda request: bool(request.transforms)),
    ("hooks", "resource hooks", lambda request: request.HasField("hooks") and bool(request.hooks.ListFields())),
    ("replace_with", "`replace_with`", lambda request: bool(request.replace_with)),
    ("replacement_trigger", "`replacement_trigger`", lambda request: request.HasField("replacement_trigger")),
    ("packageRef", "parameterized packages", lambda request: bool(request.packageRef)),
    ("state_migrations", "state migrations", lambda request: bool(request.state_migrations)),
    ("envVarMappings", "environment variables of providers", lambda request: bool(request.envVarMappings)),
    ("snippetId", "snippets", lambda request: bool(request.snippetId)),
)
"""Fields of `RegisterResourceRequest` that are refused when they are set: field, in a user's words, test."""

RESOURCES = (
    ("custom and component resources, parents", "also custom resources as parents"),
    ("`depends_on`, property dependencies", "order of work and of deletes; users before what they use"),
    ("`protect`", "no delete and no replacement; reported in the preview"),
    ("`retain_on_delete`, `deleted_with`", "the entry is removed, the object is not deleted by the provider"),
    (
        "what a replaced resource takes along",
        "what is `deleted_with` it is replaced too, as by the official CLI since 3.276",
    ),
    ("`ignore_changes`, `replace_on_changes`", "paths and wildcards (`a.b[0]`, `list[*].name`, `*`), `#initerror`"),
    ("`delete_before_replace`", "with the dependents that must be deleted too; otherwise the new one is created first"),
    ("`aliases`", "URNs, or parts: name, type, parent, stack, project; children inherit their parent's"),
    ("`additional_secret_outputs`, secrets", "at any depth; marked again in the results of a provider without secrets"),
    ("`import_`", "read, compared and updated to the program in one update"),
    ("`.get()`", "read at every run; from managed to read and back"),
    ("`provider`, `providers`, `version`, `plugin_download_url`", "explicit and default providers, one instance each"),
    ("`custom_timeouts`", "passed to the provider; `prefect` applies them to its requests and its waits for processes"),
    ("functions, resource references, assets and archives", "hashes as the official engine computes them"),
    ("stack references", "to stacks of the same backend, with secrets where their passphrase is available"),
    ("partial failures", "the object is kept and retried at the next update"),
)
"""Features of programs: name, support."""

OPERATIONS = (
    ("`preview`, `up`, `refresh`, `destroy`", "`--refresh`, `--continue-on-error`, `--expect-no-changes`"),
    ("`--target`, `--exclude`, `--replace`, `--target-replace`", "URNs, `*` and `**`, bare names"),
    ("`--target-dependents`, `--exclude-dependents`", "also resources that use them, and children"),
    ("`state delete`, `state rename`, `state unprotect`", "the state alone; the objects stay as they are"),
    ("`stack ls`, `init`, `select`, `rename`, `rm`, `history`", "on the official CLI's own files; the same `--json`"),
    ("`stack export`, `stack import`", "the document of `pulumi stack export`; `--show-secrets`"),
    ("`cancel`", "removes the lock of an update that died elsewhere, and recovers its operations; `--force`"),
)
"""Commands and options: name, details."""

OPTIONS_OF_THE_CLI = {"--policy-pack": "policy packs"}
"""Options that people know from the official CLI, and what they ask for."""

BESIDE = (
    ("policy packs", "`--policy-pack`; use the official CLI"),
    ("programs in other languages", "`runtime:` must be `python`"),
    ("other backends", "Pulumi Cloud, PostgreSQL; [folders and buckets](state-backends.md) are supported"),
    (
        "other secrets providers",
        "`awskms`, `gcpkms`, `azurekeyvault`, `hashivault`, `service`; `passphrase` is supported",
    ),
    ("plan files of the official CLI", "`--save-plan`, `--plan` have a form of this engine's own"),
    ("states of version 4", "written by the official CLI when hooks, views, taint or `replace_with` are used"),
    ("`require_pulumi_version`", "requires a version of the official CLI"),
)
"""What is no part of the monitor's protocol and is left to the official CLI."""


def feature_numbers() -> tuple[int, ...]:
    """The supported flags as `DeploymentInfo.supportedFeatures` lists them."""
    from pulumi.runtime.proto import resource_pb2

    return tuple(
        resource_pb2.ResourceMonitorFeature.Value(FEATURE_PREFIX + item.name) for item in FEATURES if item.supported
    )


def supports(id: str) -> bool:
    """`SupportsFeature`: the flag in camel case, `aliasSpecs`."""
    return any(_camel(item.name) == id and item.supported for item in FEATURES)


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(part.title() for part in rest)


def refusal(what: str, where: str = "") -> UnsupportedError:
    return UnsupportedError(f"the embedded engine does not support {what}", where=where, remedy=REMEDY)


def from_sdk(message: str) -> UnsupportedError | None:
    """The SDK's own refusal of what no flag allows, which speaks of an outdated CLI, in this engine's words."""
    feature = re.match(r"The Pulumi CLI does not support (.+?)\. Please update", message)
    return refusal(feature[1]) if feature else None


def refused_option(request: Any) -> UnsupportedError | None:
    """The error for the first option of a `RegisterResourceRequest` that this engine does not know."""
    for _, words, asked in OPTIONS:
        if asked(request):
            return refusal(words, request.name)
    return None

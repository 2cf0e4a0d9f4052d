"""State entries and URNs; pure (protocol: `apitype.ResourceV3`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.errors import StateError

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(slots=True)
class ResourceEntry:
    """One resource of a checkpoint. `extra` keeps fields that this engine has no use for, unchanged.

    `created`, `modified`: RFC 3339. `custom_timeouts`: seconds. `provider`: `urn::id`.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    external: bool = False
    delete: bool = False
    taint: bool = False
    init_errors: list[str] = field(default_factory=list)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    replacement_trigger: Any = None
    created: str | None = None
    modified: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PendingOperation:
    """An operation whose result is not known; `type` is creating, updating, deleting, reading or importing."""

    resource: ResourceEntry
    type: str


@dataclass(slots=True)
class Snapshot:
    """A checkpoint's content. `salt` is the passphrase manager's state text ("" when there is none)."""

    resources: list[ResourceEntry] = field(default_factory=list)
    pending_operations: list[PendingOperation] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    salt: str = ""

    @staticmethod
    def empty(salt: str = "") -> Snapshot:
        return Snapshot(salt=salt)


def make_urn(stack: str, project: str, type: str, name: str, parent_urn: str = "") -> str:
    """`urn:pulumi:<stack>::<project>::<parent's qualified type>$<type>::<name>`; the Stack adds nothing."""
    parent = urn_qualified_type(parent_urn) if parent_urn else ""
    qualified = type if parent in {"", STACK_TYPE} else f"{parent}${type}"
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def _parts(urn: str) -> list[str]:
    parts = urn.split("::", 3)  # a name may hold "::" itself
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):
        raise StateError(f"{urn!r} is not a URN")
    return parts


def urn_qualified_type(urn: str) -> str:
    return _parts(urn)[2]


def urn_type(urn: str) -> str:
    return urn_qualified_type(urn).rsplit("$", 1)[-1]


def urn_name(urn: str) -> str:
    return _parts(urn)[3]


def parse_provider_ref(reference: str) -> tuple[str, str]:
    """URN and id of a provider reference `urn::id`."""
    urn, separator, id = reference.rpartition("::")
    if not separator or urn.count("::") < 3:
        raise StateError(f"{reference!r} is not a provider reference")
    return urn, id

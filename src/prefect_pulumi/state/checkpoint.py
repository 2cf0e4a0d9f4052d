"""The checkpoint file's format, version 3 (`apitype.VersionedCheckpoint`); pure."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.errors import StateError
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot
from prefect_pulumi.state.secrets import PassphraseManager
from prefect_pulumi.values import SECRET, SIGNATURE, from_checkpoint, to_checkpoint

VERSION = 3
MANIFEST_VERSION = "v3.256.0"
"""The official CLI whose rules this writer follows; its SHA-256 is the manifest's `magic`."""

_TEXTS = {
    "id": "id",
    "parent": "parent",
    "provider": "provider",
    "importID": "import_id",
    "deletedWith": "deleted_with",
    "created": "created",
    "modified": "modified",
}
_FLAGS = {
    "delete": "delete",
    "protect": "protect",
    "taint": "taint",
    "external": "external",
    "retainOnDelete": "retain_on_delete",
    "pendingReplacement": "pending_replacement",
}
_LISTS = {
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "additionalSecretOutputs": "additional_secret_outputs",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "replaceWith": "replace_with",
}
_MAPS = {"propertyDependencies": "property_dependencies", "customTimeouts": "custom_timeouts"}
_VALUES = {"inputs": "inputs", "outputs": "outputs"}
_KNOWN = {"urn", "type", "custom", "aliases", *_TEXTS, *_FLAGS, *_LISTS, *_MAPS, *_VALUES}


def parse(data: bytes, manager: PassphraseManager | None, where: str = "") -> Snapshot:
    """The snapshot in a checkpoint file (gzip is recognised). Raises `StateError` with the place of the fault."""
    deployment, salt = deployment_of(data, where)

    def decrypt(text: str) -> str:
        if not salt:
            raise StateError("it holds secrets but no secrets provider", where=where)
        if manager is None:
            raise StateError("its secrets need the stack's passphrase", where=where)
        if manager.salt_text.split(":")[1] != salt.split(":")[1]:
            return manager_for_salt(manager, salt).decrypt(text)
        return manager.decrypt(text)

    resources = [
        _entry(raw, decrypt, f"{where}: resources[{i}]") for i, raw in enumerate(deployment.get("resources") or [])
    ]
    pending = [
        PendingOperation(_entry(raw["resource"], decrypt, f"{where}: pending_operations[{i}]"), raw["type"])
        for i, raw in enumerate(deployment.get("pending_operations") or [])
    ]
    snapshot = Snapshot(resources, pending, deployment.get("metadata") or {}, salt)
    faults = integrity.check(snapshot)
    if faults:
        raise StateError(
            f"the state is broken: {faults[0]}", where=where, remedy="pulumi state repair, or restore a backup"
        )
    return snapshot


def manager_for_salt(manager: PassphraseManager, salt: str) -> PassphraseManager:
    """The same passphrase under another salt: a stack file may have been given a new one since."""
    return PassphraseManager.open(manager._passphrase, salt)


def salt_of(data: bytes, where: str = "") -> str:
    """The salt text of a checkpoint, without decrypting anything; "" when it has none."""
    return deployment_of(data, where)[1]


def deployment_of(data: bytes, where: str) -> tuple[dict[str, Any], str]:
    """The file's `deployment` object and the salt text of its secrets, nothing decrypted. Raises `StateError`."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        document = json.loads(data)
    except ValueError as error:
        raise StateError(f"it is not JSON: {error}", where=where, remedy="restore a backup") from error
    if not isinstance(document, dict):
        raise StateError("it is not a checkpoint", where=where, remedy="restore a backup")
    version = document.get("version", VERSION)
    if version > 4 or version < 3 or (version == 4 and document.get("features")):
        features = ", ".join(document.get("features") or []) or "a newer format"
        raise StateError(f"version {version} ({features}) is for the official CLI", where=where, remedy="use pulumi")
    deployment = (document.get("checkpoint") or {}).get("latest") or {}
    manifest = deployment.get("manifest") or {}
    if manifest.get("magic", "") != _magic(manifest.get("version", "")):
        raise StateError("the manifest's magic does not fit its version", where=where, remedy="restore a backup")
    provider = deployment.get("secrets_providers") or {}
    if provider.get("type") not in {None, "", "passphrase"}:
        raise StateError(
            f"secrets provider {provider['type']!r} is for the official CLI", where=where, remedy="use pulumi"
        )
    return deployment, (provider.get("state") or {}).get("salt", "")


def _magic(version: str) -> str:
    return hashlib.sha256(version.encode()).hexdigest() if version else ""


def _entry(raw: dict[str, Any], decrypt: Callable[[str], str], where: str) -> ResourceEntry:
    if not raw.get("urn") or not raw.get("type"):
        raise StateError("urn or type is missing", where=where, remedy="restore a backup")
    fields: dict[str, Any] = {}
    for names in (_TEXTS, _FLAGS, _LISTS, _MAPS):
        fields.update({name: raw[key] for key, name in names.items() if raw.get(key) is not None})
    for key, name in _VALUES.items():
        fields[name] = {k: from_checkpoint(v, decrypt) for k, v in (raw.get(key) or {}).items()}
    extra = {key: value for key, value in raw.items() if key not in _KNOWN}
    return ResourceEntry(raw["urn"], raw["type"], bool(raw.get("custom")), **fields, extra=extra)


def render(snapshot: Snapshot, manager: PassphraseManager | None, stack: str) -> bytes:
    """The file's bytes; empty fields are left out as the CLI does."""
    deployment = render_deployment(snapshot, manager)
    document = {"version": VERSION, "checkpoint": {"stack": f"organization/{stack}", "latest": deployment}}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def render_deployment(
    snapshot: Snapshot, manager: PassphraseManager | None, *, show_secrets: bool = False
) -> dict[str, Any]:
    """The checkpoint's `latest`, which is also the `deployment` of `pulumi stack export`.

    With `show_secrets` each secret has its `plaintext` instead of its ciphertext.
    """
    deployment: dict[str, Any] = {
        "manifest": {
            "time": datetime.now(UTC).isoformat(),
            "magic": _magic(MANIFEST_VERSION),
            "version": MANIFEST_VERSION,
        }
    }
    if manager is not None:
        deployment["secrets_providers"] = {"type": "passphrase", "state": {"salt": manager.salt_text}}
    listed = [_rendered(entry, manager, show_secrets) for entry in snapshot.resources]
    if listed:
        deployment["resources"] = listed
    if snapshot.pending_operations:
        deployment["pending_operations"] = [
            {"resource": _rendered(each.resource, manager, show_secrets), "type": each.type}
            for each in snapshot.pending_operations
        ]
    deployment["metadata"] = {}
    return deployment


def _rendered(entry: ResourceEntry, manager: PassphraseManager | None, show_secrets: bool) -> dict[str, Any]:
    if not show_secrets:
        return render_entry(entry, manager)
    shown: dict[str, Any] = _shown(_render(entry, lambda text: text))
    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "plaintext": value["ciphertext"]}
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def render_entry(entry: ResourceEntry, manager: PassphraseManager | None) -> dict[str, Any]:
    """One entry as JSON, its secrets encrypted."""

    def encrypt(text: str) -> str:
        if manager is None:
            raise StateError("a secret cannot be stored without a passphrase", where=entry.urn)
        return manager.encrypt(text)

    return _render(entry, encrypt)


def _render(entry: ResourceEntry, encrypt: Callable[[str], str]) -> dict[str, Any]:
    raw: dict[str, Any] = {"urn": entry.urn, "custom": entry.custom, "type": entry.type}
    for names in (_TEXTS, _FLAGS, _LISTS, _MAPS):
        raw.update({key: value for key, name in names.items() if (value := getattr(entry, name))})
    for key, name in _VALUES.items():
        if value := getattr(entry, name):
            raw[key] = to_checkpoint(value, encrypt)
    return {**raw, **entry.extra}


def parse_entry(raw: dict[str, Any], manager: PassphraseManager | None) -> ResourceEntry:
    """One entry from JSON (the journal's records)."""

    def decrypt(text: str) -> str:
        if manager is None:
            raise StateError("the journal's secrets need the stack's passphrase")
        return manager.decrypt(text)

    return _entry(raw, decrypt, "journal")

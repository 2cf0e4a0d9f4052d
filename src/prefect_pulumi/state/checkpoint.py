"""The checkpoint file's format, version 3 (`apitype.VersionedCheckpoint`); pure."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.core.errors import PrefectPulumiError, StateError
from prefect_pulumi.core.values import SECRET, SIGNATURE, from_checkpoint, to_checkpoint
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot
from prefect_pulumi.state.secrets import PROVIDER, PassphraseManager, other_provider

VERSION = 3
MANIFEST_VERSION = "v3.256.0"
"""The official CLI whose rules this writer follows; its SHA-256 is the manifest's `magic`."""

RESTORE = "pulumi state repair, or restore a backup"

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
_FORMS: tuple[tuple[dict[str, str], Any], ...] = ((_TEXTS, str), (_FLAGS, bool), (_LISTS, list), (_MAPS, dict))
_KNOWN = {"urn", "type", "custom", "aliases", *_TEXTS, *_FLAGS, *_LISTS, *_MAPS, *_VALUES}


def parse(
    data: bytes,
    manager: PassphraseManager | None,
    where: str = "",
    *,
    decrypt: Callable[[str], str] | None = None,
) -> Snapshot:
    """The snapshot in a checkpoint file (gzip is recognised). Raises `StateError` with the place of the fault.

    `decrypt` stands in for the manager's own, for those who only look at the form.
    """
    deployment, salt = deployment_of(data, where)
    decrypt = decrypt or _decryption(manager, salt, where)
    resources = [
        _entry(raw, decrypt, f"{where}: resources[{i}]")
        for i, raw in enumerate(_list(deployment, "resources", where, dict))
    ]
    pending = [
        _pending(raw, decrypt, f"{where}: pending_operations[{i}]")
        for i, raw in enumerate(_list(deployment, "pending_operations", where, dict))
    ]
    snapshot = Snapshot(resources, pending, deployment.get("metadata") or {}, salt)
    faults = integrity.check(snapshot)
    if faults:
        raise StateError(f"the state is broken: {faults[0]}", where=where, remedy=RESTORE)
    return snapshot


def sound(data: bytes) -> bool:
    """Whether the CLI would read this file, as far as that is known without the passphrase."""
    try:
        parse(data, None, decrypt=lambda _: "null")
    except PrefectPulumiError:
        return False
    return True


def _pending(raw: dict[str, Any], decrypt: Callable[[str], str], where: str) -> PendingOperation:
    if not isinstance(raw.get("resource"), dict) or not isinstance(raw.get("type"), str):
        raise StateError("resource or type is missing", where=where, remedy=RESTORE)
    return PendingOperation(_entry(raw["resource"], decrypt, where), raw["type"])


def _list(raw: dict[str, Any], key: str, where: str, kind: type) -> list[Any]:
    """A list of `kind`; absent or null is empty."""
    items = raw.get(key)
    if items is None:
        return []
    if not isinstance(items, list):
        raise _wrong_type(key, items, "a list", where)
    for index, item in enumerate(items):
        if not isinstance(item, kind):
            raise _wrong_type(f"{key}[{index}]", item, _TYPE_NAMES[kind], where)
    return items


def _decryption(manager: PassphraseManager | None, salt: str, where: str) -> Callable[[str], str]:
    def decrypt(text: str) -> str:
        if not salt:
            raise StateError("the state holds secrets but names no secrets provider", where=where, remedy=RESTORE)
        if manager is None:
            raise StateError("the state's secrets need the stack's passphrase", where=where)
        if manager.salt_text.split(":")[1] != salt.split(":")[1]:
            return manager_for_salt(manager, salt).decrypt(text)
        return manager.decrypt(text)

    return decrypt


def manager_for_salt(manager: PassphraseManager, salt: str) -> PassphraseManager:
    """The same passphrase under another salt: a stack file may have been given a new one since."""
    return PassphraseManager.open(manager._passphrase, salt)


def salt_of(data: bytes, where: str = "") -> str:
    """The salt text of a checkpoint, without decrypting anything; "" when it has none."""
    return deployment_of(data, where)[1]


def deployment_of(data: bytes, where: str) -> tuple[dict[str, Any], str]:
    """The file's `deployment` object and the salt text of its secrets, nothing decrypted. Raises `StateError`."""
    try:
        document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise StateError(f"the state is not JSON: {error}", where=where, remedy=RESTORE) from error
    if not isinstance(document, dict):
        raise _wrong_type("the state", document, "an object", where)
    version = document.get("version", VERSION)
    if not isinstance(version, int):
        raise _wrong_type("version", version, "a whole number", where)
    if version > 4 or version < 3 or (version == 4 and document.get("features")):
        features = ", ".join(map(str, document.get("features") or [])) or "a newer format"
        raise StateError(f"version {version} ({features}) is for the official CLI", where=where, remedy="use pulumi")
    deployment = _object(_object(document, "checkpoint", where), "latest", where)
    manifest = _object(deployment, "manifest", where)
    if manifest.get("magic", "") != _magic(str(manifest.get("version", ""))):
        raise StateError("the manifest's magic does not fit its version", where=where, remedy=RESTORE)
    provider = _object(deployment, "secrets_providers", where)
    settings = _object(provider, "state", where)
    if provider.get("type") not in {None, "", PROVIDER}:
        is_key_service = provider["type"] == "cloud"
        name = settings.get("url") if is_key_service else provider["type"]
        raise other_provider(name, f"{where}: secrets_providers")
    salt = settings.get("salt", "")
    if not isinstance(salt, str) or (salt and salt.count(":") < 2):
        raise StateError("secrets_providers.state.salt is not a salt", where=where, remedy=RESTORE)
    return deployment, salt


def _object(raw: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    mapping = raw.get(key)
    if mapping is None:
        return {}
    if not isinstance(mapping, dict):
        raise _wrong_type(key, mapping, "an object", where)
    return mapping


def _magic(version: str) -> str:
    return hashlib.sha256(version.encode()).hexdigest() if version else ""


def _entry(raw: dict[str, Any], decrypt: Callable[[str], str], where: str) -> ResourceEntry:
    urn, type = raw.get("urn"), raw.get("type")
    if not urn or not type or not isinstance(urn, str) or not isinstance(type, str):
        raise StateError("urn or type is missing", where=where, remedy=RESTORE)
    where = f"{where} {urn}"
    fields: dict[str, Any] = {}
    for names, kind in _FORMS:
        for key, name in names.items():
            value = raw.get(key)
            if value is None:
                continue
            if not isinstance(value, kind):
                raise _wrong_type(key, value, _TYPE_NAMES[kind], where)
            fields[name] = value
    _well_formed(fields, where)
    for key, name in _VALUES.items():
        try:
            fields[name] = {k: from_checkpoint(v, decrypt) for k, v in _object(raw, key, where).items()}
        except StateError as error:
            error.where = error.where or f"{where}: {key}"
            error.remedy = error.remedy or RESTORE
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise StateError(f"a value is broken: {error}", where=f"{where}: {key}", remedy=RESTORE) from error
    extra = {key: value for key, value in raw.items() if key not in _KNOWN}
    return ResourceEntry(urn, type, bool(raw.get("custom")), **fields, extra=extra)


def _well_formed(fields: dict[str, Any], where: str) -> None:
    """Checks the members of lists and maps; a null list of URNs counts as empty."""
    urns = fields.get("property_dependencies", {})
    lists = {key: fields[name] for key, name in _LISTS.items() if name in fields}
    lists.update({f"propertyDependencies.{key}": listed for key, listed in urns.items()})
    for key, listed in lists.items():
        if not isinstance(listed, list | None):
            raise _wrong_type(key, listed, "a list", where)
        for index, text in enumerate(listed or ()):
            if not isinstance(text, str):
                raise _wrong_type(f"{key}[{index}]", text, "a string", where)
    if urns:
        fields["property_dependencies"] = {key: listed or [] for key, listed in urns.items()}
    for key, seconds in fields.get("custom_timeouts", {}).items():
        if not isinstance(seconds, int | float):
            raise _wrong_type(f"customTimeouts.{key}", seconds, "a number", where)


_TYPE_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _wrong_type(key: str, value: Any, expected: str, where: str) -> StateError:
    actual = _TYPE_NAMES.get(type(value), type(value).__name__)
    return StateError(f"{key} has the wrong type: expected {expected}, got {actual}", where=where, remedy=RESTORE)


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
            {"resource": _rendered(operation.resource, manager, show_secrets), "type": operation.type}
            for operation in snapshot.pending_operations
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


def parse_entry(raw: dict[str, Any], manager: PassphraseManager | None, where: str = "") -> ResourceEntry:
    """One entry from JSON (the journal's records)."""

    def decrypt(text: str) -> str:
        if manager is None:
            raise StateError("the journal's secrets need the stack's passphrase")
        return manager.decrypt(text)

    return _entry(raw, decrypt, where)

"""Property values: plain JSON values, and the few that JSON has no word for. Pure.

One place translates them to and from the wire (`google.protobuf.Struct`, provider.proto and resource.proto) and
the checkpoint's JSON. Numbers without a fraction are ints, as the program wrote them.
"""

from __future__ import annotations

import base64
import json
import math
import struct as binary
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from prefect_pulumi.core.errors import StateError

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public marker of the format
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
BYTES: Final = "803fd3297a5875dc03ca845dda5d2a98"
SPECIAL_FLOAT: Final = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_TYPED_UNKNOWNS: Final = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
MASK: Final = "[secret]"


class Unknown:
    """A value that only an update will know. There is one: `UNKNOWN`."""

    _one: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false")

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted at rest and never shown."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """Another resource. `id` None: a component; UNKNOWN: not made yet."""

    urn: str
    id: str | Unknown | None = None
    package_version: str = ""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its `text`, `path` or `uri`, or only the `hash` (SHA-256, hex) of elided content."""

    text: str | None = None
    path: str | None = None
    uri: str | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """A bundle: its `assets` by name, a `path` or `uri`, or only the `hash` of elided content."""

    assets: Mapping[str, Any] | None = None
    path: str | None = None
    uri: str | None = None
    hash: str = ""


def secret(value: Any) -> Secret:
    """`value` marked secret once."""
    return value if isinstance(value, Secret) else Secret(value)


# The wire


def from_struct(message: Struct) -> dict[str, Any]:
    """A property map from its wire form."""
    return {key: _from_value(value) for key, value in message.fields.items()}


def _from_value(message: Value) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if message.string_value in _TYPED_UNKNOWNS else message.string_value
    if kind == "number_value":
        return _number(message.number_value)
    if kind == "bool_value":
        return message.bool_value
    if kind == "struct_value":
        fields = message.struct_value.fields
        if SIGNATURE in fields:
            return _from_signed({key: _from_value(value) for key, value in fields.items()})
        return {key: _from_value(value) for key, value in fields.items()}
    if kind == "list_value":
        return [_from_value(value) for value in message.list_value.values]
    return None


def _number(number: float) -> int | float:
    if math.isfinite(number) and number == int(number) and abs(number) <= 2**53:
        return int(number)
    return number


def _from_signed(fields: dict[str, Any]) -> Any:
    """A marked object whose parts are already values; shared by wire and checkpoint."""
    signature = fields[SIGNATURE]
    if signature == SECRET:
        return secret(fields.get("value"))
    if signature == OUTPUT:
        value = fields.get("value", UNKNOWN)
        return secret(value) if fields.get("secret") else value
    if signature == REFERENCE:
        id = fields.get("id")
        return ResourceReference(fields["urn"], UNKNOWN if id == "" else id, fields.get("packageVersion", ""))
    if signature == ASSET:
        return Asset(fields.get("text"), fields.get("path"), fields.get("uri"), fields.get("hash", ""))
    if signature == ARCHIVE:
        return Archive(fields.get("assets"), fields.get("path"), fields.get("uri"), fields.get("hash", ""))
    if signature == BYTES:
        return base64.b64decode(fields["value"])
    if signature == SPECIAL_FLOAT:
        return binary.unpack(">d", bytes.fromhex(fields["value"]))[0]
    raise StateError(f"a value has the unknown signature {signature!r}")


def to_struct(props: Mapping[str, Any], *, keep_secrets: bool = True) -> Struct:
    """A property map in its wire form; without `keep_secrets` the marks are left out, the values stay."""
    from google.protobuf.struct_pb2 import Struct

    message = Struct()
    for key, value in props.items():
        _into_value(message.fields[key], value, keep_secrets)
    return message


def _into_value(message: Value, value: Any, keep_secrets: bool) -> None:
    if value is None:
        message.null_value = 0  # type: ignore[assignment]
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, Unknown):
        message.string_value = UNKNOWN_TEXT
    elif isinstance(value, Mapping):
        message.struct_value.SetInParent()
        for key, item in value.items():
            _into_value(message.struct_value.fields[key], item, keep_secrets)
    elif isinstance(value, list | tuple):
        message.list_value.SetInParent()
        for item in value:
            _into_value(message.list_value.values.add(), item, keep_secrets)
    elif isinstance(value, Secret):
        inner = {SIGNATURE: SECRET, "value": value.value} if keep_secrets else value.value
        _into_value(message, inner, keep_secrets)
    else:
        _into_value(message, _signed(value), keep_secrets)


def _signed(value: Any) -> dict[str, Any]:
    """The marked object of a reference, asset, archive or byte string."""
    if isinstance(value, ResourceReference):
        id = {} if value.id is None else {"id": "" if isinstance(value.id, Unknown) else value.id}
        return {SIGNATURE: REFERENCE, "urn": value.urn, "packageVersion": value.package_version, **id}
    if isinstance(value, Asset | Archive):
        marked: dict[str, Any] = {SIGNATURE: ASSET if isinstance(value, Asset) else ARCHIVE}
        names = ("text", "path", "uri") if isinstance(value, Asset) else ("assets", "path", "uri")
        marked.update({name: getattr(value, name) for name in names if getattr(value, name) is not None})
        return {**marked, "hash": value.hash} if value.hash else marked
    if isinstance(value, bytes):
        return {SIGNATURE: BYTES, "value": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} is not a property value")


# The checkpoint


def to_checkpoint(value: Any, encrypt: Callable[[str], str]) -> Any:
    """JSON as the state file holds it. A secret's plaintext is the JSON text of its value."""
    if isinstance(value, Mapping):
        return {key: to_checkpoint(item, encrypt) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_checkpoint(item, encrypt) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return _number(value)
        return {SIGNATURE: SPECIAL_FLOAT, "value": binary.pack(">d", value).hex()}
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        # Inner marks stay objects with readable text: the whole is encrypted already.
        plain = json.dumps(to_checkpoint(value.value, lambda text: text), ensure_ascii=False, separators=(",", ":"))
        return {SIGNATURE: SECRET, "ciphertext": encrypt(plain)}
    return to_checkpoint(_signed(value), encrypt)


def from_checkpoint(value: Any, decrypt: Callable[[str], str]) -> Any:
    """A value from the state file's JSON. Raises `StateError` for what the official engine refuses too."""
    if isinstance(value, str):
        return UNKNOWN if value in _TYPED_UNKNOWNS else value
    if isinstance(value, list):
        return [from_checkpoint(item, decrypt) for item in value]
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) == SECRET:
        if ("ciphertext" in value) == ("plaintext" in value):
            raise StateError("a secret needs either ciphertext or plaintext")
        text = value["plaintext"] if "plaintext" in value else decrypt(value["ciphertext"])
        try:
            return secret(from_checkpoint(json.loads(text), lambda inner: inner))
        except ValueError as error:
            raise StateError("a secret's plaintext is not JSON") from error
    if SIGNATURE in value:
        return _from_signed({key: from_checkpoint(item, decrypt) for key, item in value.items()})
    return {key: from_checkpoint(item, decrypt) for key, item in value.items()}


# Looking at values


def unwrap(value: Any) -> Any:
    """The value without any secret mark, at every depth."""
    if isinstance(value, Secret):
        return unwrap(value.value)
    if isinstance(value, Mapping):
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [unwrap(item) for item in value]
    return value


def has_secret(value: Any) -> bool:
    return _any(value, Secret)


def has_unknown(value: Any) -> bool:
    return _any(value, Unknown)


def _any(value: Any, kind: type) -> bool:
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return _any(value.value, kind)
    if isinstance(value, Mapping):
        return any(_any(item, kind) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_any(item, kind) for item in value)
    return isinstance(value, ResourceReference) and isinstance(value.id, kind)


def secret_keys(props: Mapping[str, Any]) -> set[str]:
    """Top-level names that hold a secret at any depth."""
    return {key for key, value in props.items() if has_secret(value)}


def secrets_in(value: Any) -> Iterator[Any]:
    """What each secret mark holds, at any depth; marks inside of a mark are part of what it holds."""
    if isinstance(value, Secret):
        yield value.value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)


def leaves_in(value: Any) -> Iterator[Any]:
    """Everything at any depth that holds nothing else, what is inside of secrets too; keys are none."""
    if isinstance(value, Secret):
        yield from leaves_in(value.value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves_in(item)
    else:
        yield value


def texts_in(value: Any) -> Iterator[str]:
    """Every text among the leaves."""
    return (leaf for leaf in leaves_in(value) if isinstance(leaf, str))


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Plain data in which every text, keys included, went through `change`."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): with_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_texts(item, change) for item in value]
    return value


def mask(value: Any) -> Any:
    """The value as JSON for eyes: secrets read "[secret]", unknowns "[unknown]"."""
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Unknown):
        return "[unknown]"
    if isinstance(value, Mapping):
        return {key: mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return mask({key: item for key, item in _signed(value).items() if key != SIGNATURE})


def identical(a: Any, b: Any) -> bool:
    """`same`, and the same parts of both are secret."""
    if isinstance(a, Secret) or isinstance(b, Secret):
        return isinstance(a, Secret) and isinstance(b, Secret) and same(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(identical(item, b[key]) for key, item in a.items())
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(identical(x, y) for x, y in zip(a, b, strict=True))
    return same(a, b)


def same(a: Any, b: Any) -> bool:
    """Deep equality; secret marks do not count, 1 equals 1.0, True does not equal 1."""
    a = a.value if isinstance(a, Secret) else a
    b = b.value if isinstance(b, Secret) else b
    if isinstance(a, Secret) or isinstance(b, Secret):
        return same(a, b)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return a is b
    return bool(a == b)

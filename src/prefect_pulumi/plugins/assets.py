"""What a plugin gets of a value: marks it does not know taken off, asset contents left out where only a hash counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.values import (
    UNKNOWN,
    Archive,
    Asset,
    ResourceReference,
    Secret,
    has_secret,
    mask,
    secret,
    unwrap,
)


def outgoing(props: Mapping[str, Any], *, resources: bool, elide: bool) -> dict[str, Any]:
    """`props` as a provider takes them. `resources`: it knows references; else it gets their id, a component's URN.

    `elide`: assets that have a hash travel without their content (Diff, Read, Delete and the old side of Update).
    """
    return {key: _outgoing(value, resources, elide) for key, value in props.items()}


def _outgoing(value: Any, resources: bool, elide: bool) -> Any:
    if isinstance(value, Secret):
        return Secret(_outgoing(value.value, resources, elide))
    if isinstance(value, ResourceReference) and not resources:
        return value.urn if value.id is None else value.id
    if isinstance(value, Asset) and elide and value.hash:
        return Asset(hash=value.hash)
    if isinstance(value, Archive):
        if elide and value.hash:
            return Archive(hash=value.hash)
        if value.assets is not None:
            return replace(value, assets={k: _outgoing(v, resources, elide) for k, v in value.assets.items()})
        return value
    if isinstance(value, Mapping):
        return {key: _outgoing(item, resources, elide) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_outgoing(item, resources, elide) for item in value]
    return value


def rewrapped(outs: Mapping[str, Any], ins: Mapping[str, Any]) -> dict[str, Any]:
    """`outs` with the secret marks of same-named `ins` put back, for providers that do not take secrets."""
    result = dict(outs)
    for key, given in ins.items():
        if key not in result:
            continue
        value = result[key]
        if isinstance(value, Mapping) and isinstance(given, Mapping):
            result[key] = rewrapped(value, given)
        elif has_secret(given):
            result[key] = secret(value)
    return result


def restored(outs: Mapping[str, Any], ins: Mapping[str, Any]) -> dict[str, Any]:
    """`outs` in which assets that came back as a hash alone have the content that the same-named input has."""
    known = {asset.hash: asset for asset in _assets(ins) if asset.hash}
    return {key: _restored(value, known) for key, value in outs.items()} if known else dict(outs)


def _assets(value: Any) -> list[Asset | Archive]:
    if isinstance(value, Asset | Archive):
        return [value]
    if isinstance(value, Secret):
        return _assets(value.value)
    if isinstance(value, Mapping):
        return [asset for item in value.values() for asset in _assets(item)]
    if isinstance(value, list | tuple):
        return [asset for item in value for asset in _assets(item)]
    return []


def _restored(value: Any, known: Mapping[str, Asset | Archive]) -> Any:
    if isinstance(value, Asset):
        bare = value.text is None and value.path is None and value.uri is None
        return known.get(value.hash, value) if bare else value
    if isinstance(value, Archive):
        bare = value.assets is None and value.path is None and value.uri is None
        return known.get(value.hash, value) if bare else value
    if isinstance(value, Secret):
        return Secret(_restored(value.value, known))
    if isinstance(value, Mapping):
        return {key: _restored(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_restored(item, known) for item in value]
    return value


def config_text(value: Any) -> str:
    """A configuration value as `ConfigureRequest.variables` carries it: text, other things as JSON."""
    plain = unwrap(value)
    if plain is UNKNOWN:
        return ""
    return plain if isinstance(plain, str) else json.dumps(mask(plain), separators=(",", ":"))

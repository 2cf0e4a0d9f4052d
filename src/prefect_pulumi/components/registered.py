"""Which resources a running program has declared so far: what the release comes after."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import register_stack_transformation

_DECLARED: WeakKeyDictionary[pulumi.Resource, list[pulumi.Resource]] = WeakKeyDictionary()
"""Of each running stack."""


def remember() -> None:
    """From here on every resource of the stack that runs is noted."""
    root = get_root_resource()
    if root is None or root in _DECLARED:
        return
    entries = _DECLARED.setdefault(root, [])

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        entries.append(args.resource)

    register_stack_transformation(note)


def declared() -> list[pulumi.Resource]:
    """What was declared since `remember`, in order; nothing outside of a stack."""
    root = get_root_resource()
    return list(_DECLARED.get(root, [])) if root is not None else []

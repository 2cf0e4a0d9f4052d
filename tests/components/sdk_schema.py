"""A Pulumi package's schema, as its Python SDK carries it: what each resource takes, by name, type and need.

The SDK's classes are generated from the package's schema, so their annotations say the same.
"""

from __future__ import annotations

import collections.abc
import enum
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from functools import cache
from typing import Any

from pulumi._types import input_type_py_to_pulumi_names, is_input_type

from prefect_pulumi.core.values import UNKNOWN, Secret


@cache
def resource_args(package: str) -> dict[str, type]:
    """Token -> the class of its arguments, of `pulumi_docker` or `pulumi_kubernetes`."""
    found: dict[str, type] = {}
    for module in _modules(importlib.import_module(package)):
        for name, cls in list(vars(module).items()):
            token = getattr(cls, "pulumi_type", None)
            if isinstance(cls, type) and cls.__module__ == module.__name__ and isinstance(token, str):
                args = getattr(module, f"{name}Args", None) or getattr(module, f"{name}InitArgs", None)
                if args is not None:
                    found[token] = args
    return found


def _modules(package: types.ModuleType) -> typing.Iterator[types.ModuleType]:
    yield package
    if not package.__name__.startswith("pulumi_kubernetes"):
        for info in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{info.name}")
        return
    for group in ("core.v1", "apps.v1", "rbac.v1", "helm.v3"):
        module = importlib.import_module(f"{package.__name__}.{group}")
        for info in pkgutil.iter_modules(module.__path__):
            yield importlib.import_module(f"{module.__name__}.{info.name}")


def faults(args: type, values: dict[str, Any]) -> list[str]:
    """What is wrong with a resource's inputs; unknown values are not judged."""
    return _object(args, values, "")


def _object(args: type, values: Any, path: str) -> list[str]:
    if not isinstance(values, dict):
        return [f"{path}: must be an object"]
    names = input_type_py_to_pulumi_names(args)
    initializer: Any = args.__init__  # type: ignore[misc]
    # `Input` itself names its parts by forward references of the SDK's own module.
    scope = {**vars(sys.modules["pulumi.output"]), **vars(sys.modules[args.__module__])}
    hints = typing.get_type_hints(initializer, scope)
    parameters = inspect.signature(initializer).parameters
    takes = {names.get(name, name): (hints[name], parameters[name]) for name in parameters if name in hints}
    found = [f"{path}{name}: unknown property" for name in values if name not in takes and name != "__defaults"]
    for name, (hint, parameter) in takes.items():
        if name not in values:
            if parameter.default is inspect.Parameter.empty:
                found.append(f"{path}{name}: required")
            continue
        found += _value(hint, values[name], f"{path}{name}")
    return found


def _value(hint: Any, value: Any, path: str) -> list[str]:
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None:
        return []
    choices = [choice for choice in _choices(hint) if choice is not type(None)]
    reasons: list[str] = []
    for choice in choices:
        wrong = _one(choice, value, path)
        if not wrong:
            return []
        reasons += wrong
    return reasons


def _choices(hint: Any) -> list[Any]:
    """The plain types of an `Input[Optional[Union[...]]]`."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return [choice for part in typing.get_args(hint) for choice in _choices(part)]
    if (origin is not None and "Awaitable" in str(origin)) or "Output" in str(origin):
        return []
    return [hint]


def _one(hint: Any, value: Any, path: str) -> list[str]:
    origin = typing.get_origin(hint)
    if hint is Any or typing.is_typeddict(hint):
        return [] if hint is Any else [f"{path}: not of the expected type"]
    if origin in (list, collections.abc.Sequence):
        if not isinstance(value, list):
            return [f"{path}: must be a list"]
        (item,) = typing.get_args(hint)
        return [fault for index, each in enumerate(value) for fault in _value(item, each, f"{path}[{index}]")]
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{path}: must be an object"]
        _, item = typing.get_args(hint)
        return [fault for key, each in value.items() for fault in _value(item, each, f"{path}.{key}")]
    if isinstance(hint, type) and is_input_type(hint):
        return _object(hint, value, f"{path}.")
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        known = [member.value for member in hint]
        return [] if value in known else [f"{path}: {value!r} is none of {known}"]
    if origin is typing.Literal:
        return [] if value in typing.get_args(hint) else [f"{path}: {value!r} is none of {typing.get_args(hint)}"]
    assert origin is None, f"the check does not know {hint}"
    wanted = (int, float) if hint is float else hint
    good = isinstance(value, wanted) and (hint is bool or not isinstance(value, bool))
    return [] if good else [f"{path}: {value!r} is not of type {getattr(hint, '__name__', hint)}"]

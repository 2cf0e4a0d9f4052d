"""Shared ground of the generated classes: property names are camelCase on the wire, snake_case in Python."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias, TypeVar

import pulumi

InvokeOpts: TypeAlias = pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None


class PrefectResource(pulumi.CustomResource):
    """A resource of package `prefect`.

    Properties travel under their wire names, so no key inside a user's own value is ever translated.
    """

    pulumi_type: ClassVar[str]
    _wire_names: ClassVar[Mapping[str, str]] = {}
    _secret_names: ClassVar[tuple[str, ...]] = ()

    def _begin(self, resource_name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        """Registers (or, when `opts.id` is set, reads) the resource."""
        if opts is not None and not isinstance(opts, pulumi.ResourceOptions):
            raise TypeError("opts must be a pulumi.ResourceOptions")
        props: dict[str, Any] = dict.fromkeys(self._wire_names.values())
        props.update(inputs)
        for name in self._secret_names:
            if props[name] is not None:
                props[name] = pulumi.Output.secret(props[name])
        super().__init__(self.pulumi_type, resource_name, props, self._options(opts))

    @classmethod
    def _options(cls, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        options = copy.copy(opts) if opts is not None else pulumi.ResourceOptions()
        if isinstance(options.ignore_changes, list):
            options.ignore_changes = [cls._wire_path(path) for path in options.ignore_changes]
        if isinstance(options.replace_on_changes, list):
            options.replace_on_changes = [cls._wire_path(path) for path in options.replace_on_changes]
        secrets = [cls._wire_path(path) for path in options.additional_secret_outputs or []]
        options.additional_secret_outputs = list(dict.fromkeys([*secrets, *cls._secret_names])) or None
        return options

    @classmethod
    def _wire_path(cls, path: str) -> str:
        """`base_job_template.variables` -> `baseJobTemplate.variables`; what is inside a value stays as it is."""
        end = min((index for index in (path.find("."), path.find("[")) if index > 0), default=len(path))
        return cls._wire_names.get(path[:end], path[:end]) + path[end:]

    def _output(self, wire: str) -> pulumi.Output[Any]:
        value: pulumi.Output[Any] = self.__dict__[wire]
        return value


R = TypeVar("R", bound=PrefectResource)


def read(
    cls: type[R],
    resource_name: str,
    id: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None,
) -> R:
    """An existing object as a resource that Pulumi reads and does not manage."""
    options = copy.copy(opts) if opts is not None else pulumi.ResourceOptions()
    options.id = id
    resource = cls.__new__(cls)
    resource._begin(resource_name, {}, options)
    return resource


def call_one(token: str, args: Mapping[str, Any], names: Mapping[str, str], opts: InvokeOpts) -> pulumi.Output[Any]:
    """Runs a function that gets one object: its properties by their Python names. In a preview of a server that is
    still to be made they are None."""

    def renamed(result: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": result.get("id"), **{name: result.get(wire) for name, wire in names.items()}}

    return pulumi.runtime.invoke_output(token, dict(args), opts).apply(renamed)


def call_many(token: str, args: Mapping[str, Any], names: Mapping[str, str], opts: InvokeOpts) -> pulumi.Output[Any]:
    """Runs a function that lists objects: each as `call_one` gives it."""

    def renamed(result: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = result.get("items") or []
        return [{"id": row["id"], **{name: row.get(wire) for name, wire in names.items()}} for row in rows]

    return pulumi.runtime.invoke_output(token, dict(args), opts).apply(renamed)

"""What every kind shares: field metadata, the description of fields, and input checks with clear words."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from prefect_pulumi.core.suggestions import is_unknown_key

PACKAGE = "prefect"


@dataclass(frozen=True, slots=True)
class Meta:
    """How Pulumi treats a field; given as an `Annotated` marker.

    `replaces`: a change makes a new object, since no route updates it.
    `secret`: encrypted in the state and masked wherever it is shown.
    `output`: set by the server or the provider, refused as an input.
    `computed`: an input that the provider's own check fills in, refused from the program.
    `logical_name`: left out, it becomes the logical name of the Pulumi resource.
    `server_default`: left out, the server decides; then it is stored but never compared.
    `removed`: what is sent when the field leaves the program (default: the field's default).
    `removal_replaces`: no route takes the value away, so its removal makes a new object.
    `shape`: name of the typed union in `automations.SHAPES` that the value, or each item of the list, is one of.
    """

    replaces: bool = False
    secret: bool = False
    output: bool = False
    computed: bool = False
    logical_name: bool = False
    server_default: bool = False
    removed: Any = None
    removal_replaces: bool = False
    shape: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a kind, as schema, resource classes, documentation and diffs need it.

    `type` is `str`, `int`, `float`, `bool`, `list`, `dict` or `any`; `item` the element type of a list or dict.
    `choices` are the only values that a string may have; empty: any.
    """

    wire: str
    attribute: str
    type: str
    item: str
    required: bool
    default: Any
    nullable: bool
    description: str
    meta: Meta
    choices: tuple[str, ...] = ()

    @property
    def is_input(self) -> bool:
        return not self.meta.output

    @property
    def from_program(self) -> bool:
        return not (self.meta.output or self.meta.computed)


@dataclass(frozen=True, slots=True)
class Fault:
    """A refused input: `property` is its path on the wire ("" for the whole), `reason` complete in itself."""

    property: str
    reason: str


class Kind(BaseModel):
    """The desired state of one Prefect object. Attributes are snake_case here and camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    kind: ClassVar[str]
    """Last part of the token."""
    faults: ClassVar[tuple[str, ...]] = ()
    """What goes wrong with it and what is said then, for the reference."""
    example: ClassVar[str] = ""
    """A Python program's lines that declare one."""
    on_server: ClassVar[bool] = True
    """Whether it is an object of the Prefect API, and not something that runs on this machine."""
    import_id: ClassVar[str] = "name"
    """Which human id `import` accepts besides the server's UUID; "" when it cannot be imported."""

    @classmethod
    def token(cls) -> str:
        return f"{PACKAGE}:index:{cls.kind}"

    @classmethod
    def fields(cls) -> tuple[FieldSpec, ...]:
        return _fields(cls)

    @classmethod
    def inputs(cls) -> tuple[FieldSpec, ...]:
        return tuple(spec for spec in _fields(cls) if spec.is_input)

    @classmethod
    def field(cls, wire: str) -> FieldSpec | None:
        return _by_wire(cls).get(wire)

    @classmethod
    def check(cls, values: Mapping[str, Any], unknown: Collection[str] = ()) -> list[Fault]:
        """Faults of plain `values` (wire names, no secrets, no unknowns).

        `unknown` names the properties whose value is not known yet: these are not judged. Checks over several
        fields run only when all are known.
        """
        try:
            cls.model_validate(dict(values))
        except ValidationError as error:
            return list(_faults(cls, error, unknown))
        return []


@cache
def _fields(model: type[Kind]) -> tuple[FieldSpec, ...]:
    return tuple(_spec(name, info) for name, info in model.model_fields.items())


@cache
def _by_wire(model: type[Kind]) -> dict[str, FieldSpec]:
    return {spec.wire: spec for spec in _fields(model)}


def _spec(attribute: str, info: FieldInfo) -> FieldSpec:
    kind, item, nullable = _type_of(info.annotation)
    default = None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})
    return FieldSpec(
        wire=info.alias or attribute,
        attribute=attribute,
        type=kind,
        item=item,
        required=info.is_required(),
        default=default,
        nullable=nullable,
        description=info.description or "",
        meta=next((mark for mark in info.metadata if isinstance(mark, Meta)), Meta()),
        choices=_choices(info.annotation),
    )


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((choices for argument in get_args(annotation) if (choices := _choices(argument))), ())


def _type_of(annotation: Any) -> tuple[str, str, bool]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_of(arguments[0])
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        kind, item, _ = _type_of(rest[0]) if len(rest) == 1 else ("any", "", True)
        return kind, item, type(None) in arguments
    if origin in (list, tuple):
        return "list", _type_of(arguments[0])[0], False
    if origin is dict:
        item = _type_of(arguments[1])[0]
        return "dict", "any" if item == "list" else item, False
    if origin is Literal:
        return "str", "", False
    if annotation is Any:
        return "any", "", True
    return annotation.__name__, "", False


def _faults(model: type[Kind], error: ValidationError, unknown: Collection[str]) -> list[Fault]:
    faults: list[Fault] = []
    for item in error.errors(include_url=False, include_context=True):
        location = item["loc"]
        top = str(location[0]) if location else ""
        if top in unknown:
            continue
        fault = Fault(path_of(location), _reason(model, top, item))
        if fault not in faults:
            faults.append(fault)
    return faults


def path_of(location: tuple[int | str, ...]) -> str:
    """Pulumi's property path of a pydantic location: `("tags", 0)` -> `tags[0]`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


_WORDS: dict[str, Callable[[str, str], str]] = {
    "missing": lambda kind, name: f"{kind} needs '{name}'; set it in the program",
    "string_type": lambda _, name: f"'{name}' must be a string",
    "int_type": lambda _, name: f"'{name}' must be a whole number",
    "bool_type": lambda _, name: f"'{name}' must be true or false",
    "float_type": lambda _, name: f"'{name}' must be a number",
    "list_type": lambda _, name: f"'{name}' must be a list",
    "tuple_type": lambda _, name: f"'{name}' must be a list",
    "dict_type": lambda _, name: f"'{name}' must be an object (a mapping from names to values)",
}


def _reason(model: type[Kind], name: str, fault: Mapping[str, Any]) -> str:
    code = fault["type"]
    if is_unknown_key(fault):
        known = ", ".join(spec.wire for spec in model.fields() if spec.from_program)
        return f"{model.kind} has no property '{name}'; it has: {known}"
    if code in _WORDS:
        return _WORDS[code](model.kind, name)
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message if f"'{name}'" in message or not name else f"'{name}': {message}"

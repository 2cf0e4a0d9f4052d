"""The example of a kind, a line of Python, in the other languages: for the pages and for the package schema."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.models import Kind, ProviderConfig

WIDTH = 90
"""Of a TypeScript statement on one line."""


@dataclass(frozen=True)
class Reference:
    """What another resource gives, such as `pool.name`."""

    owner: str
    name: str

    @property
    def wire(self) -> str:
        return re.sub(r"_(\w)", lambda match: match[1].upper(), self.name)


@dataclass(frozen=True)
class Secret:
    """A secret of the stack's config."""

    key: str


@dataclass(frozen=True)
class Example:
    """`inputs`: name on the wire -> value."""

    kind: str
    name: str
    inputs: Mapping[str, Any]

    @property
    def secrets(self) -> list[str]:
        return [value.key for value in self.inputs.values() if isinstance(value, Secret)]


def example_of(model: type[Kind]) -> Example:
    call = ast.parse(model.example, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(f"the example of {model.kind} is no call: {model.example}")
    wire = {spec.attribute.rstrip("_"): spec.wire for spec in model.fields()}
    inputs = {wire[str(keyword.arg)]: _value(keyword.value) for keyword in call.keywords}
    return Example(model.kind, str(_value(call.args[0])), inputs)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return Reference(owner, name)
        case ast.Call(func=ast.Attribute(attr="require_secret"), args=[ast.Constant(value=str(key))]):
            return Secret(key)
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True) if key is not None}
    return ast.literal_eval(node)


def as_yaml(example: Example) -> str:
    """A Pulumi YAML program's part."""
    token = "pulumi:providers:prefect" if example.kind == ProviderConfig.kind else f"prefect:{example.kind}"
    lines = [f"config:\n  {key}:\n    type: string\n    secret: true" for key in example.secrets]
    lines += ["resources:", f"  {example.name}:", f"    type: {token}", "    properties:"]
    lines += [f"      {name}: {_yaml(value)}" for name, value in example.inputs.items()]
    return "\n".join(lines) + "\n"


def _yaml(value: Any) -> str:
    match value:
        case Reference(owner=owner):
            return f"${{{owner}.{value.wire}}}"
        case Secret(key=key):
            return f"${{{key}}}"
        case list():
            return f"[{', '.join(map(_yaml_item, value))}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_yaml_item(item)}" for key, item in value.items()) + "}"
        case str() if re.fullmatch(r"[A-Za-z][\w./-]*", value) and value not in ("true", "false", "null", "yes", "no"):
            return value
    return json.dumps(value)


def _yaml_item(value: Any) -> str:
    """In a flow collection a reference needs quotes, since braces are its own."""
    return json.dumps(_yaml(value)) if isinstance(value, Reference | Secret) else _yaml(value)


def as_typescript(example: Example) -> str:
    head = 'import * as prefect from "@prefect-pulumi/prefect";\n'
    if example.secrets:
        head = f'import * as pulumi from "@pulumi/pulumi";\n{head}\nconst config = new pulumi.Config();\n'
    inputs = [f"{name}: {_typescript(value)}" for name, value in example.inputs.items()]
    start = f"new prefect.{example.kind}({json.dumps(example.name)}, {{"
    line = f"{start} {', '.join(inputs)} }});"
    if len(line) > WIDTH:
        line = "\n".join([start, *(f"    {text}," for text in inputs), "});"])
    return f"{head}\n{line}\n"


def _typescript(value: Any) -> str:
    match value:
        case Reference(owner=owner):
            return f"{owner}.{value.wire}"
        case Secret(key=key):
            return f"config.requireSecret({json.dumps(key)})"
        case list():
            return f"[{', '.join(map(_typescript, value))}]"
        case dict():
            return "{ " + ", ".join(f"{_key(key)}: {_typescript(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)


def as_python(model: type[Kind]) -> str:
    config = "import pulumi\n" if "config." in model.example else ""
    line = "config = pulumi.Config()\n" if config else ""
    return f"{config}import pulumi_prefect as prefect\n\n{line}prefect.{model.example}\n"


def as_go(model: type[Kind]) -> str:
    """The body of the function that `pulumi.Run` gets."""
    example = example_of(model)
    secrets = 'cfg := config.New(ctx, "")\n' if example.secrets else ""
    inputs = ""
    for name, value in example.inputs.items():
        spec = model.field(name)
        text = _go(value)
        if spec is not None and spec.item == "str":
            text = re.sub(r"^pulumi\.(Map|Array)\{", r"pulumi.String\1{", text)
        inputs += f"\t{_pascal(name)}: {text},\n"
    call = f"prefect.New{example.kind}(ctx, {json.dumps(example.name)}, &prefect.{example.kind}Args{{\n{inputs}}})"
    return f"{secrets}_, err := {call}\nif err != nil {{\n\treturn err\n}}\n"


def _go(value: Any) -> str:
    match value:
        case Reference(owner=owner):
            return f"{owner}.ID()" if value.wire == "id" else f"{owner}.{_pascal(value.wire)}"
        case Secret(key=key):
            return f"cfg.RequireSecret({json.dumps(key)})"
        case list():
            kind = "StringArray" if all(isinstance(item, str) for item in value) else "Array"
            return f"pulumi.{kind}{{{', '.join(map(_go, value))}}}"
        case dict():
            return "pulumi.Map{" + ", ".join(f"{json.dumps(key)}: {_go(item)}" for key, item in value.items()) + "}"
        case bool():
            return f"pulumi.Bool({json.dumps(value)})"
        case int():
            return f"pulumi.Int({value})"
        case float():
            return f"pulumi.Float64({value})"
    return f"pulumi.String({json.dumps(value)})"


def as_csharp(example: Example) -> str:
    secrets = "var config = new Pulumi.Config();\n" if example.secrets else ""
    inputs = "".join(f"    {_pascal(name)} = {_csharp(value)},\n" for name, value in example.inputs.items())
    return f"{secrets}new Pulumi.Prefect.{example.kind}({json.dumps(example.name)}, new()\n{{\n{inputs}}});\n"


def _csharp(value: Any) -> str:
    match value:
        case Reference(owner=owner):
            return f"{owner}.{_pascal(value.wire)}"
        case Secret(key=key):
            return f"config.RequireSecret({json.dumps(key)})"
        case list():
            return f"new[] {{ {', '.join(map(_csharp, value))} }}"
        case dict():
            items = ", ".join(f"[{json.dumps(key)}] = {_csharp(item)}" for key, item in value.items())
            return f"new Dictionary<string, object?> {{ {items} }}"
    return json.dumps(value)


def as_java(example: Example) -> str:
    """In the function that `Pulumi.run` gets."""
    secrets = "var config = ctx.config();\n" if example.secrets else ""
    inputs = "".join(f"    .{name}({_java(value)})\n" for name, value in example.inputs.items())
    call = f"{example.kind}Args.builder()\n{inputs}    .build()"
    return f"{secrets}new {example.kind}({json.dumps(example.name)}, {call});\n"


def _java(value: Any) -> str:
    match value:
        case Reference(owner=owner):
            return f"{owner}.{value.wire}()"
        case Secret(key=key):
            return f"config.requireSecret({json.dumps(key)})"
        case list():
            return f"List.of({', '.join(map(_java, value))})"
        case dict():
            return f"Map.of({', '.join(f'{json.dumps(key)}, {_java(item)}' for key, item in value.items())})"
    return json.dumps(value)


def _pascal(wire: str) -> str:
    return wire[0].upper() + wire[1:]


def example_usage(model: type[Kind]) -> str:
    """The section of a description that the Registry shows in the reader's language, and SDKs in their own."""
    example = example_of(model)
    texts = {
        "typescript": as_typescript(example),
        "python": as_python(model),
        "go": as_go(model),
        "csharp": as_csharp(example),
        "java": as_java(example),
        "yaml": as_yaml(example),
    }
    blocks = "\n".join(f"```{language}\n{text}```" for language, text in texts.items())
    return "\n".join(
        ["{{% examples %}}", "## Example Usage", "{{% example %}}", "", blocks, "{{% /example %}}", "{{% /examples %}}"]
    )

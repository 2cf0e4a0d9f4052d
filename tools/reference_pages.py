"""Pages of docs/reference that are written from the parser, the models of files, the errors and the results."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from pydantic import BaseModel

from prefect_pulumi.app import documents
from prefect_pulumi.app.init.project_files import TEMPLATES
from prefect_pulumi.cli.main import make_parser
from prefect_pulumi.core import errors
from prefect_pulumi.deploy.file.model import PrefectFile
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project.settings import Environment
from prefect_pulumi.review.rules import RulesFile

TEXTS = {
    errors.ExitCode.DONE: "done",
    errors.ExitCode.FAILED: "an operation failed",
    errors.ExitCode.BAD_INPUT: "bad input; nothing was changed",
    errors.ExitCode.CHANGES_FOUND: "changes or drift found where none were expected; a plan that is out of date",
    errors.ExitCode.CANNOT_CHECK: "could not check: server unreachable, state locked",
    errors.ExitCode.INTERRUPTED: "interrupted",
}
OUTPUTS = {
    "ui": "address of the server's dashboard",
    "pools": "list of the names of the declared work pools",
    "workers": "map of each pool to its workers: where they run, their image, their number",
    "deployments": "map of `flow/deployment` to its UUID",
    "release": "the [release record](#the-release-record); null for uncommitted files",
}
"""Of the program that `infra init` writes."""


def reference_pages() -> dict[str, str]:
    """File name -> text."""
    return {
        "cli.md": cli_page(),
        "exit-codes.md": exit_codes_page(),
        "outputs.md": outputs_page(),
        "stack-file.md": keys_page(
            "Keys of a stack file",
            Environment,
            "The keys under `environment` in `Pulumi.<stack>.yaml`. [Configuration](../configuration.md) says\n"
            "what each is for.",
        ),
        "review-yaml.md": keys_page(
            "Keys of review.yaml",
            RulesFile,
            "An example with all parts is in [drift and review](../review.md#reviewyaml).",
        ),
        "prefect-yaml.md": keys_page(
            "Keys of prefect.yaml",
            PrefectFile,
            "The same as [JSON schema](prefect.yaml.schema.json), for editors. What is refused and why is in\n"
            "[prefect.yaml](../prefect-yaml.md).",
        ),
    }


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]


def cli_page() -> str:
    """Every command with its options, in the groups of the help."""
    lines = [
        "# Command line",
        "",
        "Every command with its options, from the parser. [Commands](../commands.md) lists them",
    ]
    lines += ["by task; `infra COMMAND --help` says the same."]
    parser = make_parser()
    for title, names in parser._groups.items():
        lines += ["", f"## {title[0].upper()}{title[1:]}"]
        for name in names:
            for leaf in leaves(parser.commands.choices[name]):
                lines += command_section(leaf)
    return "\n".join(lines) + "\n"


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for child in group.choices.values():
            yield from leaves(child)


def command_section(parser: argparse.ArgumentParser) -> list[str]:
    text = parser.description or ""
    lines = ["", f"### {parser.prog}", "", f"{text[:1].upper()}{text[1:]}.", ""]
    rows = [
        (f"`{spelling(action)}`", plain(action.help or ""))
        for action in parser._actions
        if action.dest != "help" and action.help != argparse.SUPPRESS
    ]
    lines += table(("argument or option", "meaning"), rows) if rows else []
    if examples := [line.strip() for line in (parser.epilog or "").splitlines() if line.startswith("  infra ")]:
        lines += ["", "```sh", *examples, "```"]
    return lines


def spelling(action: argparse.Action) -> str:
    """An option with its value, an argument with brackets where it may be left out."""
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    if not action.option_strings:
        many = " ..." if action.nargs in ("*", "+") else ""
        return f"[{value}]{many}" if action.nargs in ("*", "?") else f"{value}{many}"
    return ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {value}")


def plain(text: str) -> str:
    """A help text without the signs that Markdown and argparse would read."""
    return text.replace("%%", "%").replace("<", "&lt;").replace("*", "\\*")


def exit_codes_page() -> str:
    lines = [
        "# Exit codes",
        "",
        "What `infra` returns to the shell, and the errors of the Python API that stand for it",
        "",
    ]
    lines[2] += ":"
    rows = []
    for code in errors.ExitCode:
        names = [
            name
            for name, error in inspect.getmembers(errors, inspect.isclass)
            if issubclass(error, errors.PrefectPulumiError) and error.exit_code is code
        ]
        shown = [name for name in names if name not in ("PrefectPulumiError", "ManyErrors")]
        rows.append((str(int(code)), TEXTS[code], ", ".join(f"`{name}`" for name in shown) or "-"))
    lines += table(("code", "meaning", "errors"), rows)
    lines += ["", "Several failures of one run end with the code of the gravest."]
    return "\n".join(lines) + "\n"


def outputs_page() -> str:
    program = (TEMPLATES / "infra" / "__main__.py").read_text("utf-8")
    exported = re.findall(r'^pulumi\.export\("(\w+)"', program, flags=re.MULTILINE)
    if exported != [*OUTPUTS]:
        raise ValueError(f"OUTPUTS describes {[*OUTPUTS]}, and the program exports {exported}")
    lines = [
        "# Outputs",
        "",
        "## Of the stack",
        "",
        "`infra outputs` prints them, `infra outputs NAME --json` one of them. They are those of the program that",
    ]
    lines += ["`infra init` writes; export others with `pulumi.export`.", ""]
    lines += table(("output", "value"), [(f"`{name}`", OUTPUTS[name]) for name in exported])
    lines += ["", "## The release record", "", *paragraph(ReleaseRecord), ""]
    rows = [
        (f"`{field.name}`", str(field.type).replace("Mapping", "map").replace("[str, ", " of ["))
        for field in fields(ReleaseRecord)
    ]
    lines += table(("key", "type"), [(name, map_words(text)) for name, text in rows])
    lines += [
        "",
        "## JSON documents",
        "",
        "What commands print with `--json`, and the keys at its top. Secret values read `[secret]`.",
        "",
    ]
    lines += table(("document", "keys"), list(document_rows()))
    return "\n".join(lines) + "\n"


def map_words(text: str) -> str:
    return {"str": "text", "map of [str]": "map of text", "map of [Any]": "object"}[text]


def document_rows() -> Iterator[tuple[str, ...]]:
    """The functions of `app.documents` that build a document with fixed keys."""
    names = {
        "update_document": "`preview`, `up`, `refresh`, `destroy`",
        "failure_document": "any command that fails",
        "import_document": "`import`",
        "init_document": "`init`",
        "history_document": "`stack history`, one for each update",
    }
    tree = ast.parse(inspect.getsource(documents))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            mappings = [literal_keys(inner) for inner in ast.walk(node) if isinstance(inner, ast.Dict)]
            keys = next(keys for keys in mappings if "result" in keys or "operation" in keys)
            yield names[node.name], ", ".join(f"`{key}`" for key in keys)


def literal_keys(mapping: ast.Dict) -> list[str]:
    return [str(key.value) for key in mapping.keys if isinstance(key, ast.Constant)]


def keys_page(title: str, model: type[BaseModel], introduction: str) -> str:
    """A section for each mapping of a file: its place, what it is, its keys."""
    schema = model.model_json_schema()
    lines = [f"# {title}", "", introduction, ""]
    for heading, part in sections(schema):
        text = part.get("description", "").strip()
        lines += ["", f"## {heading}", ""] if heading else []
        lines += [*text.splitlines(), ""] if text and heading else []
        required = part.get("required", ())
        rows = [
            (f"`{key}`", kind(value, schema), default(value, key in required), value.get("description", ""))
            for key, value in part["properties"].items()
        ]
        described = any(row[3] for row in rows)
        heads = ("key", "type", "default", "meaning")
        lines += table(heads if described else heads[:3], rows if described else [row[:3] for row in rows])
    return "\n".join(lines) + "\n"


def sections(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping with fixed keys, from the top: its places in the file, such as `pools.<name>.queues.<name>`, and
    its schema. One that is part of itself is described once."""
    yield "", schema
    found: dict[str, list[str]] = {}
    waiting = [("", schema)]
    while waiting:
        place, part = waiting.pop(0)
        for key, value in part["properties"].items():
            for step, name in references(value):
                target = schema["$defs"][name]
                if "properties" in target:
                    here = f"{place}.{key}{step}".removeprefix(".")
                    waiting += [] if name in found else [(here, target)]
                    found.setdefault(name, []).append(here)
    for name, listed in found.items():
        target = schema["$defs"][name]
        heading = ", ".join(f"`{place}`" for place in dict.fromkeys(listed))
        shared = [other for other, places in found.items() if places == listed]
        yield f"{heading}: {variant(name, target)}" if len(shared) > 1 else heading, target


def variant(name: str, target: dict[str, Any]) -> str:
    """What tells one of several mappings at the same place from the others: its `type`, else the model's name."""
    kind_key = target["properties"].get("type", {})
    words = kind_key.get("enum", [kind_key["const"]] if "const" in kind_key else [])
    return " or ".join(map(str, words)) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def references(value: Any) -> Iterator[tuple[str, str]]:
    """The models that a value may be: the path to it within the value, and the model's name."""
    if reference := value.get("$ref"):
        yield "", reference.rsplit("/", 1)[-1]
    for option in (*value.get("anyOf", ()), *value.get("oneOf", ())):
        yield from references(option)
    if isinstance(items := value.get("items"), dict):
        yield from ((f"[]{step}", name) for step, name in references(items))
    if isinstance(values := value.get("additionalProperties"), dict):
        yield from ((f".<name>{step}", name) for step, name in references(values))


def kind(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """The type of a key in words."""
    if reference := value.get("$ref"):
        target = schema["$defs"][reference.rsplit("/", 1)[-1]]
        return kind(target, schema) if "properties" not in target else "mapping"
    if "const" in value or "enum" in value:
        return ", ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    if options := value.get("anyOf") or value.get("oneOf"):
        words = dict.fromkeys(kind(option, schema) for option in options if option.get("type") != "null")
        return " or ".join(words)
    if isinstance(value.get("type"), list):
        return " or ".join(dict.fromkeys(WORDS[word] for word in value["type"] if word != "null"))
    if value.get("format") in ("date", "date-time"):
        return str(value["format"]).replace("-", " and ")
    if value.get("type") == "array":
        inner = kind(value.get("items", {}), schema)
        return "list" if inner == "any value" else f"list of {inner}"
    if value.get("type") == "object":
        values = value.get("additionalProperties")
        inner = kind(values, schema) if isinstance(values, dict) else "any value"
        return "mapping" if inner == "any value" else f"mapping of names to {inner}"
    return WORDS.get(str(value.get("type")), "any value")


WORDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}


def default(value: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    content = value.get("default")
    return "" if content in (None, [], {}) or isinstance(content, dict) else f"`{json.dumps(content)}`"


def paragraph(owner: object) -> list[str]:
    return inspect.cleandoc(owner.__doc__ or "").splitlines()

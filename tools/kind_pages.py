"""Pages of the kinds: a reference page for each, the table of what is supported, the words for fields."""

from __future__ import annotations

import json
import re
import textwrap

from prefect_pulumi.models import FUNCTIONS, KINDS, FieldSpec, Function, Kind, ProviderConfig
from prefect_pulumi.provider.kind_examples import as_typescript, as_yaml, example_of

WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "any": "any JSON value"}
WORDS["dict"] = "object"


def python_name(spec: FieldSpec) -> str:
    return spec.attribute.rstrip("_")


def module_name(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def optional(spec: FieldSpec) -> bool:
    return not spec.required or spec.meta.logical_name


def notes(spec: FieldSpec) -> str:
    """Description, and what Pulumi does with the field."""
    parts = [spec.description]
    if spec.meta.logical_name:
        parts.append("Left out: the resource's logical name.")
    elif spec.default not in (None, [], {}) and spec.from_program:
        parts.append(f"Default: {json.dumps(spec.default)}.")
    if spec.choices:
        parts.append(f"One of: {', '.join(spec.choices)}.")
    if spec.meta.replaces:
        parts.append("A change replaces the object.")
    if spec.meta.removal_replaces:
        parts.append("Taking it away replaces the object.")
    if spec.meta.secret:
        parts.append("Secret.")
    return " ".join(part for part in parts if part)


def function_name(function: Function) -> str:
    return module_name(function.token.rsplit(":", 1)[-1])


def words(spec: FieldSpec) -> str:
    if spec.type == "list":
        return f"list of {WORDS[spec.item]}"
    if spec.type == "dict":
        return "object" if spec.item == "any" else f"map of {WORDS[spec.item]}"
    return WORDS[spec.type]


def reference_page(model: type[Kind]) -> str:
    lines = [f"# {model.kind}", "", textwrap.dedent("    " + (model.__doc__ or "")).strip(), ""]
    lines += ["```python", f"from prefect_pulumi.resources import {model.kind}", "", model.example, "```", ""]
    example = example_of(model)
    lines += ["```yaml", *as_yaml(example).splitlines(), "```", ""]
    lines += ["```typescript", *as_typescript(example).splitlines(), "```", ""]
    if model is not ProviderConfig:
        lines += [f"Token `{model.token()}`.", ""]
    lines += ["## Inputs", "", "| Argument | On the wire | Type | Meaning |", "|---|---|---|---|"]
    lines += [reference_row(spec, optional(spec)) for spec in model.fields() if spec.from_program]
    outputs = [spec for spec in model.fields() if not spec.from_program]
    if outputs:
        lines += ["", "## Outputs", "", "Besides every input:", "", "| Property | On the wire | Type | Meaning |"]
        lines += ["|---|---|---|---|", *(reference_row(spec, True) for spec in outputs)]
    if model.faults:
        lines += ["", "## Faults", "", *(f"- {fault}" for fault in model.faults)]
    lines += ["", "## Import", ""]
    if model.import_id:
        human = {
            "pool/queue": "etl/fast",
            "slug/name": "warehouse/dwh",
            "flow/deployment": "import-orders/daily",
            "flow/deployment/slug": "import-orders/daily/nightly",
            "type/accessor": "user/ada@example.com",
            "team/member": "data-platform/ada@example.com",
            "email": "ada@example.com",
            "type": "zombie-cleanup",
        }.get(model.import_id, "etl")
        lines += [f"The id is the server's UUID; import also takes its {model.import_id}:", ""]
        lines += [
            "```",
            f"infra import {model.kind} {human}",
            f"pulumi import {model.token()} NAME {human}",
            "```",
        ]
    else:
        lines += ["Not by a name: it is made by the program, or taken over from the server when it is the same."]
    return "\n".join(lines) + "\n"


def reference_row(spec: FieldSpec, is_optional: bool) -> str:
    need = "" if is_optional else " (required)"
    return f"| `{python_name(spec)}`{need} | `{spec.wire}` | {words(spec)} | {notes(spec)} |".replace("'|'", "'\\|'")


LEFT_OUT = {
    "ServiceAccount": "drift of `accountRoleId`: the API gives the role's name only.",
    "Account": "its domains: the contract does not say what their route answers.",
    "Sla": "what Cloud's trigger of an agreement does not say is not compared.",
    "Automation": "`owner_resource`: its owner deletes an automation together with itself, so the state would lose it.",
}


def drift_words(model: type[Kind], spec: FieldSpec) -> str:
    """When a change made outside shows after a refresh."""
    if spec.meta.output:
        return "no: set by the server"
    if not model.on_server:
        return "yes" if not spec.meta.computed else "by the deployments' fingerprints"
    if spec.wire == "baseJobTemplate":
        return "yes; if omitted, against that of its type"
    if spec.meta.server_default:
        return "while it is declared"
    return "yes, without showing the value" if spec.meta.secret else "yes"


def change_words(spec: FieldSpec) -> str:
    if not spec.from_program:
        return "-"
    if spec.meta.replaces:
        return "replaces"
    return "in place; replaces when removed" if spec.meta.removal_replaces else "in place"


def support_page() -> str:
    """Kind by kind, field by field."""
    lines = [
        "# Supported kinds",
        "",
        "Generated from the models by `tools/generate.py`. The lifecycle tests prove it for each kind on a real",
        "server, and `tests/e2e/engine/test_every_kind.py` on both engines.",
        "",
        "| Kind | Import by | Functions | Not supported |",
        "|---|---|---|---|",
    ]
    for model in KINDS.values():
        human = f"UUID or {model.import_id}" if model.import_id else "UUID" if model.on_server else "-"
        own = [function_name(function) for function in FUNCTIONS.values() if function.model is model]
        names = ", ".join(f"`{name}`" for name in own) or "-"
        page = f"[{model.kind}](reference/{module_name(model.kind)}.md)"
        lines.append(f"| {page} | {human} | {names} | {LEFT_OUT.get(model.kind, '')} |")
    lines += [
        "",
        "All kinds are checked against [Prefect Cloud's contract](cloud.md) of 2026-05-02, not against Prefect Cloud.",
        "Of what exists there only, IP allowlists, rate limit allocations, event and asset publications and",
        "subscriptions are left out. Account roles and users are only read: `get_account_role`, `list_users`.",
        "On a self-hosted server a preview refuses push and managed pools and metric triggers by name.",
    ]
    for model in KINDS.values():
        lines += ["", f"## {model.kind}", "", "| Field | A change | Seen as drift |", "|---|---|---|"]
        lines += [f"| `{spec.wire}` | {change_words(spec)} | {drift_words(model, spec)} |" for spec in model.fields()]
    return "\n".join(lines) + "\n"

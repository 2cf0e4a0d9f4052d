"""The examples of docs/reference in YAML and TypeScript fit the provider's schema, and say the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from prefect_pulumi.models import KINDS, ProviderConfig
from prefect_pulumi.provider.schema import schema
from tests.support.projects import REPOSITORY

SCHEMA: dict[str, Any] = json.loads(schema())
PAGES = [
    path for path in (REPOSITORY / "docs" / "reference").glob("*.md") if "```typescript" in path.read_text("utf-8")
]
REFERENCE = re.compile(r"\$\{[\w.]+\}|[a-z]\w*\.\w+(\(\"\w+\"\))?")
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


def block(page: str, language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
    return str(found)


def of_yaml(text: str) -> tuple[str, str, dict[str, Any]]:
    """Token, name and inputs."""
    [(name, resource)] = yaml.safe_load(text)["resources"].items()
    return resource["type"], name, resource["properties"]


def of_typescript(text: str) -> tuple[str, str, dict[str, Any]]:
    """The same; an object literal with plain keys is a flow mapping of YAML, but for the comma at its end."""
    found = re.fullmatch(r'.*^new prefect\.(\w+)\("([^"]+)", (\{.*\})\);\n', text, flags=re.DOTALL | re.MULTILINE)
    assert found, text
    return found[1], found[2], yaml.safe_load(found[3])


def without_references(value: Any) -> Any:
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return ...
    if isinstance(value, list):
        return [without_references(item) for item in value]
    return {key: without_references(item) for key, item in value.items()} if isinstance(value, dict) else value


def fits(value: Any, spec: dict[str, Any]) -> bool:
    """Whether a value has the type that the schema gives; a reference may have any."""
    return without_references(value) is ... or "type" not in spec or isinstance(value, TYPES[spec["type"]])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_fits_the_schema_and_is_the_same_in_each_language(page: Any) -> None:
    text = page.read_text("utf-8")
    token, name, inputs = of_yaml(block(text, "yaml"))
    kind, same_name, same_inputs = of_typescript(block(text, "typescript"))
    own = SCHEMA["provider"] if kind == ProviderConfig.kind else SCHEMA["resources"][f"prefect:index:{kind}"]
    assert token == ("pulumi:providers:prefect" if kind == ProviderConfig.kind else f"prefect:{kind}")
    assert (same_name, without_references(same_inputs)) == (name, without_references(inputs))
    assert {*inputs} <= {*own["inputProperties"]}
    assert {*own.get("requiredInputs", ())} <= {*inputs}
    assert [key for key, value in inputs.items() if not fits(value, own["inputProperties"][key])] == []
    model = KINDS.get(f"prefect:index:{kind}")
    if model is not None and ... not in map(without_references, inputs.values()):
        named = {spec.wire: name for spec in model.fields() if spec.meta.logical_name}
        assert model.check(named | inputs) == []


def test_every_kind_has_one() -> None:
    assert len(PAGES) == len(KINDS) + 1

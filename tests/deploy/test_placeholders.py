"""Placeholders are found and filled as by Prefect's own templating, which runs in a child process: it costs seconds to
import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from prefect_pulumi.deploy.file.placeholders import Placeholder, Source, filled, filled_from, find, open_template, walk

ENV = {"LAB_X": "ex", "LAB_Y": "why {}", "LAB_EMPTY": "", "LAB_É": "accent"}

TEXTS = [
    "plain",
    "",
    "{{ $LAB_X }}",
    "{{$LAB_X}}",
    "{{\n  $LAB_X\t}}",
    "a {{ $LAB_X }} b {{ $LAB_Y }} c",
    "{{ $LAB_X }}{{ $LAB_X }}",
    "{{ $LAB_EMPTY }}",
    "{{ $LAB_UNSET }}",
    "at {{ $LAB_UNSET }} and {{ $LAB_X }}",
    "{{ $$LAB_X }}",
    "{{ $LAB_É }}",
    "{{{ $LAB_X }}}",
    "{ { $LAB_X } }",
    "{{ $LAB_X }",
    "{{}}",
    "{{ $LAB_X | upper }}",
    "{{ two words }}",
    "{{ LAB_X }}",
    "{{ step.output }}",
    "tag {{ build-image.tags[0] }}",
    "{{ ctx.flow_run.id }}",
    "{{ prefect.blocks.secret.api-token }}",
    "{{ prefect.blocks.aws.main.region }} {{ $LAB_X }}",
    "{{ prefect.variables.bucket }}",
    "{{ prefect.variable.bucket }}",
    "{{ $prefect.blocks.secret.x }}",
]
VALUES: list[Any] = [
    *TEXTS,
    {"a": "{{ $LAB_X }}", "b": {"c": ["{{ $LAB_Y }}", 1, None, True, 2.5]}},
    {"kept": "{{ step.output }}", "filled": "x {{ $LAB_X }}"},
]

CHILD = """
import json, sys
from prefect.utilities.templating import apply_values, find_placeholders
request = json.load(sys.stdin)
names = {"standard": "standard", "block_document": "block", "variable": "variable", "env_var": "environment"}
print(json.dumps({
    "found": [sorted([p.full_match, p.name, names[p.type.value]] for p in find_placeholders(text))
              for text in request["texts"]],
    "filled": [apply_values({"value": value}, {}, remove_notset=False)["value"] for value in request["values"]],
}))
"""


@pytest.fixture(scope="module")
def prefects_own() -> dict[str, Any]:
    """What Prefect makes of `TEXTS` and `VALUES`."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps({"texts": TEXTS, "values": VALUES}),
        env={**os.environ, **ENV},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(child.stdout)
    return answer


def spelled(placeholder: Placeholder) -> list[str]:
    """As Prefect names it: it keeps the prefixes, and knows steps and what the worker fills in as one kind."""
    kinds = {Source.STEP: "standard", Source.RUNTIME: "standard"}
    name = placeholder.text.strip("{}").strip()
    return [placeholder.text, name, kinds.get(placeholder.source, placeholder.source.value)]


def test_the_same_placeholders_are_found(prefects_own: dict[str, Any]) -> None:
    ours = [sorted({tuple(spelled(placeholder)) for placeholder in find(text)}) for text in TEXTS]
    assert [[list(each) for each in found] for found in ours] == prefects_own["found"]


def test_the_environment_is_filled_in_alike(prefects_own: dict[str, Any]) -> None:
    assert [filled_from(value, ENV) for value in VALUES] == prefects_own["filled"]


def test_parts_of_a_placeholder() -> None:
    (block,) = find("{{ prefect.blocks.aws.main.region.name }}")
    assert (block.source, block.block) == (Source.BLOCK, ("aws", "main", "region.name"))
    (step,) = find("{{ build-image.tags[0] }}")
    assert (step.source, step.step) == (Source.STEP, ("build-image", "tags[0]"))
    (output,) = find("{{ images[0] }}")
    assert output.step == ("images", "")
    (runtime,) = find("{{ ctx.flow_run.id }}")
    assert runtime.source is Source.RUNTIME


def test_a_lone_placeholder_takes_the_type_of_its_value() -> None:
    def lookup(placeholder: Placeholder) -> Any:
        return {"number": 5, "list": [1]}[placeholder.name]

    value = {"a": "{{ prefect.variables.number }}", "b": "n={{ prefect.variables.number }}", "c": "{{ other }}"}
    assert filled(value, lookup) == {"a": 5, "b": "n=5", "c": "{{ other }}"}
    assert filled(["{{ prefect.variables.list }}"], lookup) == [[1]]


def test_places() -> None:
    value = {"a": ["x", "{{ $LAB_X }} {{ b }}"], "c": {"d": "{{ e }}"}, "f": 1}
    assert [(place, placeholder.name) for place, placeholder in walk(value)] == [
        (("a", 1), "LAB_X"),
        (("a", 1), "b"),
        (("c", "d"), "e"),
    ]
    assert open_template(value)
    assert not open_template({"a": "{{ }}", "b": 1})

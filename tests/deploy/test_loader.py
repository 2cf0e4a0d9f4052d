"""Faults of form: each with its line and key, and words that say what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.deploy.file.document import parse, read
from prefect_pulumi.deploy.file.loader import checked, modelled, normal, with_default_pool

HEAD = "deployments:\n  - name: a\n    entrypoint: f.py:f\n    work_pool: {name: p}\n"


def faults(text: str) -> list[str]:
    with pytest.raises(PreflightError) as caught:
        modelled(parse(text, Path("prefect.yaml")))
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("tagss: [x]", "line 5: deployments[0].tagss: unknown key; did you mean tags?"),
        ("cron: 0 6 * * *", "line 5: deployments[0].cron: unknown key here; it belongs under schedules"),
        ("deployments: []", "line 5: deployments[0].deployments: unknown key here; it belongs at the top"),
        (
            "paused: maybe",
            "line 5: deployments[0].paused: give true or false, not 'maybe'",
        ),
        (
            "paused: '{{ $PAUSED }}'",
            "line 5: deployments[0].paused: give true or false, not '{{ $PAUSED }}'; Prefect reads it before it fills "
            "in a {{ }}",
        ),
        ("version: 3", "line 5: deployments[0].version: 3 is a number, and Prefect wants a text; put it in quotes"),
        ("description: [x]", "line 5: deployments[0].description: give a text, not a list"),
        (
            "parameters:",
            "line 5: deployments[0].parameters: it is empty; give a mapping of keys to values, or leave the key out: "
            "Prefect would skip the whole file",
        ),
        (
            "concurrency_limit: {limit: 1, collision_strategy: ENQUE}",
            "line 5: deployments[0].concurrency_limit.collision_strategy: give ENQUEUE or CANCEL_NEW, not 'ENQUE'; did "
            "you mean ENQUEUE?",
        ),
        ("schedule: {interval: 0}", "line 5: deployments[0].schedule.interval: interval must be greater than zero"),
        ("parameters: x", "line 5: deployments[0].parameters: give a mapping of keys to values, not 'x'"),
        ("concurrency_limit: 0", "line 5: deployments[0].concurrency_limit: it must be at least 1, not 0"),
    ],
)
def test_one_fault(lines: str, fault: str) -> None:
    assert faults(f"{HEAD}    {lines}\n") == [fault]


def test_a_pool_is_a_mapping() -> None:
    assert faults("deployments:\n  - name: a\n    entrypoint: f.py:f\n    work_pool: etl\n") == [
        "line 4: deployments[0].work_pool: give a mapping, such as {name: etl}"
    ]


def test_what_is_required() -> None:
    assert faults("deployments:\n  - description: x\n") == [
        "line 2: deployments[0].name: it is required; without one Prefect skips the deployment and says nothing",
        "line 2: deployments[0].entrypoint: it is required: path/to/file.py:function of the flow",
        "line 2: deployments[0].work_pool: it is required: name the work pool that runs the deployment",
    ]


def test_a_misspelt_key_is_not_also_a_missing_one() -> None:
    assert faults("deployments:\n  - nmae: a\n    entrypoint: f.py:f\n    work_pool: {name: p}\n") == [
        "line 2: deployments[0].nmae: unknown key; did you mean name?"
    ]


def test_every_fault_in_the_order_of_the_file() -> None:
    found = faults(f"nmae: x\n{HEAD}    paused: 3\n    tagss: []\nanchors: 1\n")
    assert [fault.split(":", 1)[0] for fault in found] == ["line 1", "line 6", "line 7"]


def test_keys_without_effect_are_left_out_with_a_warning() -> None:
    document = parse(f"anchors: 1\n{HEAD}    environment: {{A: b}}\n    tags: [x]\n", Path("prefect.yaml"))
    form = checked(document, normal(document.data))
    assert [warning.keys for warning in form.warnings] == [("anchors",), ("deployments", 0, "environment")]
    assert form.model is not None
    assert form.data["deployments"][0].keys() == {"name", "entrypoint", "work_pool", "tags"}
    assert modelled(document).raw.keys() == {"deployments"}


def test_the_default_pool_is_that_of_entries_without_one() -> None:
    text = (
        "deployments:\n- {name: a}\n- {name: b, work_pool: {name: own}}\n"
        "- {name: c, work_pool: {job_variables: {x: 1}}}\n"
    )
    document = parse(text, Path("prefect.yaml"))
    pools = [entry.get("work_pool") for entry in with_default_pool(document, "etl").data["deployments"]]
    assert pools == [{"name": "etl"}, {"name": "own"}, {"job_variables": {"x": 1}, "name": "etl"}]
    assert with_default_pool(document, "") is document


def test_keys_that_only_hold_anchors_are_kept_out_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(f".hidden: 1\nx-pool: &pool {{name: p}}\n{HEAD}    version: '1'\n    tags: [a, b]\n")
    loaded = modelled(read(path))
    assert loaded.model.deployments[0].tags == ["a", "b"]
    assert loaded.raw["x-pool"] == {"name": "p"}
    assert loaded.place(["deployments", 0, "tags"]) == "line 8: deployments[0].tags"


@pytest.mark.parametrize("text", ["name: x\n", "deployments:\n", "deployments: []\n"])
def test_no_deployments_are_an_empty_list(text: str) -> None:
    document = parse(text, Path("prefect.yaml"))
    assert normal(document.data)["deployments"] == []
    assert modelled(document).raw["deployments"] == []


def test_dates_become_texts() -> None:
    loaded = modelled(parse(f"{HEAD}    parameters: {{day: 2026-11-28}}\n", Path("prefect.yaml")))
    assert loaded.raw["deployments"][0]["parameters"] == {"day": "2026-11-28"}

"""What the preflight of a deploy learns of the objects that the program declares."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.values import Secret
from prefect_pulumi.provider.run import Declarations

DATA = {
    "registry_url": "registry.example.com",
    "username": "robot",
    "password": "a long password",
    "nested": [{"api_key": "k-123456"}],
}


@pytest.mark.parametrize(
    ("slug", "data", "texts", "fields"),
    [
        ("docker-registry", Secret(DATA), {"a long password", "k-123456"}, {"password"}),
        (
            "docker-registry",
            {**DATA, "username": Secret("robot")},
            {"a long password", "k-123456", "robot"},
            {"password", "username"},
        ),
        ("secret", Secret({"value": "hidden away"}), {"hidden away"}, {"value"}),
    ],
)
def test_of_a_block_the_fields_with_the_name_of_a_secret_are_secret(
    slug: str, data: Any, texts: set[str], fields: set[str]
) -> None:
    """An image of that registry may stand in the clear."""
    declared = Declarations()
    declared.note("BlockDocument", {"blockTypeSlug": slug, "name": "b", "data": data})
    assert declared.secrets >= texts
    assert "registry.example.com" not in declared.secrets
    assert declared.blocks[(slug, "b")].secret_fields == fields


def test_marked_values_of_other_kinds_are_secret() -> None:
    declared = Declarations()
    declared.note("Variable", {"name": "v", "value": {"a": Secret("marked value"), "b": "plain"}})
    assert declared.secrets == {"marked value"}

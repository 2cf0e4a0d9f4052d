"""Broken `prefect.yaml` files by subject, each with all that is said about it: line, key, what, remedy."""

from __future__ import annotations

from tests.deploy.invalid_files import (
    entrypoints,
    keys,
    parameters,
    references,
    schedules,
    secrets,
    steps,
    syntax,
    triggers,
    values,
)

INVALID_FILES: dict[str, tuple[str, list[str]]] = {
    **syntax.FILES,
    **keys.FILES,
    **values.FILES,
    **schedules.FILES,
    **steps.FILES,
    **triggers.FILES,
    **entrypoints.FILES,
    **parameters.FILES,
    **references.FILES,
    **secrets.FILES,
}

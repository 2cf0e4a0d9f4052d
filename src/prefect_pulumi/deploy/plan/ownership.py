"""The owner of a live deployment, on Prefect Cloud of an automation too: the mark that the server keeps.

The mark is two labels, written with the deployment. No page of Prefect's UI edits labels, `PATCH /deployments/{id}`
(which the UI and `prefect deploy` use) has no field for them, and flow runs inherit them; a `POST /deployments/` by
another tool, which takes a deployment over, resets them. So the mark outlives edits and falls with a take-over. On
Prefect Cloud the labels change in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STACK_LABEL = "prefect-pulumi.stack"
"""`project/stack`."""
RESOURCE_LABEL = "prefect-pulumi.resource"
"""Logical name of the resource."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A resource of a stack: `Deployments`, or an `Automation`."""

    stack: str
    resource: str

    @staticmethod
    def of_urn(urn: str) -> Owner:
        """`urn:pulumi:dev::project::prefect:index:Deployments::flows` -> project/dev, flows."""
        stack, project, _, name = urn.removeprefix("urn:pulumi:").split("::", 3)
        return Owner(f"{project}/{stack}", name)

    @staticmethod
    def of_row(row: Mapping[str, Any]) -> Owner | None:
        """None: this answer of the server has no mark."""
        labels = row.get("labels") or {}
        stack = labels.get(STACK_LABEL)
        return Owner(str(stack), str(labels.get(RESOURCE_LABEL, ""))) if stack else None

    @property
    def labels(self) -> dict[str, str]:
        return {STACK_LABEL: self.stack, RESOURCE_LABEL: self.resource}

    def owns(self, row: Mapping[str, Any], recorded: str | None = None) -> bool:
        """Its own mark, or its stack's on the very deployment (`recorded` UUID) that its state knows."""
        owner = Owner.of_row(row)
        if owner is None or owner.stack != self.stack:
            return False
        return owner.resource == self.resource or row.get("id") == recorded

    def __str__(self) -> str:
        return f"{self.stack} ({self.resource})"


def owner_label(row: Mapping[str, Any]) -> str:
    """For a message: `stack project/dev (flows)` or `no stack`."""
    owner = Owner.of_row(row)
    return f"stack {owner}" if owner else "no stack"


def unowned(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of those that belong to no stack. `rows`: full name -> answer of the server."""
    return [name for name, row in rows.items() if Owner.of_row(row) is None]

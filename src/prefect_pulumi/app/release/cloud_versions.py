"""A rollback on Prefect Cloud: the deployments' own versions of the release first, at once."""

from __future__ import annotations

from prefect_pulumi.api import deployment_versions
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models.release_record import ReleasePin

DEPLOYMENTS = "prefect:index:Deployments"


def promote_versions(view: StackView, pin: ReleasePin) -> str:
    """Makes the versions of the pinned commit those that run. What was done, "" where there are none to promote.

    Cloud's refusal is no failure of the rollback: the update that follows deploys them all.
    """
    ids = {
        str(name): str(id)
        for entry in view.entries
        if entry.type == DEPLOYMENTS and not entry.delete
        for name, id in (unwrap(entry.outputs.get("deployments")) or {}).items()
    }
    if not ids or not view.connection.cloud:
        return ""
    client = view.client()
    promoted, refused = [], ""
    try:
        for name, id in ids.items():
            try:
                version = deployment_versions.of_commit(deployment_versions.versions(client, id), pin.commit)
                if version is not None:
                    deployment_versions.promote(client, id, str(version["id"]), f"infra rollback to {pin.id}")
                    promoted.append(name)
            except PrefectPulumiError as error:
                refused = refused or f"; {name}: {error.message}"
    finally:
        client.close()
    done = f"Prefect Cloud runs {len(promoted)} of {len(ids)} deployments in their version of {pin.commit[:12]} again"
    return f"{done}; the update does the rest{refused}" if promoted or refused else ""

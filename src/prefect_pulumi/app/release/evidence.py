"""Writes the evidence of a verification into the state of the stack that runs the release."""

from __future__ import annotations

from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import StateError
from prefect_pulumi.engine.update import updating
from prefect_pulumi.models.release_record import Verification
from prefect_pulumi.promotion.release_records import release_entry, stack_releases, with_verification


def record_verification(view: StackView, verification: Verification) -> None:
    """Under the stack's lock. Raises `StateError` when the state has another release by now."""
    if view.stack.is_remote:
        from prefect_pulumi.app.release import official_engine

        official_engine.record_verification(view, verification)
        return
    context = engine_context(view.stack, view.sink, write=True)
    with updating(context) as update:
        snapshot = update.snapshot
        entry = release_entry(snapshot.resources)
        if entry is None or stack_releases(snapshot.resources).find(verification.release) is None:
            raise StateError(f"the stack no longer keeps {verification.release}: its verification cannot be recorded")
        verified = with_verification(entry, verification)
        snapshot.resources[:] = [verified if other is entry else other for other in snapshot.resources]
        update.writer.save(snapshot, context.manager)

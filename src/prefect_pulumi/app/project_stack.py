"""The Python API of the toolkit: one stack, and every use case of `infra` on it as a method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.app.operations import (
    Confirm,
    DestroyRequest,
    PreviewRequest,
    RefreshRequest,
    UpRequest,
    UpResult,
)
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.masking import ensure_masking
from prefect_pulumi.engine.operations import Result

if TYPE_CHECKING:
    from prefect_pulumi.api.flow_runs import FlowRunResult
    from prefect_pulumi.app.config import ConfigValue, CopyConfigRequest, RemoveConfigRequest, SetConfigRequest
    from prefect_pulumi.app.doctor import Diagnosis
    from prefect_pulumi.app.flow_runs import RunRequest
    from prefect_pulumi.app.history import CommandRecord, Details
    from prefect_pulumi.app.imports.import_foreign_state import ImportForeignStateRequest
    from prefect_pulumi.app.imports.import_objects import ImportRequest, ImportResult
    from prefect_pulumi.app.imports.import_server import ImportServerRequest
    from prefect_pulumi.app.release.rollout import RollbackRequest
    from prefect_pulumi.app.release.verify import VerifyRequest, VerifyResult
    from prefect_pulumi.app.review.accept import AcceptRequest
    from prefect_pulumi.app.review.adopt import Adoption, AdoptRequest
    from prefect_pulumi.app.saved_plan import SavedPlan
    from prefect_pulumi.app.stacks import CreateStackRequest, RemoveStackRequest
    from prefect_pulumi.app.state_edits import DeleteRequest, ImportStateRequest, RenameRequest, UnprotectRequest
    from prefect_pulumi.app.state_move import MovedState, MoveStateRequest
    from prefect_pulumi.app.workers import WorkerReport
    from prefect_pulumi.models.release_record import ReleaseRecord
    from prefect_pulumi.promotion.release_records import StackReleases
    from prefect_pulumi.promotion.rollout import Rollout
    from prefect_pulumi.review.model import Report
    from prefect_pulumi.state.stack_objects import HistoryRecord


class ProjectStack:
    """One stack of a project. `open_view` gives a view of it with nothing read yet."""

    def __init__(self, name: str, open_view: Callable[[str], StackView]) -> None:
        self.name = name
        self._open_view = open_view

    @contextmanager
    def _command(self) -> Iterator[StackView]:
        """A view for one use case."""
        with ensure_masking():
            yield self._open_view(self.name)

    @contextmanager
    def _recorded(self, command: str) -> Iterator[tuple[StackView, Details]]:
        """As `_command`, for a use case that the stack's history tells of."""
        from prefect_pulumi.app.history import recorded

        with self._command() as view, recorded(view, command) as details:
            yield view, details

    # The stack as a whole

    def create(self, request: CreateStackRequest | None = None) -> list[str]:
        """Creates the stack, empty; returns the keys of its config that were copied."""
        from prefect_pulumi.app import stacks

        with self._command() as view:
            return stacks.create_stack(view, request or stacks.CreateStackRequest())

    def select(self) -> None:
        """Commands of both engines work on this stack where none is named."""
        from prefect_pulumi.app import stacks

        with self._command() as view:
            stacks.select_stack(view)

    def remove(
        self, request: RemoveStackRequest | None = None, *, confirm: Callable[[int], bool] | None = None
    ) -> list[Path]:
        """Removes the stack's state, history and file; returns the files that are gone."""
        from prefect_pulumi.app import stacks

        with self._command() as view:
            return stacks.remove_stack(view, request or stacks.RemoveStackRequest(), confirm)

    def rename(self, name: str) -> list[str]:
        """Gives the stack another name; returns what still has the old one."""
        from prefect_pulumi.app import stacks

        with self._command() as view:
            return stacks.rename_stack(view, name)

    def history(self, *, page_size: int = 0, page: int = 1) -> list[HistoryRecord]:
        """What either engine did with the stack, the newest first; `page_size` 0: all of it."""
        from prefect_pulumi.app import stacks

        with self._command() as view:
            return stacks.stack_history(view, page_size=page_size, page=page)

    def commands(self) -> list[CommandRecord]:
        """What `infra` did with the stack, and the drift that it saw, the newest first."""
        from prefect_pulumi.app.history import read_history

        with self._command() as view:
            view.stack.need_name()
            return read_history(view.stack)

    # Operations

    def preview(self, request: PreviewRequest | None = None) -> Result:
        """The steps that `up` would execute; nothing is written."""
        from prefect_pulumi.app import operations

        with self._command() as view:
            return operations.preview(view, request or PreviewRequest())

    def plan(self, request: PreviewRequest | None = None) -> tuple[Result, SavedPlan]:
        """A preview, and the plan to keep of it: `UpRequest(plan=...)` carries out exactly that, or refuses."""
        from prefect_pulumi.app import operations

        with self._command() as view:
            return operations.plan(view, request or PreviewRequest())

    def up(self, request: UpRequest | None = None, *, confirm: Confirm | None = None) -> UpResult:
        """Creates or updates the stack's resources and deployments."""
        from prefect_pulumi.app import operations

        with self._recorded("up") as (view, details):
            request = request or UpRequest()
            details.add(plan=request.plan.checksum if request.plan is not None else "")
            result = operations.up(view, request, confirm)
            if result.result is not None:
                details.add(changes=result.result.summary)
            if result.rollout is not None:
                details.add(release=result.rollout.pin.id, plan=result.rollout.pin.plan)
            return result

    def refresh(self, request: RefreshRequest | None = None) -> Result:
        """Updates the state from the live objects."""
        from prefect_pulumi.app import operations

        with self._recorded("refresh") as (view, details):
            result = operations.refresh(view, request or RefreshRequest())
            details.add(changes=result.summary)
            return result

    def destroy(
        self, request: DestroyRequest | None = None, *, confirm: Callable[[Result], bool] | None = None
    ) -> Result:
        """Deletes every resource of the stack."""
        from prefect_pulumi.app import operations

        with self._recorded("destroy") as (view, details):
            result = operations.destroy(view, request or DestroyRequest(), confirm)
            details.add(changes=result.summary)
            return result

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; secrets are `core.values.Secret`."""
        from prefect_pulumi.app import operations

        with self._command() as view:
            return operations.outputs(view)

    # Drift

    def drift(self, *, cli: bool = False, heal: bool = False) -> Report:
        """Changes made on the server outside the code. `cli`: the official CLI is asked for code and server. `heal`:
        the fields that `review.yaml` lists are set back first, and the report's notes name them."""
        from prefect_pulumi.app.drift_revert import healed_report
        from prefect_pulumi.app.history import drift_details
        from prefect_pulumi.app.review.drift_report import drift_report

        with self._recorded("drift") as (view, details):
            report = drift_report(view.at_pin(), cli=cli)
            if heal:
                report, changes = healed_report(view, report)
                details.add(changes=changes)
            details.add(**drift_details(report))
            return report

    def adopt(self, request: AdoptRequest) -> Adoption:
        """Drift as a patch for the code."""
        from prefect_pulumi.app.review.adopt import adopt

        with self._command() as view:
            return adopt(view.at_pin(), request)

    def accept(self, request: AcceptRequest) -> list[str]:
        """Records drift in `review.yaml` as accepted until a date; returns the names of the accepted objects."""
        from prefect_pulumi.app.review.accept import accept

        with self._recorded("accept") as (view, _):
            return accept(view.at_pin(), request)

    # Releases

    def releases(self) -> StackReleases:
        """The release that the stack runs, those that it can go back to, and their verifications."""
        with self._command() as view:
            return view.releases

    def release(self, id: str | None = None) -> tuple[StackReleases, ReleaseRecord]:
        """All releases of the stack, and one of them; without an id the one that it runs. Raises `InputError`."""
        from prefect_pulumi.app.release.records import find_record

        with self._command() as view:
            return view.releases, find_record(view, id)

    def checkout_release(self, commit: str | None = None) -> str:
        """The folder of a commit, by default of the pinned or else the running release's."""
        from prefect_pulumi.app.release.records import checkout_release

        with self._command() as view:
            return checkout_release(view, commit)

    def verify(self, request: VerifyRequest) -> VerifyResult:
        """Runs the declared checks of the release that the stack runs, and records the evidence."""
        from prefect_pulumi.app.release.verify import verify

        with self._recorded("verify") as (view, details):
            result = verify(view, request)
            if result.verification is None:
                details.discard()
            else:
                passed = result.verification.passed
                details.add(release=result.verification.release, result="succeeded" if passed else "failed")
            return result

    def rollback(self, request: RollbackRequest, *, confirm: Callable[[Rollout], bool] | None = None) -> Rollout:
        """Undoes an open rollout, else goes back to a release that the stack keeps."""
        from prefect_pulumi.app.release.rollout import roll_back

        with self._recorded("rollback") as (view, details):
            result = roll_back(view, request, confirm)
            details.add(release=result.pin.id)
            return result

    # Runs and workers

    def run(self, request: RunRequest) -> FlowRunResult:
        """Runs a deployment and follows the run to its end."""
        from prefect_pulumi.app.flow_runs import run_deployment

        with self._command() as view:
            return run_deployment(view, request)

    def workers(self) -> WorkerReport:
        """The stack's work pools and their workers."""
        from prefect_pulumi.app.workers import stack_workers

        with self._command() as view:
            return stack_workers(view)

    def doctor(self) -> Diagnosis:
        """Versions, settings, server, credentials, state and workers, checked one by one."""
        from prefect_pulumi.app.doctor import examine

        with self._command() as view:
            return examine(view)

    # Imports

    def import_objects(self, request: ImportRequest) -> ImportResult:
        """Imports existing objects into the stack."""
        from prefect_pulumi.app.imports.import_objects import import_objects

        with self._recorded("import") as (view, _):
            return import_objects(view, request)

    def import_server(self, request: ImportServerRequest) -> ImportResult:
        """Imports a whole server, or a part of it, as a new project."""
        from prefect_pulumi.app.imports.import_server import import_server

        with self._command() as view:
            return import_server(view, request)

    def import_foreign_state(self, request: ImportForeignStateRequest) -> ImportResult:
        """Imports the objects of another tool's state as a new project."""
        from prefect_pulumi.app.imports.import_foreign_state import import_foreign_state

        with self._command() as view:
            return import_foreign_state(view, request)

    # State and config

    def delete_resource(self, request: DeleteRequest) -> list[str]:
        """Removes a resource from the state; the real object stays."""
        from prefect_pulumi.app import state_edits

        with self._recorded("state delete") as (view, _):
            return state_edits.delete_resource(view, request)

    def rename_resource(self, request: RenameRequest) -> dict[str, str]:
        """Old URN -> new URN."""
        from prefect_pulumi.app import state_edits

        with self._recorded("state rename") as (view, _):
            return state_edits.rename_resource(view, request)

    def unprotect_resources(self, request: UnprotectRequest) -> list[str]:
        """Removes the `protect` flag."""
        from prefect_pulumi.app import state_edits

        with self._recorded("state unprotect") as (view, _):
            return state_edits.unprotect_resources(view, request)

    def move_state(self, request: MoveStateRequest) -> MovedState:
        """Moves the state, with its history, to another backend."""
        from prefect_pulumi.app import state_move

        with self._command() as view:
            return state_move.move_state(view, request)

    def export_state(self, *, show_secrets: bool = False) -> str:
        """The state as the JSON document of `pulumi stack export`."""
        from prefect_pulumi.app import state_edits

        with self._command() as view:
            return state_edits.export_state(view, show_secrets=show_secrets)

    def import_state(self, request: ImportStateRequest) -> int:
        """Takes such a document as the state; returns how many resources it has."""
        from prefect_pulumi.app import state_edits

        with self._recorded("stack import") as (view, _):
            return state_edits.import_state(view, request)

    def cancel_update(self, *, force: bool = False) -> int:
        """Removes the locks of an update that died elsewhere; returns how many there were."""
        from prefect_pulumi.app import state_edits

        with self._recorded("cancel") as (view, _):
            return state_edits.cancel_update(view, force=force)

    def get_config(self, key: str) -> str:
        from prefect_pulumi.app import config

        with self._command() as view:
            return config.get_config(view, key)

    def set_config(self, request: SetConfigRequest) -> None:
        from prefect_pulumi.app import config

        with self._command() as view:
            config.set_config(view, request)

    def list_config(self, *, show_secrets: bool = False) -> list[ConfigValue]:
        """All values of the stack file; secrets read "[secret]" unless they are to be shown."""
        from prefect_pulumi.app import config

        with self._command() as view:
            return config.list_config(view, show_secrets=show_secrets)

    def remove_config(self, request: RemoveConfigRequest) -> None:
        from prefect_pulumi.app import config

        with self._command() as view:
            config.remove_config(view, request)

    def copy_config(self, request: CopyConfigRequest) -> list[str]:
        """Copies values to another stack; returns their keys."""
        from prefect_pulumi.app import config

        with self._command() as view:
            return config.copy_config(view, request)

    def official_cli_environment(self) -> dict[str, str]:
        """Variables with which the official CLI works on the same state."""
        from prefect_pulumi.app import config

        with self._command() as view:
            return config.official_cli_environment(view)

"""Preview, update, refresh and destruction of a stack, and its outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.app.deployment_targets import divided
from prefect_pulumi.app.events import Message, Notice
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import ChangesFound, ConfigError, InputError, StateError
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.plan.steps import STACK_TYPE
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.promotion.rollout import Rollout
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.state.entries import ResourceEntry

if TYPE_CHECKING:
    from prefect_pulumi.app.saved_plan import SavedPlan

Confirm = Callable[[Result | Rollout], bool]
"""Whether what was planned, an update or a rollout, may be carried out."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """`selection`: targets, excludes and forced replacements. `parallel`: operations that run concurrently.
    `refresh`: read the live objects first. `adopt`: take over what the program declares and the server has already.
    `save_plan`: the file that the plan is for; it counts as none of the project's."""

    selection: Selection = field(default_factory=Selection)
    parallel: int = 16
    refresh: bool = False
    adopt: bool = False
    save_plan: str = ""


@dataclass(frozen=True, slots=True)
class UpRequest(PreviewRequest):
    """`expect_no_changes`: a change is `ChangesFound`. `continue_on_error`: go on with what does not depend on a
    failed resource. `staged`: a stack after the first stage is updated only to a release that it pins. `plan`: carry
    this plan out and nothing else; it says what is selected, refreshed and adopted, and nobody is asked again."""

    expect_no_changes: bool = False
    continue_on_error: bool = False
    staged: bool = False
    plan: SavedPlan | None = None


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """`clear_pending_creates`: creates that were interrupted, and whose result no provider knows, count as not done."""

    selection: Selection = field(default_factory=Selection)
    parallel: int = 16
    expect_no_changes: bool = False
    clear_pending_creates: bool = False


@dataclass(frozen=True, slots=True)
class DestroyRequest:
    selection: Selection = field(default_factory=Selection)
    parallel: int = 16


@dataclass(frozen=True, slots=True)
class UpResult:
    """One of: `result`, an update of the program as it stands; `rollout`, of the release that the stack pins; neither,
    when a staged stack pins no release."""

    result: Result | None = None
    rollout: Rollout | None = None


def preview(view: StackView, request: PreviewRequest) -> Result:
    """The steps that `up` would execute. Takes no lock and writes nothing."""
    from prefect_pulumi.app.review.clear_text import stack_warnings

    at_pin = view.at_pin()
    selection, only = divided(request.selection, _entries(view))
    context = engine_context(at_pin.stack, view.sink, write=False, output=view.output, only=only, adopt=request.adopt)
    options = _options(selection, request.parallel, adopt=request.adopt)
    result = operations.preview(context, options, refresh=request.refresh)
    for warning in stack_warnings(view, (step.new for step in result.steps if step.new is not None)):
        view.sink.emit(Message("warning", warning))
    return result


def plan(view: StackView, request: PreviewRequest) -> tuple[Result, SavedPlan]:
    """A preview, and the plan that `up` carries out exactly or refuses. Raises `ConfigError` where the project's files
    are not those of a commit, `StateError` when the state was written meanwhile."""
    from prefect_pulumi.app.saved_plan import PlanScope, basis, saved_plan

    made_from = basis(view, request.save_plan)
    result = preview(view, request)
    backend = view.stack.backend
    if backend.digest(view.name) != made_from.state:
        raise StateError(
            "the state was written while the plan was made", where=backend.where(view.name), remedy="plan again"
        )
    scope = PlanScope(refresh=request.refresh, adopt=request.adopt, selection=request.selection)
    return result, saved_plan(view, result, scope, made_from)


def up(view: StackView, request: UpRequest, confirm: Confirm | None = None) -> UpResult:
    """Previews, asks `confirm`, applies. A stack that pins a release which it does not run is rolled out to it.

    Raises `InputError` for bad input, before anything is touched; what failed else is raised as the engine says it.
    """
    approved = None
    if request.plan is not None:
        from prefect_pulumi.app.saved_plan import approval

        approved, confirm = approval(view, request.plan), None
        request = _planned(request, request.plan)
    selection, only = divided(request.selection, _entries(view))
    options = _options(selection, request.parallel, request.continue_on_error, adopt=request.adopt)
    pins = view.stack.environment.get("release") is not None
    if pins or view.stack.has_promotion:
        from prefect_pulumi.app.release import rollout

        if rollout.is_pending(view):
            _refuse_partial(view, request)
            return UpResult(rollout=rollout.roll_out_pin(view, confirm))
    if not pins and request.staged and Stages.parse(view.stack.project.promotion).level(view.name) != 0:
        view.sink.emit(Notice(f"stack {view.name} pins no release: nothing is deployed"))
        return UpResult()
    context = engine_context(
        view.at_pin().stack, view.sink, write=True, output=view.output, only=only, adopt=request.adopt
    )
    return UpResult(
        operations.up(
            context,
            options,
            refresh=request.refresh,
            confirm=confirm,
            approved=approved,
            expect_no_changes=request.expect_no_changes,
        )
    )


def _planned(request: UpRequest, plan: SavedPlan) -> UpRequest:
    """The request with the scope of the plan. Raises `InputError` where it has one of its own."""
    if request.selection != Selection() or request.refresh or request.adopt:
        raise InputError(
            "a plan is carried out as a whole: no target, replacement, refresh or adoption can be given beside it",
            where=f"--plan {plan.where}",
            remedy="give them to infra preview --save-plan",
        )
    scope = plan.scope
    return replace(request, selection=scope.selection, refresh=scope.refresh, adopt=scope.adopt)


def _refuse_partial(view: StackView, request: UpRequest) -> None:
    """A release is deployed as a whole. Raises `InputError`, or `ChangesFound` where none were expected."""
    if request.expect_no_changes:
        raise ChangesFound(f"stack {view.name} does not run the release that it pins yet")
    selection = request.selection
    given = {
        "--target": selection.targets,
        "--exclude": selection.excludes,
        "--replace": selection.replace,
        "--refresh": request.refresh,
        "--adopt": request.adopt,
        "--plan": request.plan is not None,
    }
    names = [option for option, value in given.items() if value]
    if names:
        raise InputError(
            f"a release is deployed as a whole; {', '.join(names)} cannot be given",
            where=f"infra up -s {view.name}",
            remedy="leave it out; on a stack that runs its release it is allowed",
        )


def refresh(view: StackView, request: RefreshRequest) -> Result:
    """Updates the state from the live objects."""
    context = engine_context(view.at_pin().stack, view.sink, write=True, output=view.output)
    options = _options(request.selection, request.parallel)
    return operations.refresh(
        context,
        options,
        expect_no_changes=request.expect_no_changes,
        clear_pending_creates=request.clear_pending_creates,
    )


def destroy(view: StackView, request: DestroyRequest, confirm: Callable[[Result], bool] | None = None) -> Result:
    """Deletes every resource of the stack, users before what they use."""
    options = _options(request.selection, request.parallel)
    context = engine_context(view.at_pin().stack, view.sink, write=True, output=view.output)
    return operations.destroy(context, options, confirm=confirm)


def outputs(view: StackView) -> dict[str, Any]:
    """The stack's outputs, secrets marked. Raises `ConfigError` for a stack that was never created."""
    if not view.stack.is_remote and not view.stack.backend.reader(view.name).exists():
        raise not_created(view.name)
    return next((entry.outputs for entry in view.entries if entry.type == STACK_TYPE), {})


def not_created(name: str) -> ConfigError:
    return ConfigError(f"stack {name!r} has not been created yet", where="infra", remedy=f"run: infra up -s {name}")


def _entries(view: StackView) -> Iterator[ResourceEntry]:
    """Read only when they are asked for: bad options are refused without a passphrase."""
    yield from view.entries


def _options(
    selection: Selection, parallel: int, continue_on_error: bool = False, *, adopt: bool = False
) -> RunOptions:
    if parallel < 1:
        raise InputError("--parallel must be at least 1", where="infra")
    if selection.targets and selection.excludes:
        raise InputError("--target and --exclude cannot be given together", where="infra")
    return RunOptions(selection=selection, continue_on_error=continue_on_error, parallel=parallel, adopt=adopt)

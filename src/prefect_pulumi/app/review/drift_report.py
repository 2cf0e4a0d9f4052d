"""Builds reports: runs the program as a preview, reads the server's lists, and hands both to `review` as plain data.

`drift_report` is what `infra drift` shows; a promotion calls it in-process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from prefect_pulumi.app.diagnostics import in_repository, of_error
from prefect_pulumi.app.history import with_since
from prefect_pulumi.app.observe.base import Code, Observation, managed
from prefect_pulumi.app.observe.stack import observe
from prefect_pulumi.app.review.comparison import (
    compared_resources,
    coverage,
    display_names,
    picture_nodes,
    unmanaged_objects,
)
from prefect_pulumi.app.review.context import declared_objects, project_notes, with_authors, with_last_changes
from prefect_pulumi.app.review.patches import code_of, with_patches
from prefect_pulumi.app.review.trial import ProgramTrial, open_trial
from prefect_pulumi.app.review.usage import with_users
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.project import git
from prefect_pulumi.project.stack import RULES_FILE, Stack
from prefect_pulumi.review.classify import classify
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.edits.places import Places
from prefect_pulumi.review.model import Environment, Item, Problem, Report
from prefect_pulumi.review.phrases import without_credentials
from prefect_pulumi.review.remedies import with_remedies
from prefect_pulumi.review.rules import Rules
from prefect_pulumi.review.topology import picture


def drift_report(view: StackView, *, rules: Rules | None = None, cli: bool = False, patches: bool = True) -> Report:
    """What differs between the code, the last update and the server of one stack. Reads only. Without `patches` the
    program is run once, not once more with live values.

    What cannot be checked is a problem of the report; bad input of the project itself (`InputError`) is raised.
    """
    rules = rules or load_rules(view.stack.config_root)
    if patches:
        environment = environment_of(view, None, rules=rules, cli=cli)
    else:
        environment, _ = observed_environment(view, None, rules=rules, cli=cli)
    return make_report("drift", view.stack, [environment])


def make_report(purpose: str, stack: Stack, environments: Iterable[Environment], base: str = "") -> Report:
    return Report(
        purpose=purpose,
        time=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        environments=tuple(environments),
        project=stack.project.name,
        commit=git.head(stack.root),
        base=base,
        tool=f"prefect-pulumi {version('prefect-pulumi')}",
    )


def load_rules(root: Path) -> Rules:
    path = root / RULES_FILE
    return Rules.parse(path.read_bytes(), path.name) if path.is_file() else Rules()


def environment_of(
    view: StackView,
    base: Code | None,
    *,
    rules: Rules,
    cli: bool = False,
    planned: Callable[[Result], str] = lambda result: "",
) -> Environment:
    """`base`: what the base branch's program asks for; None in a drift report, which has only one program. Each item
    has its place, author and users, and the patch where it can be adopted; with `cli` the official CLI is asked for
    code and server. `planned` gives the checksum of the plan that is kept of the program's preview, if any."""
    environment, observation = observed_environment(view, base, rules=rules, cli=cli)
    if observation is None:
        return environment
    checksum = planned(observation.code.preview) if observation.code.preview is not None else ""
    if checksum:
        text = f"plan {checksum}: `infra up -s {view.name} --plan FILE` carries out exactly this"
        environment = replace(environment, notes=(*environment.notes, text))
    root, live = view.stack.project_dir, observation.live
    items = with_users(root, environment.items, picture_nodes(observation.snapshot, live))
    items = with_authors(root, items, Places(code_of(view.stack)) if items else None)
    if not cli:
        items = with_last_changes(view, live, items)
    items = with_since(view.stack, items)
    environment = replace(environment, items=tuple(items))
    if observation.code.problem is not None:
        return environment

    def trial(items: Sequence[Item]) -> AbstractContextManager[ProgramTrial]:
        return open_trial(view, observation, items, cli=cli)

    return replace(environment, items=tuple(with_patches(view.stack, environment.items, trial, observation.masker)))


def observed_environment(
    view: StackView, base: Code | None, *, rules: Rules, cli: bool = False
) -> tuple[Environment, Observation | None]:
    """As `environment_of`, without patches; and what was observed, None where nothing could be."""
    stack = view.stack
    try:
        observation = observe(view, cli=cli)
    except InputError:
        raise
    except PrefectPulumiError as error:
        return Environment(stack.name, "", problems=(_problem(error),)), None
    snapshot, code, live = observation.snapshot, observation.code, observation.live
    masker = observation.masker
    subjects = list(compared_resources(snapshot, code, base, live))
    items = classify(subjects, unmanaged_objects(observation), masker, display_names(subjects, live))
    notes = observation.notes
    if base is not None and base.problem is not None:
        notes.append(f"the base branch's program does not run ({base.problem.first_line}): all counts as this change")
    items, ignored = rules.ignore(items)
    notes += project_notes(view, snapshot, code)
    items = with_remedies(rules.accept(items, stack.name), stack.name)
    problems = [*([code.problem] if code.problem else []), *live.problems]
    environment = Environment(
        stack=stack.name,
        server=live.server,
        server_version=live.version,
        items=tuple(items),
        problems=tuple(_problem(error, masker) for error in problems),
        coverage=tuple(coverage(snapshot, live)),
        objects=len(managed(snapshot)) + sum(len(e.outputs.get("deployments", {})) for e in managed(snapshot)),
        ignored=ignored,
        notes=tuple(masker.text(note) for note in notes),
        diagnostics=_diagnostics(stack, observation, problems),
    )
    environment = replace(environment, topology=picture(environment, picture_nodes(snapshot, live)))
    verdicts = [*rules.judge(environment)]
    if rules.content.fields:
        declared = declared_objects(subjects, display_names(subjects, live), Places(code_of(stack)))
        verdicts += rules.judge_fields(list(declared), stack.name)
    return replace(environment, verdicts=tuple(verdicts)), observation


def _diagnostics(
    stack: Stack, observation: Observation, problems: Iterable[PrefectPulumiError]
) -> tuple[Diagnostic, ...]:
    """What the checks said of files, and what is wrong with the stack's own."""
    said = [*observation.diagnostics]
    for error in problems:
        said += of_error(error, stack.config_root, observation.masker)
    return in_repository(said, stack.project_dir)


def _problem(error: PrefectPulumiError, masker: Masker | None = None) -> Problem:
    masker = masker or report_masker()
    return Problem(masker.text(error.message), without_credentials(error.where), error.remedy)

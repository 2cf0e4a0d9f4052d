"""The Python API of the toolkit: a project, its stacks, and every use case of `infra` as a method.

    from prefect_pulumi import Project
    from prefect_pulumi.app.operations import UpRequest

    dev = Project.find("repository").stack("dev")
    result = dev.up(UpRequest(refresh=True))

Each method is one command: it reads the state once, tells its events to the project's sink and returns a result.
Errors are those of `core.errors`. Nothing is printed, and nothing asks: a `confirm` function decides where one is
given, else the use case goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from prefect_pulumi.app.events import NullSink, Sink
from prefect_pulumi.app.observe.stack import load_state
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.masking import ensure_masking
from prefect_pulumi.project.stack import Stack, find_root

if TYPE_CHECKING:
    from prefect_pulumi.app.overview import OverviewRequest
    from prefect_pulumi.app.project_stack import ProjectStack
    from prefect_pulumi.app.release.promote import PromoteRequest, Promotion
    from prefect_pulumi.app.review.branch_review import ReviewRequest
    from prefect_pulumi.app.saved_plan import SavedPlan
    from prefect_pulumi.app.stacks import ListedStack
    from prefect_pulumi.promotion.overview import Row
    from prefect_pulumi.promotion.plan import Plan
    from prefect_pulumi.promotion.rollout import Rollout
    from prefect_pulumi.review.model import Report


class Project:
    """A project on disk. `sink` gets the events of its use cases, `output` what its program prints (None: this
    process's standard output)."""

    def __init__(self, root: Path, *, sink: Sink | None = None, output: TextIO | None = None) -> None:
        self.root = root
        self.sink: Sink = sink or NullSink()
        self._output = output

    @staticmethod
    def find(start: Path | str = ".", *, sink: Sink | None = None, output: TextIO | None = None) -> Project:
        """The project of the nearest folder with a Pulumi.yaml, from `start` upward. Raises `ConfigError`."""
        return Project(find_root(Path(start)), sink=sink, output=output)

    def heard_by(self, sink: Sink) -> Project:
        """The same project with another sink."""
        return Project(self.root, sink=sink, output=self._output)

    def view(self, name: str) -> StackView:
        """A stack with nothing read yet."""
        return StackView(Stack(self.root, name), self.sink, self._output, load=load_state)

    def stack(self, name: str = "dev") -> ProjectStack:
        from prefect_pulumi.app.project_stack import ProjectStack

        return ProjectStack(name, self.view)

    @property
    def name(self) -> str:
        """`name` of Pulumi.yaml."""
        return Stack(self.root, "").project.name

    @property
    def stack_names(self) -> list[str]:
        """Every stack that has a file: the stages in their order, then the others."""
        from prefect_pulumi.app.overview import stack_names

        return stack_names(Stack(self.root, ""))

    def stacks(self) -> list[ListedStack]:
        """The stacks that exist, in each of the project's backends."""
        from prefect_pulumi.app.stacks import list_stacks

        return list_stacks(self.root)

    def overview(self, request: OverviewRequest) -> list[Row]:
        """All stacks at a glance."""
        from prefect_pulumi.app.overview import project_overview

        with ensure_masking():
            return project_overview((self.view(name) for name in self.stack_names), request)

    def review(self, request: ReviewRequest, keep: Callable[[SavedPlan], None] | None = None) -> Report:
        """What this branch changes in each environment, and what drifted there; `keep` gets the plan to save."""
        from prefect_pulumi.app.review.branch_review import review

        with ensure_masking():
            return review(self.view, request, keep)

    def publish(self, report: Report, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The report as comments of the pull request whose job runs; `env` is that job's environment."""
        from prefect_pulumi.app.review.publish import publish

        return publish(report, os.environ if env is None else env)

    def promote(
        self,
        source: str,
        target: str,
        request: PromoteRequest,
        *,
        show: Callable[[Plan], None] | None = None,
        confirm: Callable[[Rollout], bool] | None = None,
    ) -> Promotion:
        """Moves the verified release of `source` to `target`; `show` gets the plan before its gates are enforced."""
        from prefect_pulumi.app.history import recorded
        from prefect_pulumi.app.release.promote import promote

        with ensure_masking():
            view = self.view(target)
            if request.preview:
                return promote(self.view(source), view, request, show=show, confirm=confirm)
            with recorded(view, "promote") as details:

                def shown(plan: Plan) -> None:
                    details.add(release=plan.release.id, plan=plan.checksum)
                    if show is not None:
                        show(plan)

                promotion = promote(self.view(source), view, request, show=shown, confirm=confirm)
                if promotion.plan is None:
                    details.discard()
                return promotion

"""What a command says of files, for code hosts and editors: written also where the command fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect_pulumi.cli.output.text import write_text
from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.errors import PrefectPulumiError

Target = tuple[str, str | None]
"""A format of `review.renderers.annotations`, and the file that it goes to (None: stdout)."""


@contextmanager
def annotated(
    root: Path, targets: Iterable[Target], said: Callable[[], Iterable[Diagnostic]] = tuple, *, always: bool = False
) -> Iterator[None]:
    """When the block fails, and with `always` when it ends well too, writes what was `said` and what the error says.

    `root`: the project's folder, whose files errors are about.
    """
    try:
        yield
    except PrefectPulumiError as error:
        from prefect_pulumi.app.diagnostics import of_error
        from prefect_pulumi.core.masking import current

        _write(root, targets, [*said(), *of_error(error, root, current())])
        raise
    if always:
        _write(root, targets, said())


def _write(root: Path, targets: Iterable[Target], diagnostics: Iterable[Diagnostic]) -> None:
    from prefect_pulumi.app.diagnostics import in_repository
    from prefect_pulumi.review.renderers.annotations import RENDERERS

    listed = in_repository(diagnostics, root)
    for format, file in targets:
        write_text(RENDERERS[format](listed), file)

"""The release that a stack runs, as its state records it."""

from __future__ import annotations

from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project import git, layout, releases


def need_record(view: StackView) -> ReleaseRecord:
    """Raises `InputError` when the stack runs no release, and says why."""
    if view.releases.record is not None:
        return view.releases.record
    if view.releases.known:
        revision = git.revision(view.stack.project_dir)
        why = f" ({revision.unclean})" if revision.unclean else ""
        raise InputError(
            f"stack {view.name} has no release: its last update ran from uncommitted files{why}",
            where="infra release",
            remedy=f"commit them and run: infra up -s {view.name}",
        )
    if view.exists:
        why, remedy = "its program declares none", "declare one at the end of the program: declare_release(...)"
    else:
        why, remedy = "it has not been created yet", f"infra up -s {view.name}"
    raise InputError(f"stack {view.name} has no release: {why}", where="infra release", remedy=remedy)


def find_record(view: StackView, id: str | None) -> ReleaseRecord:
    """The release of this id that the stack keeps; without an id the one that it runs. Raises `InputError`."""
    if not id:
        return need_record(view)
    record = view.releases.find(id)
    if record is None:
        kept = ", ".join(entry.id for entry in view.releases.kept) or "none"
        raise InputError(
            f"stack {view.name} keeps no release {id!r}", where="infra release", remedy=f"it keeps: {kept}"
        )
    return record


def checkout_release(view: StackView, commit: str | None) -> str:
    """The folder of a commit, by default of the pinned or else the running release's."""
    commit = commit or (view.pin.commit if view.pin else need_record(view).commit)
    return str(releases.checkout(view.stack.project_dir, commit))


def delete_unused_releases(view: StackView) -> list[str]:
    """Deletes the folders of commits that no stack of the project pins or keeps; returns the commits. When a stack
    cannot be read, nothing is deleted."""
    root = view.stack.project_dir
    needed: set[str] = set()
    for name in layout.stack_names(root):
        other = view if name == view.name else view.of(name)
        try:
            needed |= {record.commit for record in other.releases.kept}
            needed |= {other.pin.commit} if other.pin else set()
        except PrefectPulumiError:
            return []
    return releases.delete_unused(root, needed)

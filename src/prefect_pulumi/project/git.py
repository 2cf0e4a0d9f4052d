"""The project's git repository, through the ordinary `git` command: the only place that runs it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.core.errors import ConfigError, OperationError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project.layout import RELEASE_MARK

SHOWN_FILES = 3


@dataclass(frozen=True, slots=True)
class Revision:
    """`commit` is the full hash, "" where there is none; `unclean` says why the folder is not exactly that commit."""

    commit: str
    unclean: str = ""

    @property
    def exact(self) -> str:
        """The commit that the folder holds to the letter, else ""."""
        return "" if self.unclean else self.commit


def revision(root: Path, leave_out: Path | None = None) -> Revision:
    """What the folder `root` holds: its commit, and whether tracked or new files of it differ (ignored ones and the
    file `leave_out` do not count). The folder of a release knows its commit without git."""
    paths = ["."]
    if leave_out is not None and leave_out.resolve().is_relative_to(root.resolve()):
        paths.append(f":(exclude,literal){leave_out.resolve().relative_to(root.resolve())}")
    try:
        return Revision((root / RELEASE_MARK).read_text("utf-8").strip())
    except OSError:
        pass
    try:
        text = _git(root, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--", *paths)
    except OperationError as error:
        return Revision("", error.message)
    commit, files = "", []
    for line in text.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ").strip()
        elif not line.startswith("#"):
            files.append(line.split("\t")[0].split(" ")[-1])
    if commit in ("", "(initial)"):
        return Revision("", "nothing is committed yet")
    if not files:
        return Revision(commit)
    return Revision(commit, f"not committed: {first_few(files, SHOWN_FILES)}")


def has_commit(root: Path, commit: str) -> bool:
    return _code(root, "cat-file", "-e", f"{commit}^{{commit}}") == 0


def need_commit(root: Path, commit: str) -> None:
    """Raises `ConfigError` when this clone does not have the commit."""
    if not has_commit(root, commit):
        raise ConfigError(
            f"this clone does not have the commit {commit}",
            where=str(root),
            remedy="git fetch it (a shallow clone: git fetch --unshallow)",
        )


def resolve(root: Path, name: str) -> str:
    """Full hash of a commit, a branch or a tag. Raises `ConfigError` when there is none."""
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
    except OperationError as error:
        raise ConfigError(f"git knows no commit {name!r}", where=str(root), remedy="git fetch it") from error


def is_ancestor(root: Path, older: str, newer: str) -> bool:
    """Whether `newer` is `older` or holds all of it."""
    return _code(root, "merge-base", "--is-ancestor", older, newer) == 0


def missing_commits(root: Path, older: str, newer: str, files: Collection[str] = (".",)) -> list[str]:
    """`<short hash> <subject>` of what `older` has and `newer` lacks, newest first; of those that touch `files`."""
    chosen = [] if tuple(files) == (".",) else ["--", *(f":(literal){file}" for file in files)]
    return _git(root, "log", "--format=%h %s", f"{newer}..{older}", *chosen).splitlines()


def changed_lines(root: Path, one: str, other: str, files: Collection[str]) -> list[tuple[str, int, int]]:
    """Path, added and removed lines of those of `files` that differ; both numbers are 0 for what is no text."""
    paths = [f":(literal){file}" for file in files]
    text = _git(root, "diff", "--numstat", "-z", "--no-renames", "--relative", one, other, "--", *paths)
    lines = []
    for row in filter(None, text.split("\0")):
        added, removed, path = row.split("\t", 2)
        lines.append((path, int(added) if added.isdigit() else 0, int(removed) if removed.isdigit() else 0))
    return lines


def remote(root: Path) -> str:
    """URL of `origin`; "" where there is none."""
    return _git(root, "remote", "get-url", "origin", check=False).strip()


def subject(root: Path, commit: str) -> str:
    """First line of the commit's message; "" where git does not have it."""
    return _git(root, "log", "-1", "--format=%s", commit, check=False).strip()


def branch(root: Path) -> str:
    """The branch that is checked out; "HEAD" where none is."""
    return _git(root, "rev-parse", "--abbrev-ref", "HEAD", check=False).strip()


def changed_files(root: Path, one: str, other: str, leave_out: Collection[str] = ()) -> list[str]:
    """Files of the project that differ between two commits; `leave_out`: patterns of such that do not count."""
    patterns = [f":(exclude,glob){pattern}" for pattern in leave_out]
    return _git(root, "diff", "--name-only", one, other, "--", ".", *patterns).splitlines()


def introduction(root: Path, path: str, text: str) -> str:
    """The newest commit that brought `text` into the file, or took it out; "" for none."""
    return _git(root, "log", "-1", "--format=%H", "-S", text, "--", path).strip() if text else ""


def push_file(root: Path, path: str, message: str, branch: str) -> str:
    """Commits one file of the working tree on top of HEAD and pushes that as `branch` to origin, whatever it was there;
    the working tree, the index and HEAD stay as they are. Returns the commit."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(root, "read-tree", "HEAD", env=env)
        _git(root, "add", "--", path, env=env)
        tree = _git(root, "write-tree", env=env).strip()
    commit = _git(root, "commit-tree", tree, "-p", "HEAD", "-m", message).strip()
    _git(root, "push", "--force", "origin", f"{commit}:refs/heads/{branch}")
    return commit


def show(root: Path, commit: str, path: str) -> str:
    """The text of a file of the project at a commit; "" when it has none there."""
    try:
        return _git(root, "show", f"{commit}:./{path}")
    except OperationError:
        return ""


def prefix(root: Path) -> str:
    """`root` inside its repository, such as `teams/data/`; "" for the top, and outside git."""
    return _git(root, "rev-parse", "--show-prefix", check=False).strip()


def head(root: Path) -> str:
    """Full hash of the commit that is checked out; "" outside git."""
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip()


def tree(root: Path, commit: str) -> str:
    """Hash of the folder `root` as it is in the commit: the same for the same files, in whatever commit."""
    return _git(root, "rev-parse", "--verify", f"{commit}:{prefix(root)}").strip()


def merge_base(root: Path, base: str) -> str:
    """Full hash of the newest commit that HEAD shares with the branch `base`, here or on origin; "" for none."""
    for name in (base, f"origin/{base}"):
        commit = _git(root, "merge-base", name, "HEAD", check=False).strip()
        if commit:
            return commit
    return ""


def is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository", check=False).strip() == "true"


@contextmanager
def worktree(root: Path, commit: str, folder: Path) -> Iterator[Path]:
    """The project's folder as it was at `commit`, in a worktree at `folder` that is removed afterwards."""
    inside = prefix(root)
    _git(root, "worktree", "add", "--detach", "--force", str(folder), commit)
    try:
        yield folder / inside
    finally:
        _git(root, "worktree", "remove", "--force", str(folder), check=False)


def checkout(root: Path, commit: str, folder: Path, leave_out: Collection[str] = ()) -> Path:
    """Writes every file of the commit into `folder` and returns the project's place in it.

    Files that are there as they should be stay as they are; changed ones are restored. `leave_out`
    names files of the project that are the caller's to place.
    """
    need_commit(root, commit)
    inside = prefix(root)
    make_folder(folder)
    index = folder.with_name(folder.name + ".index")
    env = {"GIT_INDEX_FILE": str(index.resolve())}
    _git(root, "read-tree", commit, env=env)
    if leave_out:
        names = [f"{inside}{name}" for name in leave_out]
        top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
        _git(top, "update-index", "--force-remove", "--", *names, env=env)
    _git(root, f"--work-tree={folder.resolve()}", "update-index", "-q", "--refresh", env=env, check=False)
    _git(root, f"--work-tree={folder.resolve()}", "checkout-index", "--all", "--force", "--index", env=env, top=True)
    project = folder / inside
    (project / RELEASE_MARK).write_text(commit + "\n", "utf-8")
    return project


def list_files(root: Path) -> list[str] | None:
    """Paths, relative to `root`, of the files below it that git knows or would add; None outside git."""
    try:
        text = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    except OperationError:
        return None
    return [name for name in dict.fromkeys(text.split("\0")) if name]


def as_stored(root: Path, path: str, data: bytes) -> bytes:
    """What git stores when the file `path` holds `data`: after line ends and filters. `data` itself outside git.

    The repository is not written: the object goes into a temporary folder. Raises `OperationError` for a filter that
    fails.
    """
    if not prefix(root) and _code(root, "rev-parse", "--git-dir") != 0:
        return data
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-git-") as folder:
        env = {"GIT_OBJECT_DIRECTORY": folder}
        options = ("-c", "core.safecrlf=false")
        written = _pipe(root, *options, "hash-object", "-w", "--stdin", f"--path={path}", data=data, env=env)
        name = written.decode().strip()
        if name == hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest():
            return data
        return _pipe(root, "cat-file", "blob", name, env=env)


def author_of(root: Path, path: str, line: int) -> str:
    """`Ana, 2026-11-01 (1a2b3c4d)`: who changed a line last, and when; "" outside git and for what is not committed."""
    text = _git(root, "blame", "--porcelain", "-L", f"{line},{line}", "--", path, check=False)
    head = text.split(" ", 1)[0]
    fields = dict(row.split(" ", 1) for row in text.splitlines() if row.startswith(("author ", "author-time ")))
    if len(fields) != 2 or not head.strip("0"):
        return ""
    day = datetime.fromtimestamp(int(fields["author-time"]), UTC).date().isoformat()
    return f"{fields['author']}, {day} ({head[:8]})"


def refusal(root: Path, patch: str) -> str:
    """Why `git apply` does not take a patch; "" when it does."""
    try:
        _pipe(root, "apply", "--check", "-", data=patch.encode())
    except OperationError as error:
        return error.message
    return ""


def set_local_config(root: Path, key: str, value: str) -> None:
    """Sets a key of the repository's own configuration; does nothing where git does not let it."""
    with contextlib.suppress(OperationError):
        _git(root, "config", "--local", key, value, check=False)


def _git(root: Path, *arguments: str, env: dict[str, str] | None = None, check: bool = True, top: bool = False) -> str:
    """What a command prints. `top`: run as from the top of the work tree. Raises `OperationError`."""
    options = [f"--git-dir={_git(root, 'rev-parse', '--absolute-git-dir').strip()}"] if top else []
    done = _run(root, *options, *arguments, env=env)
    if done.returncode != 0 and check:
        lines = done.stderr.strip().splitlines()
        raise OperationError(lines[0] if lines else f"exit code {done.returncode}", where=f"git {arguments[0]}")
    return done.stdout


def _pipe(root: Path, *arguments: str, data: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    """What a command makes of `data`. Raises `OperationError`."""
    done = _run_bytes(root, *arguments, data=data, env=env)
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise OperationError(lines[0] if lines else f"exit code {done.returncode}", where="git")
    return done.stdout


def _code(root: Path, *arguments: str) -> int:
    return _run(root, *arguments).returncode


def _run(root: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = _run_bytes(root, *arguments, env=env)
    out, err = (stream.decode("utf-8", "replace").replace("\r\n", "\n") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def _run_bytes(
    root: Path, *arguments: str, data: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Raises `OperationError` when git cannot be run."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            input=data,
            env={**os.environ, "LC_ALL": "C", **(env or {})},
            check=False,
        )
    except OSError as error:
        raise OperationError(f"git cannot be run: {error.strerror}", where="git") from error

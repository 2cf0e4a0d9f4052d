"""Where a project keeps its files: the only place that spells the paths under `.infra` and the names of project files.

    Pulumi.yaml (or Pulumi.yml)       the project; the stack files have the same ending
    Pulumi.<stack>.yaml
    .infra/                           git-ignored; that of a release's folder is a link to the project's
    ├── state/                        file backend of the embedded engine
    ├── <stack>/passphrase            of a stack with the embedded server
    ├── <stack>/server/               database, log and pid file of the local server
    ├── <stack>/workers/<name>/       the same of a process worker
    ├── releases/<commit>/            the files of a commit, with `.prefect-release`
    ├── promotions/<stack>.json       progress of a rollout, for a state that only the official CLI reaches
    ├── deploy/<digest>.jsonl         journal of the deploy step, for a state that only the official CLI reaches
    ├── creates/                      notes of creates under way, for such a state
    ├── cache/flows-<digest>.json     what the flows of a prefect.yaml are
    ├── prefect/                      PREFECT_HOME of workers and deploys
    └── bin/                          tools that were built here, such as the official CLI

Nothing here reads or writes a file, but for the searches, which look whether a file exists.
"""

from __future__ import annotations

from pathlib import Path

from prefect_pulumi.core import folders

WORK_FOLDER, RELEASE_MARK = folders.WORK_FOLDER, folders.RELEASE_MARK
PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
"""As the official CLI looks for them; the first one that exists is the project."""
STACK_FILES = ("Pulumi.*.yaml", "Pulumi.*.yml")
"""Patterns of all stack files."""
OTHERS_CODE = frozenset({".venv", WORK_FOLDER, "site-packages"})
"""Folders of a project whose Python files are not the project's."""


def project_file(root: Path) -> Path | None:
    """The project file of a folder; None when the folder is no project."""
    return next((path for name in PROJECT_FILES if (path := root / name).is_file()), None)


def find_project(start: Path) -> Path | None:
    """The nearest folder with a project file, from `start` upward."""
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if project_file(folder)), None)


def project_home(root: Path) -> Path:
    """The project's own folder, where its state and its processes are known: `root`, unless that is the folder of a
    release, which has a link to it."""
    return work_folder(root).resolve().parent if (root / RELEASE_MARK).exists() else root


def stack_file(root: Path, stack: str) -> Path:
    """The file of a stack, whether it exists or not."""
    project = project_file(root)
    return root / f"Pulumi.{stack}{project.suffix if project else '.yaml'}"


def stack_files(root: Path) -> list[Path]:
    """The stack files of a project, by name."""
    return sorted(root.glob(stack_file(root, "*").name))


def stack_names(root: Path) -> list[str]:
    """The stacks that have a file, by name."""
    return [path.stem.removeprefix("Pulumi.") for path in stack_files(root)]


def work_folder(root: Path) -> Path:
    return root / WORK_FOLDER


def stack_folder(root: Path, stack: str) -> Path:
    return work_folder(root) / stack


def passphrase_file(root: Path, stack: str) -> Path:
    return stack_folder(root, stack) / "passphrase"


def state_folder(root: Path) -> Path:
    return work_folder(root) / "state"


def releases_folder(root: Path) -> Path:
    return work_folder(root) / "releases"


def promotions_folder(root: Path) -> Path:
    return work_folder(root) / "promotions"


CREATES = "creates"
"""Folder of the notes of creates, in a stack's notes (`Stack.notes`)."""


def deploy_journal(digest: str) -> str:
    """Key in a stack's notes (`Stack.notes`)."""
    return f"deploy/{digest}.jsonl"


def flows_cache(root: Path, digest: str) -> Path:
    return work_folder(root) / "cache" / f"flows-{digest}.json"


def prefect_home(root: Path) -> Path:
    return work_folder(root) / "prefect"


def tools_folder(root: Path) -> Path:
    return work_folder(root) / "bin"


def server_directory(stack: str) -> str:
    """Of the local server, relative to the project: it stands in the inputs of the resource."""
    return f"{WORK_FOLDER}/{stack}/server"


def worker_directory(stack: str, name: str) -> str:
    """Of a process worker, relative to the project: it stands in the inputs of the resource."""
    return f"{WORK_FOLDER}/{stack}/workers/{name}"


def has_state(root: Path, project: str, stack: str) -> bool:
    """Whether `.infra/state` has a checkpoint of the stack, in any form that the official CLI writes."""
    folder = state_folder(root) / ".pulumi" / "stacks" / project
    return any((folder / f"{stack}.json{ending}").is_file() for ending in ("", ".gz", ".zst"))


def has_server(root: Path) -> bool:
    """Whether a local server of any stack ever ran here."""
    return any(root.glob(f"{server_directory('*')}/prefect.db"))

"""A stack of a project on disk: its files, its folders, its backend."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from prefect_pulumi.core.errors import ConfigError, PrefectPulumiError, UnsupportedError
from prefect_pulumi.project import layout, passphrase, pulumi_home
from prefect_pulumi.project.stack_file import ProjectFile, StackConfig
from prefect_pulumi.state import store_urls
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.secrets import PassphraseManager
from prefect_pulumi.state.stack_objects import COMMANDS
from prefect_pulumi.state.store import Store

RULES_FILE = "review.yaml"
"""The project's rules of reviews: what is ignored, accepted or forbidden."""


def find_root(start: Path | None = None) -> Path:
    """The nearest folder with a project file, from `start` (default: the current one) upward. Raises `ConfigError`
    when there is none."""
    here = (start or Path.cwd()).resolve()
    root = layout.find_project(here)
    if root is None:
        raise ConfigError(
            "no Pulumi.yaml here or above", where=str(here), remedy="infra init makes this folder a project"
        )
    return root


def notes_of(root: Path, urn: str) -> Store:
    """`Stack.notes` of a resource. The project's private folder where the URN or the project says no stack."""
    if layout.project_file(root) is None:
        return FileStore(layout.work_folder(root))
    try:
        return Stack(root, urn.removeprefix("urn:pulumi:").partition("::")[0]).notes
    except PrefectPulumiError:
        return FileStore(layout.work_folder(root))


NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""A stack's name, as the official CLI takes it."""

PROJECT_VARIABLE = "PREFECT_PULUMI_PROJECT"
"""Among the exports of `infra env`: the folder of the project that they are for."""


@dataclass(frozen=True)
class Stack:
    """One stack of one project on disk. `pin` stands in the place of the config's own release, as JSON text."""

    root: Path
    name: str
    pin: str = ""

    @cached_property
    def project(self) -> ProjectFile:
        return ProjectFile.load(layout.project_file(self.root) or self.root / layout.PROJECT_FILES[0])

    @property
    def config_root(self) -> Path:
        """Where the stack's file is."""
        return self.root

    @property
    def config_file(self) -> Path:
        return layout.stack_file(self.config_root, self.name)

    def need_name(self) -> str:
        """Its name. Raises `ConfigError` when it is none that a stack can have."""
        if not NAME.fullmatch(self.name):
            raise ConfigError(
                f"{self.name[:40]!r} is not a stack name: letters, digits, `_`, `.` and `-`, 100 at most",
                where="--stack",
            )
        return self.name

    def need_file(self) -> Path:
        """The stack's file. Raises `ConfigError` when the project has no such stack."""
        self.need_name()
        path = self.config_file
        if not path.is_file():
            known = layout.stack_names(self.config_root)
            remedy = f"use one of: {', '.join(known)}" if known else "infra init writes the files of two stacks"
            raise ConfigError(f"there is no stack {self.name!r}", where=path.name, remedy=remedy)
        return path

    @cached_property
    def config(self) -> StackConfig:
        config = StackConfig.load(self.need_file(), self.project.name)
        if self.pin:
            config.overlay(["environment", "release"], json.loads(self.pin))
        return config

    @property
    def environment(self) -> dict[str, Any]:
        """The config's `environment` as it stands in the file."""
        environment = self.config.get("environment")
        return environment if isinstance(environment, dict) else {}

    @cached_property
    def backend(self) -> StateBackend:
        return StateBackend(self.store, self.project.name)

    @property
    def program(self) -> Path:
        """The folder of the Pulumi program."""
        return (self.root / (self.project.main or ".")).resolve()

    @property
    def work_dir(self) -> Path:
        return layout.stack_folder(self.root, self.name)

    @property
    def passphrase_file(self) -> Path:
        return layout.passphrase_file(self.root, self.name)

    @property
    def is_remote(self) -> bool:
        """Whether its state lies where only the official CLI reaches, such as Pulumi Cloud."""
        scheme = urlsplit(self.backend_url).scheme
        return scheme not in {"", "file", *store_urls.EXTRAS}

    @property
    def backend_url(self) -> str:
        """What was said of the backend; "" for `.infra/state`."""
        return self._chosen_backend[0]

    @property
    def _chosen_backend(self) -> tuple[str, str]:
        """The URL, and where it comes from: the project's own of this stack, else, in the official CLI's order,
        `PULUMI_BACKEND_URL`, `backend.url` of Pulumi.yaml and the choice of `pulumi login`."""
        choices = (
            (self.own_backend, f"Pulumi.yaml: promotion.backends.{self.name}"),
            (os.environ.get("PULUMI_BACKEND_URL", ""), "PULUMI_BACKEND_URL"),
            (self.project.backend_url, "Pulumi.yaml: backend.url"),
        )
        for url, source in choices:
            if url:
                return url, source
        if self._belongs_to_clone:
            return "", ""
        return pulumi_home.logged_in_backend(), f"{pulumi_home.credentials_file()} (pulumi login)"

    @property
    def _belongs_to_clone(self) -> bool:
        """Whether its state is in `.infra/state` whatever `pulumi login` chose: it is there already, or the stack has
        the embedded server, whose data and passphrase are in this clone alone."""
        if layout.has_state(self.root, self.project.name, self.name):
            return True
        with contextlib.suppress(PrefectPulumiError):
            return self.owns_passphrase
        return False

    @cached_property
    def store(self) -> Store:
        """Where the state is kept: `backend_url`, else `.infra/state`."""
        url, source = self._chosen_backend
        if not url:
            return FileStore(layout.state_folder(self.root))
        return self.store_at(url, source, relative=bool(self.own_backend))

    def store_at(self, url: str, source: str, *, relative: bool = False) -> Store:
        """The store of a backend's URL, which was read from `source`. `relative`: a path starts at the project's
        folder. Raises `ConfigError`, `UnsupportedError`."""
        parts = urlsplit(url)
        if parts.scheme in store_urls.EXTRAS:
            return store_urls.bucket_store(url, source)
        if parts.scheme != "file":
            raise UnsupportedError(
                f"the embedded engine keeps states in files and buckets, not in {parts.scheme or url}",
                where=source,
                remedy="use the official CLI for this stack (pulumi up), or name another backend: PULUMI_BACKEND_URL",
            )
        self._refuse_foreign_exports(url)
        path = Path(unquote(parts.netloc + parts.path))
        try:
            path = path.expanduser()
        except RuntimeError as error:
            raise ConfigError(f"{url}: {error}", where=source) from error
        return FileStore(self.project_dir / path if relative else path)

    def _refuse_foreign_exports(self, url: str) -> None:
        """Exports of `infra env` name their project: in another one they would take its state for this one's."""
        exported = os.environ.get(PROJECT_VARIABLE, "")
        if not exported or url != os.environ.get("PULUMI_BACKEND_URL") or Path(exported) == self.project_dir.resolve():
            return
        raise ConfigError(
            f"PULUMI_BACKEND_URL was exported by `infra env` of another project, {exported}",
            where=str(self.project_dir),
            remedy=f"unset PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE_FILE {PROJECT_VARIABLE}, or use a new shell",
        )

    @cached_property
    def promotions(self) -> Store:
        """Where the record of the stack's last rollout is (`promotion_key`): beside the state, or in the project's
        private folder for a state that only the official CLI reaches."""
        if self.is_remote:
            return FileStore(layout.promotions_folder(self.project_dir))
        return self.store.below(f".pulumi/promotions/{self.project.name}")

    @cached_property
    def commands(self) -> Store:
        """Where the history of commands is (`commands_key`): as `promotions`."""
        if self.is_remote:
            return FileStore(layout.promotions_folder(self.project_dir))
        return self.store.below(f".pulumi/prefect/{self.project.name}")

    @property
    def commands_key(self) -> str:
        return f"{self.name}{COMMANDS}"

    @property
    def promotion_key(self) -> str:
        return f"{self.name}.json"

    @property
    def has_promotion(self) -> bool:
        """Whether the stack was ever promoted or rolled back."""
        return self.promotions.read(self.promotion_key) is not None

    @property
    def promotion_lock(self) -> Path:
        """The file that a rollout locks on this machine."""
        store = self.promotions
        folder = store.root if isinstance(store, FileStore) else layout.promotions_folder(self.project_dir)
        return folder / f"{self.name}.lock"

    @cached_property
    def notes(self) -> Store:
        """What the provider notes of a run under way: beside the state, since the files of a CI job go with its
        machine; in the project's private folder for a state that only the official CLI reaches."""
        if self.is_remote:
            return FileStore(layout.work_folder(self.project_dir))
        return self.store.below(f".pulumi/prefect/{self.project.name}/{self.name}")

    @property
    def project_dir(self) -> Path:
        """The project's own folder; `root` is another one when the stack is at a release (`project.releases`)."""
        return layout.project_home(self.root)

    @property
    def own_backend(self) -> str:
        """`promotion.backends.<stack>` of Pulumi.yaml: stages may keep their states apart."""
        promotion = self.project.promotion
        backends = promotion.get("backends") if isinstance(promotion, dict) else None
        return str(backends.get(self.name) or "") if isinstance(backends, dict) else ""

    @cached_property
    def owns_passphrase(self) -> bool:
        """True for a stack with the embedded server: its passphrase is made here and never leaves this clone."""
        server = self.environment.get("server")
        return isinstance(server, dict) and server.get("embedded") is True

    def prefetch_key(self) -> None:
        """Derives the key of a stack that has secrets, while the caller imports what it needs. Reports no error."""
        with contextlib.suppress(PrefectPulumiError):
            if self.config.has_secrets or self.backend.holds_secrets(self.name):
                self.manager(write=False).begin()

    def manager(self, *, write: bool) -> PassphraseManager:
        """The stack's secrets. With `write` what a new stack lacks (passphrase, salt) is created and kept."""
        return passphrase.open_manager(self, write=write)

    def secrets(self) -> passphrase.StackSecrets:
        """As `manager` with `write`, except that what is created is kept only when the caller says so."""
        return passphrase.open_secrets(self)

    @property
    def cli_environment(self) -> dict[str, str]:
        """Variables with which the official CLI works on the same state of the file backend."""
        variables = {
            "PULUMI_BACKEND_URL": self.store.url,
            # The salt of a clone's own passphrase is in the state, not in the stack file.
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
            PROJECT_VARIABLE: str(self.project_dir.resolve()),
        }
        if "PULUMI_CONFIG_PASSPHRASE" not in os.environ and self.passphrase_file.is_file():
            variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self.passphrase_file.resolve())
        return variables

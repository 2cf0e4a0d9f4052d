"""Finds the project and opens a stack: files, passphrase, state, provider loader."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import unquote, urlsplit

from prefect_pulumi.core.errors import ConfigError, PassphraseError, PrefectPulumiError, UnsupportedError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.project import git
from prefect_pulumi.project.stack_file import ProjectFile, StackConfig
from prefect_pulumi.state.backend import FileBackend
from prefect_pulumi.state.secrets import PassphraseManager

if TYPE_CHECKING:
    from prefect_pulumi.core.masking import Masker
    from prefect_pulumi.core.provider_protocol import Provider
    from prefect_pulumi.engine.operations import StackContext
    from prefect_pulumi.engine.run.events import Sink
    from prefect_pulumi.engine.run.providers import Loader
    from prefect_pulumi.state.entries import Snapshot

PRIVATE = git.PRIVATE
"""The git-ignored folder of a project: state, server database, logs, pid files, the dev passphrase."""


NO_SALT = "v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:" + "A" * 32
"""Placeholder for a salt in the stack file of an embedded server: each clone puts its own there."""


def find_root(start: Path | None = None) -> Path:
    """The nearest folder with a Pulumi.yaml, from `start` (default: the current one) upward."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise ConfigError("no Pulumi.yaml here or above", where=str(here), remedy="run infra inside a project")


@dataclass(frozen=True)
class Stack:
    """One stack of one project on disk. `pin` stands in the place of the config's own release, as JSON text."""

    root: Path
    name: str
    pin: str = ""

    @cached_property
    def project(self) -> ProjectFile:
        return ProjectFile.load(self.root / "Pulumi.yaml")

    @property
    def config_root(self) -> Path:
        """Where the stack's file is."""
        return self.root

    @cached_property
    def config(self) -> StackConfig:
        path = self.config_root / f"Pulumi.{self.name}.yaml"
        if not path.is_file():
            known = sorted(p.name.split(".")[1] for p in self.config_root.glob("Pulumi.*.yaml"))
            raise ConfigError(
                f"there is no stack {self.name!r}", where=path.name, remedy=f"use one of: {', '.join(known) or 'none'}"
            )
        config = StackConfig.load(path, self.project.name)
        if self.pin:
            config.overlay(["environment", "release"], json.loads(self.pin))
        return config

    @property
    def environment(self) -> dict[str, Any]:
        """The config's `environment` as it stands in the file."""
        found = self.config.get("environment")
        return found if isinstance(found, dict) else {}

    @cached_property
    def backend(self) -> FileBackend:
        return FileBackend(self.state_folder, self.project.name)

    @property
    def program(self) -> Path:
        """The folder of the Pulumi program."""
        return (self.root / (self.project.main or ".")).resolve()

    @property
    def private(self) -> Path:
        return self.root / PRIVATE / self.name

    @property
    def passphrase_file(self) -> Path:
        return self.private / "passphrase"

    @property
    def is_remote(self) -> bool:
        """Whether its state lies where only the official CLI reaches: Pulumi Cloud, S3 and others."""
        scheme = urlsplit(self.backend_url).scheme
        return scheme not in ("", "file")

    @property
    def backend_url(self) -> str:
        """What was said of the backend: the project's own of this stack, `PULUMI_BACKEND_URL`, `backend.url` of
        Pulumi.yaml; "" for `.infra/state`."""
        return self.own_backend or os.environ.get("PULUMI_BACKEND_URL", "") or self.project.backend_url

    @property
    def state_folder(self) -> Path:
        """Root of the file backend: the project's own of this stack, else `PULUMI_BACKEND_URL`, as for the official
        CLI, else `.infra/state`."""
        own, url = self.own_backend, self.backend_url
        if not url:
            return self.root / PRIVATE / "state"
        parts = urlsplit(url)
        if parts.scheme != "file":
            raise UnsupportedError(
                f"the embedded engine works on a file backend, not on {parts.scheme or url}",
                where=f"Pulumi.yaml: promotion.backends.{self.name}" if own else "PULUMI_BACKEND_URL or backend.url",
                remedy="use the official CLI for this stack: pulumi up",
            )
        path = Path(unquote(parts.netloc + parts.path)).expanduser()
        return self.home / path if own else path

    @property
    def promotion_file(self) -> Path:
        """The course of the stack's last promotion: beside the state, or in the project's private folder for a state
        that only the official CLI reaches."""
        if self.is_remote:
            return self.home / PRIVATE / "promotions" / f"{self.name}.json"
        return self.backend.root / ".pulumi" / "promotions" / self.project.name / f"{self.name}.json"

    @property
    def home(self) -> Path:
        """The project's own folder; `root` is another one when the stack is at a release (`cli.releases`)."""
        return git.home(self.root)

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

    def begin(self) -> None:
        """Derives the key of a stack that has secrets, while the caller imports what it needs. Tells no fault."""
        with contextlib.suppress(PrefectPulumiError):
            if self.config.has_secrets or self.backend.holds_secrets(self.name):
                self.manager(write=False).begin()

    def manager(self, *, write: bool) -> PassphraseManager:
        """The stack's secrets. With `write` what a new stack lacks (passphrase, salt) is made and kept."""
        had_one = self.passphrase_file.is_file()
        passphrase, cache = self._passphrase(write=write)
        in_file = "" if self.config.salt == NO_SALT else self.config.salt
        fresh = self.owns_passphrase and cache is not None and not had_one
        in_state = self.backend.reader(self.name).salt() if fresh or not in_file else ""
        if fresh and not in_state:
            in_file = ""  # it belongs to a passphrase that is gone with the folder that held it
        salt = in_file or in_state
        manager = (
            PassphraseManager.open(passphrase, salt, cache_dir=cache) if salt else PassphraseManager.create(passphrase)
        )
        if write and manager.salt_text != self.config.salt:
            self.config.set_salt(manager.salt_text)
            self.config.save()
        return manager

    def _passphrase(self, *, write: bool) -> tuple[str, Path | None]:
        """The passphrase and, where it lies in this clone in clear anyway, the folder for its derived key.

        A command on several stacks needs several: `PULUMI_CONFIG_PASSPHRASE_<STACK>` (or `..._FILE_<STACK>`) is that
        of one.
        """
        own = re.sub(r"[^A-Z0-9]", "_", self.name.upper())
        variable, by_file = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
        if os.environ.get(f"{variable}_{own}"):
            return os.environ[f"{variable}_{own}"], None
        if os.environ.get(f"{by_file}_{own}"):
            by_file = f"{by_file}_{own}"
        elif variable in os.environ:
            return os.environ[variable], None
        named = os.environ.get(by_file)
        if named and Path(named).resolve() != self.passphrase_file.resolve():
            try:
                return Path(named).read_text("utf-8").strip(), None
            except OSError as error:
                raise PassphraseError(error.strerror or str(error), where=by_file) from error
        if self.passphrase_file.is_file():
            return self.passphrase_file.read_text("utf-8").strip(), self.private
        if not self.owns_passphrase:
            raise PassphraseError(
                f"stack {self.name} has no passphrase",
                where="PULUMI_CONFIG_PASSPHRASE",
                remedy="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one of your team",
            )
        made = secrets.token_urlsafe(32)
        if write:
            self.private.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.passphrase_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(made + "\n")
            keep_salt_out_of_git(self.root)
        return made, self.private if write else None

    @property
    def cli_environment(self) -> dict[str, str]:
        """Variables with which the official CLI works on the same state of the file backend."""
        found = {
            "PULUMI_BACKEND_URL": f"file://{self.state_folder.resolve()}",
            # The salt of a clone's own passphrase is in the state, not in the stack file.
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        }
        if "PULUMI_CONFIG_PASSPHRASE" not in os.environ and self.passphrase_file.is_file():
            found["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self.passphrase_file.resolve())
        return found

    def context(self, sink: Sink, *, write: bool, output: TextIO | None = None) -> StackContext:
        """Everything that the engine needs for an operation on this stack."""
        from prefect_pulumi.core.masking import current
        from prefect_pulumi.engine.operations import StackContext
        from prefect_pulumi.engine.run.events import CommandSink

        masker = current()
        sink = CommandSink(sink, masker)
        manager = self.manager(write=write)
        values, secret_keys = self.config.values(manager)
        self._tell(masker, manager)

        def package_config(package: str) -> dict[str, Any]:
            return _package_config(package, values, secret_keys)

        return StackContext(
            project=self.project.name,
            stack=self.name,
            program=self.program,
            config=values,
            secret_keys=frozenset(secret_keys),
            backend=self.backend,
            manager=manager,
            loader=self._loader(sink, package_config),
            package_config=package_config,
            sink=sink,
            output=output,
            wake=self._wake,
            masker=masker,
        )

    def _tell(self, masker: Masker, manager: PassphraseManager) -> None:
        """What is secret before anything runs: the config's secrets, the passphrase, the environment's credentials."""
        texts = [*self.config.secret_texts(manager), self._passphrase(write=False)[0]]
        texts += [os.environ.get(name, "") for name in ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")]
        texts.append(os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")[2])
        for text in texts:
            masker.learn_text(text)

    def _wake(self, snapshot: Snapshot) -> None:
        from prefect_pulumi.app.session.recovery import wake_server

        wake_server(self, snapshot)

    def _loader(self, sink: Sink, package_config: Callable[[str], dict[str, Any]]) -> Loader:
        """`prefect` runs in this process, `pulumi` is part of the engine, every other package is a plugin."""
        from prefect_pulumi.engine.run.events import SinkHost

        host = SinkHost(sink)
        plugins: list[Any] = []

        def load(package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider:
            if package == "prefect":
                from prefect_pulumi.provider.provider import PrefectProvider

                return PrefectProvider(self.root, host)
            if package == "pulumi":
                from prefect_pulumi.app.session.stack_references import outputs_of_stacks
                from prefect_pulumi.engine.sdk.builtins import BuiltinProvider

                return BuiltinProvider(outputs_of_stacks(self, host))
            from prefect_pulumi.plugins.loader import PluginLoader
            from prefect_pulumi.plugins.locations import LocalPlugin, Wanted

            if not plugins:
                plugins.append(
                    PluginLoader(
                        project=self.project.name,
                        program=self.program,
                        host=host,
                        package_config=package_config,
                        local=[LocalPlugin(p.name, self.root / p.path, p.version) for p in self.project.plugins],
                        runtime_options=self.project.runtime_options,
                    )
                )
            loader: PluginLoader = plugins[0]
            return loader.load(Wanted(package, version, url, checksums))

        return load


def _package_config(package: str, values: dict[str, str], secret_keys: set[str]) -> dict[str, Any]:
    """Inputs of a default provider: the stack's config in the package's namespace."""
    prefix = package + ":"
    return {
        key.removeprefix(prefix): Secret(value) if key in secret_keys else value
        for key, value in values.items()
        if key.startswith(prefix)
    }


def keep_salt_out_of_git(root: Path) -> None:
    """Sets up the filter that `.gitattributes` names for stack files of embedded servers.

    The salt of a passphrase that belongs to this clone alone means nothing to anybody else, so git sees the
    placeholder instead. Both are equally long, because git takes a file of another size for a changed one.
    """
    if not (root / ".git").exists():
        return
    program = f"sed -e 's|^encryptionsalt:.*|encryptionsalt: {NO_SALT}|'"
    command = ["git", "-C", str(root), "config", "--local", "filter.pulumi-local-salt.clean", program]
    subprocess.run(command, check=False, capture_output=True)


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False)

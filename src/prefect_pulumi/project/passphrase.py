"""The passphrase of a stack and the secrets manager that it opens.

Whose passphrase and whose salt count is decided here: the environment's before the clone's own, the stack file's salt
before the state's, unless both belong to a clone that is new.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prefect_pulumi.core.errors import PassphraseError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project import git
from prefect_pulumi.project.stack_file import StackConfig
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.secrets import PassphraseManager

VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"

NO_SALT = "v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:" + "A" * 32
"""Placeholder for a salt in the stack file of an embedded server: each clone puts its own there."""


class SecretsOwner(Protocol):
    """What is asked of a stack here (`project.stack.Stack`)."""

    @property
    def name(self) -> str: ...
    @property
    def root(self) -> Path: ...
    @property
    def work_dir(self) -> Path: ...
    @property
    def passphrase_file(self) -> Path: ...
    @property
    def owns_passphrase(self) -> bool: ...
    @property
    def config(self) -> StackConfig: ...
    @property
    def backend(self) -> StateBackend: ...


@dataclass
class StackSecrets:
    """A stack's passphrase and the manager that it opens. What a new stack lacks is in no file before `keep`."""

    stack: SecretsOwner
    passphrase: str
    manager: PassphraseManager
    created: bool

    def keep(self) -> None:
        """Writes a new passphrase into its file and a new salt into the stack file. Call it before anything that is
        encrypted with them is written. Raises `PassphraseError` when another command has created a passphrase since."""
        if self.created:
            _write_passphrase(self.stack, self.passphrase)
            self.created = False
        if self.manager.salt_text != self.stack.config.salt:
            self.stack.config.set_salt(self.manager.salt_text)
            self.stack.config.save()


def open_secrets(stack: SecretsOwner) -> StackSecrets:
    """The stack's secrets, to write with. Raises `PassphraseError` when the stack has no passphrase."""
    known = _known_passphrase(stack)
    passphrase, cache = known or (secrets.token_urlsafe(32), stack.work_dir)
    salt = _salt(stack, is_new_clone=known is None)
    return StackSecrets(stack, passphrase, _opened(passphrase, salt, cache), known is None)


def open_manager(stack: SecretsOwner, *, write: bool) -> PassphraseManager:
    """The stack's secrets manager. With `write` a missing passphrase or salt is created and kept.

    Raises `PassphraseError` when the stack has no passphrase.
    """
    if write:
        opened = open_secrets(stack)
        opened.keep()
        return opened.manager
    passphrase, cache = read_passphrase(stack)
    return _opened(passphrase, _salt(stack, is_new_clone=False), cache)


def _opened(passphrase: str, salt: str, cache: Path | None) -> PassphraseManager:
    return PassphraseManager.open(passphrase, salt, cache_dir=cache) if salt else PassphraseManager.create(passphrase)


def _salt(stack: SecretsOwner, *, is_new_clone: bool) -> str:
    """The stack file's salt, else the state's. A new clone takes none of a passphrase that is gone with its folder."""
    in_file = "" if stack.config.salt == NO_SALT else stack.config.salt
    in_state = stack.backend.reader(stack.name).salt() if is_new_clone or not in_file else ""
    if is_new_clone and not in_state:
        return ""
    return in_file or in_state


def read_passphrase(stack: SecretsOwner) -> tuple[str, Path | None]:
    """The passphrase and, where it lies in this clone in plain text anyway, the folder for its derived key.

    That of a new clone is made up, and kept nowhere. A command on several stacks needs several:
    `PULUMI_CONFIG_PASSPHRASE_<STACK>` (or `..._FILE_<STACK>`) is that of one. Raises `PassphraseError` when there is
    none.
    """
    return _known_passphrase(stack) or (secrets.token_urlsafe(32), None)


def _known_passphrase(stack: SecretsOwner) -> tuple[str, Path | None] | None:
    """As `read_passphrase`; None in a clone that has still to make its own."""
    suffix = re.sub(r"[^A-Z0-9]", "_", stack.name.upper())
    file_variable = FILE_VARIABLE
    if os.environ.get(f"{VARIABLE}_{suffix}"):
        return os.environ[f"{VARIABLE}_{suffix}"], None
    if os.environ.get(f"{FILE_VARIABLE}_{suffix}"):
        file_variable = f"{FILE_VARIABLE}_{suffix}"
    elif VARIABLE in os.environ:
        return os.environ[VARIABLE], None
    named = os.environ.get(file_variable)
    if named and Path(named).resolve() != stack.passphrase_file.resolve():
        try:
            return Path(named).read_text("utf-8").strip(), None
        except OSError as error:
            raise PassphraseError(error.strerror or str(error), where=file_variable) from error
        except UnicodeDecodeError as error:
            raise PassphraseError(f"{named} is not a text file", where=file_variable) from error
    if stack.passphrase_file.is_file():
        return stack.passphrase_file.read_text("utf-8").strip(), stack.work_dir
    if not stack.owns_passphrase:
        raise PassphraseError(
            f"stack {stack.name} has no passphrase",
            where=VARIABLE,
            remedy=f"set {VARIABLE} or {FILE_VARIABLE} to the one of your team",
        )
    return None


def create_passphrase(stack: SecretsOwner) -> None:
    """A new passphrase of this clone, in a file that only its owner reads."""
    _write_passphrase(stack, secrets.token_urlsafe(32))


def _write_passphrase(stack: SecretsOwner, passphrase: str) -> None:
    make_folder(stack.work_dir)
    try:
        descriptor = os.open(stack.passphrase_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise PassphraseError(
            "another command has created the passphrase meanwhile",
            where=str(stack.passphrase_file),
            remedy="run it again",
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(passphrase + "\n")
    keep_salt_out_of_git(stack.root)


def keep_salt_out_of_git(root: Path) -> None:
    """Sets up the filter that `.gitattributes` names for stack files of embedded servers.

    The salt of a passphrase that belongs to this clone alone means nothing to anybody else, so git sees the
    placeholder instead. Both are equally long, because git takes a file of another size for a changed one.
    """
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return
    program = f"sed -e 's|^encryptionsalt:.*|encryptionsalt: {NO_SALT}|'"
    git.set_local_config(root, "filter.pulumi-local-salt.clean", program)

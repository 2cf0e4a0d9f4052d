"""Values of secrets that come from outside the stack: a variable, a file, or a command of the user's own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from prefect_pulumi.core.display_text import printable
from prefect_pulumi.core.masking import Masker, current
from prefect_pulumi.project import layout
from prefect_pulumi.project.secret_settings import SecretSettings, SettingsError

PATIENCE = 3.0
"""Seconds that a command may take before a line says what is waited for. It has no time limit: its user may have to
unlock something."""
STDERR = 1000
"""Last characters of a failed command's stderr that are shown."""

_PRINTED: WeakKeyDictionary[Masker, dict[tuple[Path, tuple[str, ...]], str]] = WeakKeyDictionary()
"""Of each `infra` command, known by its masker: a preview and the update after it ask a password manager once."""


def outside_value(settings: SecretSettings, root: Path, where: str) -> str | None:
    """The value from the settings' `exec`, `file` or `env`; None where there is none. The last line end is not part of
    it.

    `root`: the project's folder; the command runs in it, and a relative file starts at its own home
    (`layout.project_home`), since a release has no files that git ignores. `where`: file and key, for errors. Raises
    `SettingsError` for a command that fails or prints nothing, and for a file that cannot be read.
    """
    if settings.exec is not None:
        return _printed(settings, tuple(settings.exec), layout.project_home(root), f"{where}.exec")
    if settings.file is not None:
        return _content(settings.file, layout.project_home(root), f"{where}.file")
    return os.environ.get(settings.env) or None if settings.env else None


def _content(name: str, home: Path, where: str) -> str:
    try:
        text = (home / Path(name).expanduser()).read_text("utf-8")
    except (OSError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise SettingsError(f"{name}: {reason}", where=where, remedy="create the file, or correct its name") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name} is not a text file", where=where, remedy="write the value as UTF-8") from None
    return _value(text, f"{name} is empty", where)


def _printed(settings: SecretSettings, command: tuple[str, ...], home: Path, where: str) -> str:
    masker = current()
    known = _PRINTED.setdefault(masker, {})
    if (home, command) not in known:
        with _notice(masker.text(settings.source)):
            known[home, command] = _run(command, home, where, masker)
    return known[home, command]


def _run(command: tuple[str, ...], home: Path, where: str, masker: Masker) -> str:
    """What the command prints. It has the environment of this process and nothing to read: one that would ask for a
    password fails, and says so itself. An interruption ends it."""
    name = command[0]
    remedy = f"run it yourself to see why: {masker.text(shlex.join(command))}"
    try:
        done = subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise SettingsError(
            f"{name} cannot be run: {reason}", where=where, remedy=f"install {name}, or correct the list"
        ) from None
    masker.learn_text(done.stdout.decode("utf-8", "replace"))
    if done.returncode:
        said = masker.text(printable(done.stderr.decode("utf-8", "replace").strip()))[-STDERR:]
        said = said or "without a word on stderr"
        raise SettingsError(f"{name} ended with exit code {done.returncode}: {said}", where=where, remedy=remedy)
    try:
        text = done.stdout.decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{name} printed something that is not UTF-8 text", where=where, remedy=remedy) from None
    return _value(text, f"{name} printed nothing", where)


def _value(text: str, fault: str, where: str) -> str:
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise SettingsError(fault, where=where, remedy="put the value there")
    return value


@contextmanager
def _notice(source: str) -> Iterator[None]:
    """Says what is waited for, past the streams of the program, which a preview holds back."""

    def say() -> None:
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"waiting for {printable(source)}\n")
            sys.__stderr__.flush()

    timer = threading.Timer(PATIENCE, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

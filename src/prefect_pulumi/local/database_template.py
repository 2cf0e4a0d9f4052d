"""The database of a first Prefect server, kept for later ones of that version, which skip its migrations.

It lies in the user's cache: `INFRA_CACHE`, else `prefect-pulumi` in `XDG_CACHE_HOME`, else in `~/.cache`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from prefect_pulumi.core.folders import make_folder

DATABASE, MEMO = "prefect.db", "memo_store.toml"
"""`MEMO` tells the server that the block types are in the database."""


def user_cache() -> Path:
    given = os.environ.get("INFRA_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prefect-pulumi"


@dataclass(frozen=True)
class DatabaseTemplate:
    """`folder` may be shared by several processes, and may vanish at any time."""

    folder: Path

    @classmethod
    def of_user(cls) -> DatabaseTemplate:
        """The one of the installed Prefect."""
        return cls(user_cache() / "servers" / version("prefect"))

    def exists(self) -> bool:
        return (self.folder / DATABASE).is_file()

    def copy(self, directory: Path) -> bool:
        """Puts the database into the folder of a server that has none yet. False: there is none, or one is there."""
        if (directory / DATABASE).exists() or not self.exists():
            return False
        make_folder(directory)
        try:
            if (self.folder / MEMO).is_file():
                shutil.copyfile(self.folder / MEMO, directory / MEMO)
            with tempfile.TemporaryDirectory(dir=directory) as place:
                whole = shutil.copyfile(self.folder / DATABASE, Path(place) / DATABASE)
                whole.chmod(0o600)
                whole.rename(directory / DATABASE)
        except FileNotFoundError:
            return False
        return True

    def keep(self, directory: Path) -> None:
        """Takes the database of a server that has just started. A cache that cannot be written is none."""
        with contextlib.suppress(OSError, sqlite3.Error):
            make_folder(self.folder)
            with tempfile.TemporaryDirectory(dir=self.folder) as place:
                whole = Path(place) / DATABASE
                with closing(sqlite3.connect(directory / DATABASE)) as source, closing(sqlite3.connect(whole)) as copy:
                    source.backup(copy)
                    # Each server's own: the key of its secrets, and by what its telemetry would know it.
                    copy.execute("PRAGMA secure_delete = ON")
                    copy.execute("DELETE FROM configuration")
                    copy.commit()
                whole.chmod(0o600)
                if (directory / MEMO).is_file():
                    shutil.copyfile(directory / MEMO, Path(place) / MEMO)
                    (Path(place) / MEMO).replace(self.folder / MEMO)
                whole.replace(self.folder / DATABASE)

    def remove(self) -> None:
        (self.folder / DATABASE).unlink(missing_ok=True)

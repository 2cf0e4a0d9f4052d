"""The database of a first Prefect server, for later ones: it has the schema, so they skip its migrations."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port

FILES = DATABASE, MEMO = "prefect.db", "memo_store.toml"
"""`MEMO` tells the server that the block types are in the database."""


@dataclass(frozen=True)
class ServerTemplate:
    """`folder` may be shared by several processes."""

    folder: Path

    def copy(self, directory: Path) -> None:
        """Puts the database into the folder of a server that is still to start, once there is one."""
        if not (self.folder / DATABASE).exists():
            return
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, directory / name)

    def fill(self) -> None:
        """Makes the database unless there is one, which takes half a minute."""
        if (self.folder / DATABASE).exists():
            return
        with tempfile.TemporaryDirectory() as directory, self.server(Path(directory), free_port()):
            """Its start leaves the database here."""

    @contextmanager
    def server(self, directory: Path, port: int) -> Iterator[ServerSpec]:
        """A running server with its files in `directory`. The first one leaves its database here."""
        spec = ServerSpec(directory, port=port)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            first = not (self.folder / DATABASE).exists()
            if first:
                start(spec)
                self._keep(directory)
        if not first:
            self.copy(directory)
            start(spec)
        try:
            yield spec
        finally:
            stop(spec)

    def _keep(self, directory: Path) -> None:
        if (directory / MEMO).exists():
            shutil.copy(directory / MEMO, self.folder / MEMO)
        temporary = self.folder / "incomplete.db"
        with closing(sqlite3.connect(directory / DATABASE)) as source, closing(sqlite3.connect(temporary)) as target:
            source.backup(target)
        temporary.rename(self.folder / DATABASE)

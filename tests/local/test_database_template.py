"""The database of a first server, with which later ones start."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.local import server
from prefect_pulumi.local.database_template import DATABASE, MEMO, DatabaseTemplate, user_cache
from prefect_pulumi.local.server import ServerSpec
from prefect_pulumi.testing.ports import free_port
from tests.support.servers import scratch_server


def filled(directory: Path) -> Path:
    """A database as a server leaves it."""
    directory.mkdir(parents=True)
    with closing(sqlite3.connect(directory / DATABASE)) as database:
        database.execute("CREATE TABLE configuration (key TEXT, value TEXT)")
        database.execute("CREATE TABLE block_type (name TEXT)")
        database.execute("INSERT INTO configuration VALUES ('ENCRYPTION_KEY', 'the key of one server')")
        database.execute("INSERT INTO block_type VALUES ('Secret')")
        database.commit()
    (directory / MEMO).write_text("block_auto_registration = 1\n")
    return directory


def rows(database: Path, table: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.execute(f"SELECT * FROM {table}"))


def test_a_later_server_has_the_schema_and_no_key_of_the_first(tmp_path: Path) -> None:
    template = DatabaseTemplate(tmp_path / "cache")
    first, second = filled(tmp_path / "first"), tmp_path / "second"
    assert not template.copy(second)
    template.keep(first)
    assert template.copy(second)
    assert rows(second / DATABASE, "block_type") == [("Secret",)]
    assert rows(second / DATABASE, "configuration") == []
    assert b"the key of one server" not in (second / DATABASE).read_bytes()
    assert (second / MEMO).read_text() == "block_auto_registration = 1\n"
    assert stat.S_IMODE((second / DATABASE).stat().st_mode) == 0o600


def test_a_database_that_is_there_stays(tmp_path: Path) -> None:
    template = DatabaseTemplate(tmp_path / "cache")
    template.keep(filled(tmp_path / "first"))
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / DATABASE).write_text("its own")
    assert not template.copy(tmp_path / "second")
    assert (tmp_path / "second" / DATABASE).read_text() == "its own"


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    template = DatabaseTemplate(tmp_path / "cache" / "servers")
    template.keep(filled(tmp_path / "first"))
    assert not template.exists()


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_cache().name == "cache"
    monkeypatch.delenv("INFRA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert user_cache() == Path("/caches/prefect-pulumi")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache() == Path.home() / ".cache" / "prefect-pulumi"


@pytest.mark.e2e
def test_a_server_that_cannot_read_it_removes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRA_CACHE", str(tmp_path / "cache"))
    template = DatabaseTemplate.of_user()
    template.folder.mkdir(parents=True)
    (template.folder / DATABASE).write_text("no database")
    spec = ServerSpec(tmp_path / "server", port=free_port())
    with pytest.raises(LocalProcessError, match="its process ended"):
        server.start(spec)
    assert not template.exists()
    assert not (spec.directory / DATABASE).exists()


@pytest.mark.e2e
def test_two_servers_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = []
    for name in ("first", "second"):
        with scratch_server(tmp_path / name) as spec:
            types = httpx.get(f"{spec.api_url}/block_types/slug/secret").json()
            schema = httpx.post(
                f"{spec.api_url}/block_schemas/filter",
                json={"block_schemas": {"block_type_id": {"any_": [types["id"]]}}},
            ).json()[0]
            document = {"name": "a", "block_type_id": types["id"], "block_schema_id": schema["id"]}
            httpx.post(f"{spec.api_url}/block_documents/", json={**document, "data": {"value": "x"}}).raise_for_status()
        keys += [value for key, value, *_ in rows(spec.directory / DATABASE, "(SELECT key, value FROM configuration)")]
    assert len(keys) == len(set(keys)) >= 2

"""The notes of what was begun: kept by a run that was killed, gone after one that ended well."""

from __future__ import annotations

import os
import time
from pathlib import Path

from prefect_pulumi.project.layout import CREATES
from prefect_pulumi.provider.pending_creates import KEPT_SECONDS, CreateLog


def notes(root: Path) -> list[Path]:
    return sorted((root / ".infra" / CREATES).glob("*.jsonl"))


def test_a_run_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    creates = CreateLog(tmp_path)
    creates.close()
    assert not (tmp_path / ".infra").exists()
    creates.start("urn:a", time.time())
    assert len(notes(tmp_path)) == 1
    assert (tmp_path / ".infra" / CREATES / ".gitignore").read_text() == "*\n"
    creates.finish("urn:a")
    creates.close()
    assert notes(tmp_path) == []


def test_what_is_not_known_to_have_ended_stays_for_the_next(tmp_path: Path) -> None:
    before = time.time()
    creates = CreateLog(tmp_path)
    creates.start("urn:a", time.time())
    creates.start("urn:b", time.time())
    creates.finish("urn:b")
    assert creates.previous("urn:a") == []
    creates.close()
    ((at, until),) = CreateLog(tmp_path).previous("urn:a")
    assert before <= at == until <= time.time()
    assert CreateLog(tmp_path).previous("urn:c") == []


def test_what_was_given_up_was_repeated_until_then(tmp_path: Path) -> None:
    creates = CreateLog(tmp_path)
    creates.start("urn:a", time.time())
    creates.give_up("urn:a", time.time())
    creates.give_up("urn:b", time.time())
    creates.close()
    started, given_up = CreateLog(tmp_path).previous("urn:a")
    assert given_up[0] == started[0]
    assert given_up[1] > started[1]
    assert CreateLog(tmp_path).previous("urn:b") == []


def test_an_engine_that_is_gone_may_not_have_stored_anything(tmp_path: Path) -> None:
    creates = CreateLog(tmp_path)
    creates.start("urn:a", time.time())
    creates.finish("urn:a")
    creates.close(well=False)
    creates.close()
    assert len(CreateLog(tmp_path).previous("urn:a")) == 1


def test_old_and_torn_notes(tmp_path: Path) -> None:
    creates = CreateLog(tmp_path)
    creates.start("urn:a", time.time())
    creates.close()
    (path,) = notes(tmp_path)
    path.write_text(path.read_text() + '{"urn": "urn:b", "a')
    assert len(CreateLog(tmp_path).previous("urn:a")) == 1
    assert CreateLog(tmp_path).previous("urn:b") == []
    old = time.time() - KEPT_SECONDS - 1
    os.utime(path, (old, old))
    assert CreateLog(tmp_path).previous("urn:a") == []
    assert notes(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_only_this_help(tmp_path: Path) -> None:
    (tmp_path / ".infra").write_text("a file")
    creates = CreateLog(tmp_path)
    creates.start("urn:a", time.time())
    assert creates.previous("urn:a") == []
    creates.close()

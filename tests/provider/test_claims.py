"""The notes of what was begun: kept by a run that was killed, gone after one that ended well."""

from __future__ import annotations

import os
import time
from pathlib import Path

from prefect_pulumi.provider.pending_creates import FOLDER, KEPT, Claims


def notes(root: Path) -> list[Path]:
    return sorted((root / FOLDER).glob("*.jsonl"))


def test_a_run_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.close()
    assert not (tmp_path / ".infra").exists()
    claims.begin("urn:a")
    assert len(notes(tmp_path)) == 1
    assert (tmp_path / FOLDER / ".gitignore").read_text() == "*\n"
    claims.end("urn:a")
    claims.close()
    assert notes(tmp_path) == []


def test_what_is_not_known_to_have_ended_stays_for_the_next(tmp_path: Path) -> None:
    before = time.time()
    claims = Claims(tmp_path)
    claims.begin("urn:a")
    claims.begin("urn:b")
    claims.end("urn:b")
    assert claims.former("urn:a") == []
    claims.close()
    (at,) = Claims(tmp_path).former("urn:a")
    assert before <= at <= time.time()
    assert Claims(tmp_path).former("urn:c") == []


def test_an_engine_that_is_gone_may_not_have_stored_anything(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.begin("urn:a")
    claims.end("urn:a")
    claims.close(well=False)
    claims.close()
    assert len(Claims(tmp_path).former("urn:a")) == 1


def test_old_and_torn_notes(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.begin("urn:a")
    claims.close()
    (path,) = notes(tmp_path)
    path.write_text(path.read_text() + '{"urn": "urn:b", "a')
    assert len(Claims(tmp_path).former("urn:a")) == 1
    assert Claims(tmp_path).former("urn:b") == []
    old = time.time() - KEPT - 1
    os.utime(path, (old, old))
    assert Claims(tmp_path).former("urn:a") == []
    assert notes(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_only_this_help(tmp_path: Path) -> None:
    (tmp_path / ".infra").write_text("a file")
    claims = Claims(tmp_path)
    claims.begin("urn:a")
    assert claims.former("urn:a") == []
    claims.close()

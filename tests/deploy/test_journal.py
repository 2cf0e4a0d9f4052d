"""What an update has deployed is noted as it ends."""

from __future__ import annotations

from pathlib import Path

from prefect_pulumi.deploy.plan.journal import DeployJournal, JournalEntry


def test_notes_outlive_a_crash_and_not_the_next_update(tmp_path: Path) -> None:
    journal = DeployJournal(tmp_path, "urn:a")
    assert journal.read() == {}
    journal.begin()
    one, two = JournalEntry("f/a", "1", "x", {"auto": "2"}), JournalEntry("f/b", "3", "y", {})
    journal.note(one)
    journal.note(two)
    (file,) = (tmp_path / ".infra" / "deploy").iterdir()
    file.write_text(file.read_text() + '{"name": "f/c", "id"')
    assert DeployJournal(tmp_path, "urn:a").read() == {"f/a": one, "f/b": two}
    assert DeployJournal(tmp_path, "urn:b").read() == {}
    journal.begin()
    assert journal.read() == {}

"""Passphrase secrets: vectors written by the official CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import PassphraseError
from prefect_pulumi.state.secrets import PassphraseManager

SALT = "v1:9MavrqrpyV4=:v1:Hds7hRGstSc+Lq1T:JzXJI7arYvtlobxW6yxgo0liSNCkmg=="


def test_vectors_of_the_official_cli() -> None:
    manager = PassphraseManager.open("fmtpass", SALT)
    manager.verify()
    config = "v1:my/cYPI9L37+jucD:THLLqog9gPE+q1HKhgQunEVZfUSNtqRdZvjT7d0="
    assert manager.decrypt(config) == "hunter2 ünï"
    state = "v1:+aWeXIPeD5Zsn1xw:LGjPVhNTWcNN7U6uHqQgeOrfvHCDhFZ3ICgm+nFGMecWZ6s/GM5F"
    assert manager.decrypt(state) == '{"k":[1,true,null,"s"]}'
    assert manager.decrypt(manager.encrypt("again")) == "again"


def test_wrong_passphrase() -> None:
    with pytest.raises(PassphraseError, match="incorrect passphrase"):
        PassphraseManager.open("other", SALT).verify()


def test_the_derived_key_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    PassphraseManager.open("fmtpass", SALT, cache_dir=tmp_path).verify()
    kept = tmp_path / "derived-key"
    assert kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(PassphraseError):
        PassphraseManager.open("other", SALT, cache_dir=tmp_path).verify()


def test_salt_text_round_trip() -> None:
    made = PassphraseManager.create("p")
    PassphraseManager.open("p", made.salt_text).verify()

"""What a program warns of is in the result of every command that runs it, and in the record of its verification."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.promotion.test_promotion import PROGRAM
from tests.support.promotion_project import promotion_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

WARNING = "the pool etl has no owner"


def test_warnings_reach_every_reader(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    servers = {"dev": prefect_server, "prod": prefect_server}
    program = f"{PROGRAM}\npulumi.log.warn({WARNING!r})\n"
    with promotion_project(tmp_path, program, ["dev", "prod"], servers) as two:
        two.version("first")
        for words in (["preview"], ["up", "--yes"], ["verify"]):
            assert WARNING in two.infra(*words, "-s", "dev", code=None), words
            assert two.exit_code == 0, words
        checks = {check["name"]: check for check in two.carried("dev")["verification"]["checks"]}
        assert checks["drift"]["evidence"]["notes"] == [WARNING]
        for words in (["drift"], ["review"], ["adopt"]):
            assert WARNING in two.infra(*words, "-s", "dev", code=None), words
            assert two.exit_code == 0, words
        for words in (["status"], ["promote", "dev", "prod", "--preview"]):
            assert WARNING in two.infra(*words, code=None), words

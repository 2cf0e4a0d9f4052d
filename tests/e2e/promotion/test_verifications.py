"""What a verification records besides its verdict: warnings of the program, smoke runs that nobody has taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.promotion_project import PROGRAM, promotion_project
from tests.support.rest import call

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


FLOW = """
from prefect_pulumi.resources import Deployment, Flow
pool = WorkPool("idle", server.options, type="process", name=f"{name}_idle")
flow = Flow("flow", server.options, name=name)
Deployment("smoke", server.options, name="smoke", flow_name=flow.name, work_pool_name=pool.name)
"""


def test_a_smoke_run_that_nobody_takes_says_why_and_is_cancelled(
    tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    program = PROGRAM.replace("release = declare_release", f"{FLOW}\nrelease = declare_release")
    with promotion_project(tmp_path, program, ["dev"], {"dev": prefect_server}) as one:
        deployment = f"{one.name}_dev/smoke"
        one.configured("dev", verification={"smoke": [{"deployment": deployment, "seconds": 1}]})
        one.version("first")
        one.infra("up", "--yes")
        said = one.infra("verify", code=1)
        assert f"has not ended in 1 s and was cancelled: no worker of work pool {one.name}_idle is online" in said
        checks = {check["name"]: check for check in one.carried("dev")["verification"]["checks"]}
        run = call(prefect_server, "GET", f"/flow_runs/{checks[f'smoke {deployment}']['evidence']['run']}")
        assert run["state"]["name"] == "Cancelled"
        assert f"no worker of work pool {one.name}_idle is online" in one.infra(
            "run", deployment, "--timeout", "1", code=1
        )


def test_a_pool_needs_a_worker_that_runs_elsewhere(
    tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    with promotion_project(tmp_path, PROGRAM, ["dev"], {"dev": prefect_server}) as one:
        pool = f"{one.name}_dev_etl"
        settings = {"online_pools": [pool, "nothing"], "workers_seconds": 0, "automations": False}
        one.configured("dev", verification=settings)
        one.version("first")
        one.infra("up", "--yes")
        said = one.infra("verify", code=1)
        assert f"workers: after 0 s: no worker of {pool} is online, the stack has no work pool nothing" in said
        one.configured("dev", verification={**settings, "online_pools": [pool]})
        call(prefect_server, "POST", f"/work_pools/{pool}/workers/heartbeat", {"name": "elsewhere"})
        one.commit("the pool alone")
        one.infra("up", "--yes")
        assert "passed  workers: 1 online" in one.infra("verify", code=None)
        assert one.exit_code == 0

"""Agreements that `sla:` of prefect.yaml makes, read back with their deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provider.plain_deploy_lab import PlainDeployLab
from tests.support.cloud.proxy import CloudProxy

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_an_agreement_that_was_edited_outside_is_drift_and_a_deploy_leads_back(
    judged: CloudProxy, tmp_path: Path
) -> None:
    lab = PlainDeployLab(tmp_path, judged.url)
    lab.write(lab.entry("daily", "    sla: [{name: late, duration: 60}]\n"), lab.entry("other"))
    assert lab.up()["daily"]["result"] == "done"
    assert lab.refresh() == {}
    rows = judged.stand_in.account.slas[f"prefect.deployment.{lab.live('daily')['id']}"]
    rows[0] = {**rows[0], "severity": "low"}
    rows.append({**rows[0], "name": "from the UI"})
    drift = lab.refresh()["daily"]
    assert drift["sla.late.severity"] == ("high", "low")
    assert drift.keys() == {"sla.late.severity", "sla.from the UI"}
    results = lab.up()
    assert (results["daily"]["action"], results["other"]["action"]) == ("update", "skip")
    assert results["daily"]["changes"].keys() == {"sla.late.severity", "sla.from the UI"}
    assert lab.refresh() == {}
    lab.clear()
    lab.provider.close()

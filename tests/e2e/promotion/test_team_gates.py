"""Gates that a team declares: each closes by itself, at the promotion or at the deployment of its merge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.support.code_host import URL, ReviewHost, review_host

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReviewHost]:
    with review_host() as made:
        for name, value in made.github().items():
            monkeypatch.setenv(name, value)
        yield made


def declare(two: Any, **rules: Any) -> None:
    """The rules of prod, committed."""
    path = two.root / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text())
    content["promotion"]["gates"] = {"prod": rules}
    path.write_text(yaml.safe_dump(content))
    two.commit(f"gates: {', '.join(rules) or 'none'}")


def days(begin: int, end: int) -> dict[str, Any]:
    """A freeze from `begin` to `end` days from today."""
    today = datetime.now(UTC).date()
    return {"first": today + timedelta(days=begin), "last": today + timedelta(days=end), "reason": "stock-taking"}


def test_a_freeze_stops_promotion_and_deployment(two: Any) -> None:
    declare(two, freeze=[days(-1, 1)])
    two.verified("first")
    assert two.closed() == ["freeze"]
    refused = two.json("history", "-s", "prod")[0]
    assert (refused["command"], refused["result"], refused["release"]) == ("promote", "failed", "dev-1")
    assert "nothing is deployed to prod until" in refused["text"]
    assert refused["plan"].startswith("sha256:")
    two.infra("promote", "dev", "prod", "--force", "freeze=prod is down")
    two.commit("promote in the freeze")
    declare(two, freeze=[days(3, 5)])
    two.infra("up", "-s", "prod", "--yes")  # what was approved with a reason is deployed after the freeze, too
    assert two.live("prod") == "first"
    assert two.carried("prod")["promoted"]["forced"] == {"freeze": "prod is down"}

    two.verified("second")
    two.promoted()
    declare(two, freeze=[days(-1, 1)])
    said = two.infra("up", "-s", "prod", "--yes", code=1)
    assert "freeze: nothing is deployed to prod until" in said
    assert "stock-taking" in said
    assert two.live("prod") == "first"
    two.infra("rollback", "-s", "prod", "--yes", code=2)  # a freeze stops no rollback: here there is none to go to


def test_soak_asks_for_time_in_the_stage_before(two: Any) -> None:
    declare(two, soak_hours=1)
    two.verified("first")
    assert two.closed() == ["soak"]
    declare(two, soak_hours=0.0001)
    assert two.closed() == []


def test_the_deployment_asks_who_approved_its_merge(two: Any, host: ReviewHost) -> None:
    declare(two, approvals=1)
    two.verified("first")
    assert "approved: no commit holds this pin" in two.infra("promote", "dev", "prod", "--apply", "--yes", code=1)
    pinned = two.promoted()
    assert "no merged pull request holds the commit" in two.infra("up", "-s", "prod", "--yes", code=1)
    host.commits = [pinned]
    assert "approved by nobody" in two.infra("up", "-s", "prod", "--yes", code=1)
    assert two.live("prod") is None
    host.approve("ben")
    two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == "first"
    approval = f"{URL} was approved by ben"
    assert two.carried("prod")["verification"]["approval"] == approval
    two.infra("verify", "-s", "prod")
    assert two.carried("prod")["verification"]["approval"] == approval
    assert f"approved       {approval}" in two.infra("release", "show", "-s", "prod")

    two.verified("second")
    two.infra("promote", "dev", "prod", "--force", "approved=nobody is awake")
    two.commit("promote at night")
    two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == "second"
    assert two.carried("prod")["promoted"]["forced"] == {"approved": "nobody is awake"}

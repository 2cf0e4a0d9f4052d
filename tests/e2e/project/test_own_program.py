"""This repository's own program and flows, tested as a team tests its own: with the fixtures of the pytest plugin."""

from __future__ import annotations

import pytest

from prefect_pulumi.testing import MockedProgram, ScratchStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_the_program_declares_what_the_flows_need(infra_mocks: MockedProgram) -> None:
    plan = infra_mocks.run("dev")
    plan.creates("WorkPool", name="etl", concurrency_limit=10)
    plan.creates("SecretBlock", name="orders-api-token", value="dev-only-token")
    assert plan.creates("JsonBlock", name="app-config")["value"]["currencies"] == ["EUR", "USD"]


def test_prod_differs_by_its_limits(infra_mocks: MockedProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_API_TOKEN", "a token")
    infra_mocks.run("prod").creates("WorkPool", name="etl", concurrency_limit=50)


def test_a_life(infra_stack: ScratchStack) -> None:
    infra_stack.preflight().passes()
    plan = infra_stack.up()
    plan.creates("ProcessWorker", name="etl-1")
    plan.deploys("import-orders/daily")
    infra_stack.preview().changes_nothing()

    run = infra_stack.run("import-orders/on-demand", {"dry_run": True})
    run.ends("Completed")
    run.logs("9 orders")
    assert "dev-only-token" not in "".join(run.lines)

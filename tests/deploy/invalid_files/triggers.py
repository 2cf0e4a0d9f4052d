"""Broken files: triggers and agreements."""

from __future__ import annotations

from tests.deploy.fixtures import CLEAN_UP, ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "unknown type of trigger": (
        ORDERS + "  parameters: {day: 2026-01-01}\n  triggers: [{type: cron}]\n",
        [
            "line 6: deployments[0].triggers[0]: type must be event, metric, compound or sequence, not 'cron'",
        ],
    ),
    "proactive too soon": (
        ORDERS + "  parameters: {day: 2026-01-01}\n  triggers: [{posture: Proactive, within: 5}]\n",
        [
            "line 6: deployments[0].triggers[0]: within must be at least 10 seconds for a Proactive trigger",
        ],
    ),
    "metric on a server": (
        CLEAN_UP + "  triggers: [{type: metric, metric: {name: lateness, threshold: 1, operator: '>'}}]\n",
        [
            "line 6: deployments[0].triggers[0]: metric triggers exist on Prefect Cloud only",
        ],
    ),
    "agreement on a server": (
        ORDERS + "  sla: [{name: fast, duration: 60}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
        ],
    ),
    "agreement without a form": (
        ORDERS + "  sla: [{name: fast}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
            "line 5: deployments[0].sla[0]: give one of duration (seconds), within and stale_after",
        ],
    ),
}

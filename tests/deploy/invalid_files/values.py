"""Broken files: values of the wrong form."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "name that is a number": (
        "deployments:\n- name: 2026\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: 2026 is a number, and Prefect wants a text; put it in quotes",
        ],
    ),
    "version that is a number": (
        ORDERS + "  version: 1.10\n",
        [
            "line 5: deployments[0].version: 1.1 is a number, and Prefect wants a text; put it in quotes",
        ],
    ),
    "tags as a text": (
        ORDERS + "  tags: orders\n",
        [
            "line 5: deployments[0].tags: give a list, such as [orders, nightly]",
        ],
    ),
    "tags of nothing": (
        ORDERS + "  tags:\n",
        [
            "line 5: deployments[0].tags: it is empty, and Prefect fails on that; write [] or leave the key out",
        ],
    ),
    "tag that is a list": (
        ORDERS + "  tags: [orders, [nightly]]\n",
        [
            "line 5: deployments[0].tags: a tag must be a text, not ['nightly']",
        ],
    ),
    "empty parameters": (
        ORDERS + "  parameters:\n",
        [
            "line 5: deployments[0].parameters: it is empty; give a mapping of keys to values, or leave the key out: Prefect would skip the whole file",
        ],
    ),
    "parameters with a number as key": (
        ORDERS + "  parameters: {1: x}\n",
        [
            "line 5: deployments[0].parameters: the key 1 is not a text; put it in quotes",
        ],
    ),
    "parameters that are no JSON": (
        ORDERS + "  parameters: {limit: .nan}\n",
        [
            "line 5: deployments[0].parameters: NaN and infinity cannot be written as JSON",
        ],
    ),
    "paused by a template": (
        ORDERS + '  paused: "{{ $PAUSED }}"\n',
        [
            "line 5: deployments[0].paused: give true or false, not '{{ $PAUSED }}'; Prefect reads it before it fills in a {{ }}",
        ],
    ),
    "paused by a word": (
        ORDERS + "  paused: maybe\n",
        [
            "line 5: deployments[0].paused: give true or false, not 'maybe'",
        ],
    ),
    "limit of zero": (
        ORDERS + "  concurrency_limit: 0\n",
        [
            "line 5: deployments[0].concurrency_limit: it must be at least 1, not 0",
        ],
    ),
    "limit as a word": (
        ORDERS + "  concurrency_limit: many\n",
        [
            "line 5: deployments[0].concurrency_limit: give a whole number, not 'many'",
        ],
    ),
    "limit without a strategy": (
        ORDERS + "  concurrency_limit: {limit: 2}\n",
        [
            "line 5: deployments[0].concurrency_limit.collision_strategy: it is required",
        ],
    ),
    "strategy misspelt": (
        ORDERS + "  concurrency_limit: {limit: 2, collision_strategy: ENQUE}\n",
        [
            "line 5: deployments[0].concurrency_limit.collision_strategy: give ENQUEUE or CANCEL_NEW, not 'ENQUE'; did you mean ENQUEUE?",
        ],
    ),
    "grace period too short": (
        ORDERS + "  concurrency_limit: {limit: 2, collision_strategy: ENQUEUE, grace_period_seconds: 5}\n",
        [
            "line 5: deployments[0].concurrency_limit.grace_period_seconds: it must be at least 60, not 5",
        ],
    ),
    "version type misspelt": (
        ORDERS + "  version_type: github\n",
        [
            "line 5: deployments[0].version_type: 'github' is not a version type; did you mean vcs:github?",
        ],
    ),
    "enforce as a word": (
        ORDERS + "  enforce_parameter_schema: sometimes\n",
        [
            "line 5: deployments[0].enforce_parameter_schema: give true or false, not 'sometimes'",
        ],
    ),
}

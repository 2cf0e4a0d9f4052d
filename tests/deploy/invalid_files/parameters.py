"""Broken files: parameters and job variables."""

from __future__ import annotations

from tests.deploy.fixtures import CLEAN_UP, ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "unknown parameter": (
        ORDERS + "  parameters: {dai: 2026-01-01}\n",
        [
            "line 5: deployments[0].parameters.dai: the flow has no parameter 'dai'; did you mean day?",
        ],
    ),
    "parameter of the wrong type": (
        ORDERS + "  parameters: {limit: many}\n",
        [
            "line 5: deployments[0].parameters.limit: give a whole number, not 'many'",
        ],
    ),
    "parameter that is no date": (
        ORDERS + "  parameters: {day: yesterday}\n",
        [
            "line 5: deployments[0].parameters.day: 'yesterday' is not a date",
        ],
    ),
    "parameter of no choice": (
        ORDERS + "  parameters: {region: asia}\n",
        [
            "line 5: deployments[0].parameters.region: give one of eu, us, not 'asia'",
        ],
    ),
    "nested parameter": (
        ORDERS + "  parameters: {options: {name: x, retries: often}}\n",
        [
            "line 5: deployments[0].parameters.options.retries: give a whole number, not 'often'",
        ],
    ),
    "nested parameter that lacks a key": (
        ORDERS + "  parameters: {options: {retries: 1}}\n",
        [
            "line 5: deployments[0].parameters.options: it lacks name",
        ],
    ),
    "item of a list": (
        ORDERS + "  parameters: {labels: [1]}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: give a text, not 1",
        ],
    ),
    "parameter from a variable": (
        ORDERS + "  parameters: {limit: '{{ prefect.variables.words }}'}\n",
        [
            "line 5: deployments[0].parameters.limit: {{ prefect.variables.words }} is filled in: give a whole number",
        ],
    ),
    "parameter from the environment": (
        ORDERS + "  parameters: {limit: '{{ $WORDS }}'}\n",
        [
            "line 5: deployments[0].parameters.limit: {{ $WORDS }} is filled in: give a whole number",
        ],
    ),
    "schedule that lacks a parameter": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:clean_up\n  work_pool: {name: etl}\n  schedules: [{cron: 0 6 * * *}]\n",
        [
            "line 5: deployments[0].schedules[0]: runs of this schedule lack the parameter days, which the flow requires; give it here or for the deployment",
        ],
    ),
    "unknown parameter of a schedule": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, parameters: {days: 1, day: 2}}]\n",
        [
            "line 6: deployments[0].schedules[0].parameters.day: the flow has no parameter 'day'; did you mean days?",
        ],
    ),
    "trigger that lacks a parameter": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:clean_up\n  work_pool: {name: etl}\n  triggers: [{expect: [prefect.flow-run.Failed]}]\n",
        [
            "line 5: deployments[0].triggers[0]: runs of this trigger lack the parameter days, which the flow requires; give it here or for the deployment",
        ],
    ),
    "unknown job variable": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {wokring_dir: /srv}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.wokring_dir: the base job template of pool 'etl' has no variable 'wokring_dir', and its workers would ignore it; did you mean working_dir?",
        ],
    ),
    "job variable of the wrong type": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {stream_output: sometimes}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.stream_output: give true or false, not 'sometimes'",
        ],
    ),
    "environment of numbers": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {LIMIT: 5}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.LIMIT: give a text, not 5",
        ],
    ),
}

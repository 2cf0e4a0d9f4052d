"""Broken files: unknown keys, and what is required."""

from __future__ import annotations

from tests.deploy.fixtures import CLEAN_UP, ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "unknown key at the top": (
        "deploymens: []\n",
        [
            "line 1: deploymens: unknown key; did you mean deployments?",
        ],
    ),
    "unknown key of a deployment": (
        ORDERS + "  paramters: {}\n",
        [
            "line 5: deployments[0].paramters: unknown key; did you mean parameters?",
        ],
    ),
    "unknown key of a schedule": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, activ: true}]\n",
        [
            "line 6: deployments[0].schedules[0].activ: unknown key; did you mean active?",
        ],
    ),
    "unknown key of a work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, work_queue: priority}\n",
        [
            "line 4: deployments[0].work_pool.work_queue: unknown key; did you mean work_queue_name?",
        ],
    ),
    "unknown key of a limit": (
        ORDERS + "  concurrency_limit: {limit: 1, collision_strategy: ENQUEUE, grace_period: 60}\n",
        [
            "line 5: deployments[0].concurrency_limit.grace_period: unknown key; did you mean grace_period_seconds?",
        ],
    ),
    "unknown key of a trigger": (
        ORDERS + "  triggers: [{expects: [prefect.flow-run.Failed], parameters: {day: 2026-01-01}}]\n",
        [
            "line 5: deployments[0].triggers[0].expects: unknown key; did you mean expect?",
        ],
    ),
    "unknown key of a trigger in a trigger": (
        ORDERS
        + "  parameters: {day: 2026-01-01}\n  triggers:\n  - type: compound\n    require: any\n    triggers:\n    - {expct: [prefect.flow-run.Failed]}\n",
        [
            "line 10: deployments[0].triggers[0].triggers[0].expct: unknown key; did you mean expect?",
        ],
    ),
    "unknown key of an agreement": (
        ORDERS + "  sla: [{name: fast, duration: 60, severty: low}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
            "line 5: deployments[0].sla[0].severty: unknown key; did you mean severity?",
        ],
    ),
    "key in the wrong place": (
        ORDERS + "  job_variables: {env: {}}\n",
        [
            "line 5: deployments[0].job_variables: unknown key here; it belongs under work_pool",
        ],
    ),
    "key in the wrong place, a schedule's": (
        ORDERS + "  cron: 0 6 * * *\n",
        [
            "line 5: deployments[0].cron: unknown key here; it belongs under schedules",
        ],
    ),
    "key of the file in a merged mapping": (
        "definitions:\n  base: &base\n    tagz: [a]\ndeployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n  <<: *base\n",
        [
            "line 3: deployments[0].tagz: unknown key; did you mean tags?",
        ],
    ),
    "deployments as a mapping": (
        "deployments:\n  orders: {entrypoint: flows/orders.py:import_orders}\n",
        [
            "line 1: deployments: give a list, not a mapping",
        ],
    ),
    "deployment as a text": (
        "deployments: [orders]\n",
        [
            "line 1: deployments[0]: give a mapping of keys to values, not 'orders'",
        ],
    ),
    "no name": (
        "deployments:\n- entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: it is required; without one Prefect skips the deployment and says nothing",
        ],
    ),
    "no entrypoint": (
        "deployments:\n- name: a\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].entrypoint: it is required: path/to/file.py:function of the flow",
        ],
    ),
    "no work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n",
        [
            "line 2: deployments[0].work_pool: it is required: name the work pool that runs the deployment",
        ],
    ),
    "empty work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool:\n",
        [
            "line 4: deployments[0].work_pool: it is required: name the work pool that runs the deployment",
        ],
    ),
    "work pool as a text": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: etl\n",
        [
            "line 4: deployments[0].work_pool: give a mapping, such as {name: etl}",
        ],
    ),
    "name with a slash": (
        "deployments:\n- name: a/b\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: the name 'a/b' must not contain /",
        ],
    ),
    "everything at once": (
        ORDERS
        + "  paramters: {}\n  version: 1\n  schedules: [{cron: x}]\n- name: a\n  entrypoint: flows/nowhere.py:run\n  work_pool: {name: elt}\n  description: '{{ $VERSION }}'\n",
        [
            "line 5: deployments[0].paramters: unknown key; did you mean parameters?",
            "line 6: deployments[0].version: 1 is a number, and Prefect wants a text; put it in quotes",
            "line 7: deployments[0].schedules[0].cron: 'x' is not a cron line (Wrong number of fields); five fields, such as '0 6 * * 1-5'",
            "line 7: deployments[0].schedules[0]: runs of this schedule lack the parameter day, which the flow requires; give it here or for the deployment",
            "line 9: deployments[1].entrypoint: there is no file flows/nowhere.py",
            "line 10: deployments[1].work_pool.name: there is no work pool 'elt', neither in this stack nor on the server; did you mean etl? - or declare it under environment.pools of the stack's config",
            "line 11: deployments[1].description: the environment variable VERSION is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
}

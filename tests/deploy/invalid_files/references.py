"""Broken files: pools, queues, blocks and variables."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "unset variable": (
        ORDERS + "  version: '{{ $VERSION }}'\n",
        [
            "line 5: deployments[0].version: the environment variable VERSION is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
    "unset variable in a text": (
        ORDERS + "  description: 'Release {{ $RELEASE }}'\n",
        [
            "line 5: deployments[0].description: the environment variable RELEASE is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
    "name from an empty variable": (
        "deployments:\n- name: '{{ $EMPTY }}'\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: a name must not be empty",
        ],
    ),
    "pool that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: elt}\n",
        [
            "line 4: deployments[0].work_pool.name: there is no work pool 'elt', neither in this stack nor on the server; did you mean etl? - or declare it under environment.pools of the stack's config",
        ],
    ),
    "queue that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, work_queue_name: priorty}\n",
        [
            "line 4: deployments[0].work_pool.work_queue_name: the pool 'etl' has no queue 'priorty', and Prefect would make one; did you mean priority? - or declare it under environment.pools.etl.queues",
        ],
    ),
    "block that is not there": (
        ORDERS + "  description: '{{ prefect.blocks.json.setings }}'\n",
        [
            "line 5: deployments[0].description: there is no block json/setings, neither in this stack nor on the server; did you mean settings?",
        ],
    ),
    "field of a block that is not there": (
        ORDERS + "  description: '{{ prefect.blocks.warehouse.dwh.hosst }}'\n",
        [
            "line 5: deployments[0].description: the block warehouse/dwh has no field 'hosst'; did you mean host?",
        ],
    ),
    "block without a name": (
        ORDERS + "  description: '{{ prefect.blocks.json }}'\n",
        [
            "line 5: deployments[0].description: {{ prefect.blocks.json }}: write prefect.blocks.TYPE.NAME",
        ],
    ),
    "variable that is not there": (
        ORDERS + "  parameters: {region: '{{ prefect.variables.regoin }}'}\n",
        [
            "line 5: deployments[0].parameters.region: there is no variable regoin, neither in this stack nor on the server, and Prefect would deploy an empty text in its place; did you mean region?",
        ],
    ),
    "pool of an anchor that is not there": (
        "x-pool: &pool\n  name: elt\ndeployments:\n"
        + "".join(
            f"- {{name: {name}, entrypoint: 'flows/orders.py:import_orders', work_pool: *pool}}\n" for name in "abc"
        ),
        [
            "line 2: deployments[0].work_pool.name: there is no work pool 'elt', neither in this stack nor on the server; did you mean etl? - or declare it under environment.pools of the stack's config (the line also serves deployments[1] (b), deployments[2] (c))",
        ],
    ),
}

"""Broken files: secrets that would be stored as plain text."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "secret block in job variables": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {TOKEN: '{{ prefect.blocks.secret.api-token }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.TOKEN: the Secret block api-token is resolved by the deploy and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.TOKEN: api-token in the stack's config",
        ],
    ),
    "secret block in parameters": (
        ORDERS + "  parameters: {labels: ['{{ prefect.blocks.secret.api-token }}']}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: the Secret block api-token is resolved by the deploy and would be stored as plain text; load it in the flow: Secret.load('api-token').get()",
        ],
    ),
    "secret field of a block": (
        ORDERS + "  parameters: {labels: ['{{ prefect.blocks.warehouse.dwh.password }}']}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: password of the block warehouse/dwh is secret and resolved by the deploy and would be stored as plain text; load the block 'dwh' in the flow",
        ],
    ),
    "whole block with a secret": (
        ORDERS + "  parameters: {options: '{{ prefect.blocks.warehouse.dwh }}'}\n",
        [
            "line 5: deployments[0].parameters.options: the block warehouse/dwh holds secrets (password), is resolved by the deploy and would be stored as plain text; load the block 'dwh' in the flow",
        ],
    ),
    "block by its id": (
        ORDERS + "  parameters: {options: {$ref: {block_document_id: 11111111-1111-4111-8111-111111111111}}}\n",
        [
            "line 5: deployments[0].parameters.options: the block 11111111-1111-4111-8111-111111111111 is resolved by the deploy, and its secret fields (password) would be stored as plain text; load it in the flow: Secret.load('NAME').get()",
        ],
    ),
    "secret by the name of its variable": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {TOKEN: '{{ $API_TOKEN }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.TOKEN: the environment variable API_TOKEN is a secret by its name and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.TOKEN: NAME in the stack's config; if it is none, list it in plain_text",
        ],
    ),
    "secret by its value": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {X: '{{ $INNOCENT }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.X: the environment variable INNOCENT holds a secret of this stack and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.X: NAME in the stack's config",
        ],
    ),
    "secret in clear": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {X: 'user:hunter2-hunter2'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.X: it holds a secret, which would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.X: NAME in the stack's config",
        ],
    ),
    "secret variable in a pull step": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git', access_token: '{{ $API_TOKEN }}'}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.access_token: the environment variable API_TOKEN is a secret by its name and would be stored as plain text; write {{ prefect.blocks.secret.NAME }}, which the worker resolves; if it is none, list it in plain_text",
        ],
    ),
    "token in clear in a pull step": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git', access_token: abc}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.access_token: the access token in clear would be stored as plain text; write {{ prefect.blocks.secret.NAME }}, which the worker resolves",
        ],
    ),
    "password in an address": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://user:abc@example.com/flows.git'}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.repository: the address holds a password, which would be stored as plain text; give access_token: '{{ prefect.blocks.secret.NAME }}', which the worker resolves",
        ],
    ),
}

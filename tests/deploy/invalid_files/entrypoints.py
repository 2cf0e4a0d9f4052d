"""Broken files: entrypoints, imports and names."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "file that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/order.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no file flows/order.py; did you mean flows/orders.py?",
        ],
    ),
    "file elsewhere": (
        "deployments:\n- name: a\n  entrypoint: orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no file orders.py; did you mean flows/orders.py?",
        ],
    ),
    "no function": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders.py names no function; write flows/orders.py:function",
        ],
    ),
    "without .py": (
        "deployments:\n- name: a\n  entrypoint: flows/orders:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders lacks its ending; write flows/orders.py:import_orders",
        ],
    ),
    "function misspelt": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_order\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders.py defines no import_order; did you mean import_orders?",
        ],
    ),
    "no flow": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:not_a_flow\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: not_a_flow in flows/orders.py is not a flow; decorate it with @flow",
        ],
    ),
    "module that is not there": (
        "deployments:\n- name: a\n  entrypoint: company.reports.monthly:monthly\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no module company.reports.monthly, neither in ROOT nor installed",
        ],
    ),
    "module whose package is not installed": (
        ORDERS.replace("flows/orders.py:import_orders", "by_module:run"),
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: by_module.py line 1: ModuleNotFoundError: No module named 'a_package_that_nobody_has'; install it here, or write path/to/file.py:function, which Prefect can read without it",
        ],
    ),
    "class in the form without a colon": (
        ORDERS.replace("flows/orders.py:import_orders", "flows.etl.nightly.Jobs.of_a_class"),
        [
            "line 3: deployments[0].entrypoint: there is no module flows.etl.nightly.Jobs, neither in ROOT nor installed",
        ],
    ),
    "package not installed": (
        "deployments:\n- name: a\n  entrypoint: flows/uninstalled.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/uninstalled.py line 1: ModuleNotFoundError: No module named 'a_package_that_nobody_has'; install it here, or list it in worker_packages when only the workers have it",
        ],
    ),
    "module of the wrong folder": (
        "deployments:\n- name: a\n  entrypoint: flows.orders:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/orders.py line 9: ModuleNotFoundError: No module named 'currencies'; there is flows/currencies.py, but a run imports from the flow's folder and from repository",
        ],
    ),
    "syntax error": (
        "deployments:\n- name: a\n  entrypoint: flows/syntax.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/syntax.py line 4: SyntaxError: invalid syntax",
        ],
    ),
    "variable at import": (
        "deployments:\n- name: a\n  entrypoint: flows/variable.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/variable.py line 3: KeyError: 'A_VARIABLE_THAT_NOBODY_SETS'; set the environment variable, or read it in the flow",
        ],
    ),
    "exit at import": (
        "deployments:\n- name: a\n  entrypoint: flows/leaves.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/leaves.py line 1: SystemExit: 3",
        ],
    ),
    "import that hangs": (
        "deployments:\n- name: a\n  entrypoint: flows/hangs.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: its import took more than 6 s; fix it, or raise import_seconds",
        ],
    ),
    "import that kills": (
        "deployments:\n- name: a\n  entrypoint: flows/dies.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: its import ended the interpreter (exit code 3)",
        ],
    ),
    "deployment twice": (
        ORDERS + "- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 5: deployments[1].name: import-orders/a is declared twice (first: deployments[0])",
        ],
    ),
}

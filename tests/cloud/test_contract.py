"""The distilled contract of Prefect Cloud: true to its document, and strict where Cloud is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloud.contract import Contract, pruned
from tools.cloud_contract import CONTRACT, changes, distilled, facts, text

DOCUMENTS = Path(__file__).parents[3] / "shared" / "cloud"
ID = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


def test_the_contract_is_true_to_the_document() -> None:
    document = DOCUMENTS / f"openapi-{Contract().document['date']}.json"
    if not document.is_file():
        pytest.skip("the document is not beside the checkout")
    assert text(distilled(document.read_bytes(), Contract().document["date"])) == CONTRACT.read_text("utf-8")


def test_prose_is_left_out_and_names_of_fields_are_kept() -> None:
    title = {"type": "string", "title": "Title", "description": "What it is called.", "examples": ["a"]}
    schema = {"type": "object", "properties": {"title": title}, "required": ["title"], "description": "A thing."}
    assert facts(schema) == {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def test_a_newer_document_is_compared() -> None:
    old: Any = {"routes": {"GET /a": {"answers": {"200": {}}}}, "schemas": {"A": {"required": ["x"], "type": "object"}}}
    new: Any = {"routes": {"GET /b": {"answers": {"200": {}}}}, "schemas": {"A": {"required": ["x", "y"]}}}
    assert list(changes(old, new)) == [
        "- routes > GET /a",
        '+ routes > GET /b: {"answers":{"200":{}}}',
        '~ schemas > A > required: ["x"] -> ["x","y"]',
        "- schemas > A > type",
    ]


@pytest.mark.parametrize(
    ("method", "path", "fault"),
    [
        ("POST", "/variables", "POST /variables: the route is /variables/"),
        ("GET", "/work_pools/etl/", "GET /work_pools/etl/: the route is /work_pools/etl"),
        ("PUT", "/variables/", "PUT /variables/: no such route; it has POST"),
        ("GET", "/admin/version", "GET /admin/version: no such route"),
        ("GET", "/collections/views/aggregate-worker-metadata", "no such route"),
    ],
)
def test_a_route_that_is_none(contract: Contract, method: str, path: str, fault: str) -> None:
    assert contract.route(method, path) is None
    assert fault in contract.near(method, path)


def test_a_route_without_parameters_goes_first(contract: Contract) -> None:
    route = contract.route("GET", "/variables/name/a%20b")
    assert route is not None
    assert (route.key, dict(route.parameters)) == ("GET /variables/name/{name}", {"name": "a b"})
    account = contract.route("POST", f"/api/accounts/{ID}/bots/filter")
    assert account is not None
    assert account.key == "POST /api/accounts/{account_id}/bots/filter"


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/variables/", {"name": "a", "value": 1}, ""),
        ("POST", "/variables/", {"name": "a"}, "'value' is a required property"),
        ("POST", "/variables/", {"name": "a", "value": 1, "color": "red"}, "'color'"),
        ("POST", "/variables/", None, "the body is missing"),
        ("GET", f"/variables/{ID}", {"a": 1}, "it takes no body"),
        ("POST", "/deployments/", {"name": "a", "flow_id": "none"}, "body.flow_id: 'none' is not a 'uuid'"),
        # What a filter does not know is dropped silently: every row would answer.
        ("POST", "/automations/filter", {"automations": {"id": {"any_": [ID]}}}, "'id'"),
        ("POST", "/work_pools/etl/workers/filter", {"limit": None, "offset": None}, ""),
        ("POST", "/automations/filter", {"automations": {"name": {"any_": ["a"]}}}, ""),
    ],
)
def test_a_request_is_judged(contract: Contract, method: str, path: str, body: Any, fault: str) -> None:
    route = contract.route(method, path)
    assert route is not None
    faults = contract.request_faults(route, {}, body)
    assert bool(faults) is bool(fault)
    assert all(fault in line for line in faults)


def test_a_query_is_judged(contract: Contract) -> None:
    route = contract.route("GET", f"/variables/{ID}")
    assert route is not None
    assert contract.request_faults(route, {"page": "1"}, None) == ["GET /variables/{id}: query 'page' is not known"]


def test_an_answer_is_pruned_and_judged(contract: Contract) -> None:
    route = contract.route("GET", f"/variables/{ID}")
    assert route is not None
    row = {"id": ID, "name": "a", "value": None, "secret_field": 1}
    assert pruned(contract, route.answer(200) or {}, row) == {"id": ID, "name": "a", "value": None}
    assert contract.answer_faults(route, 200, {"id": ID, "name": "a", "value": 1}) == []
    assert "'value' is a required property" in json.dumps(contract.answer_faults(route, 200, {"name": "a"}))
    assert contract.answer_faults(route, 201, {}) == ["GET /variables/{id}: status 201 instead of 200"]

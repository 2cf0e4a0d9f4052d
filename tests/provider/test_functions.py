"""Functions, and reads in pages, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import CreateRequest, InvokeRequest, ReadRequest, ReadResult
from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.models import FUNCTIONS
from prefect_pulumi.models.cloud import AccountKind
from prefect_pulumi.provider.provider import PrefectProvider
from prefect_pulumi.provider.rpc.read_batcher import ReadBatcher
from tests.support.hosts import StrictHost


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::thing"


@pytest.fixture
def provider(prefect_server: str, tmp_path: Any) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path, StrictHost())
    provider.configure({"apiUrl": prefect_server})
    yield provider
    provider.close()


@pytest.fixture
def name() -> str:
    return f"function-{uuid4().hex[:8]}"


def test_get_and_list(provider: PrefectProvider, name: str) -> None:
    inputs = {"name": name, "value": Secret("s3cret")}
    made = provider.create(CreateRequest(urn("SecretBlock"), inputs))
    by_name = provider.invoke(InvokeRequest("prefect:index:getSecretBlock", {"name": name}))
    by_id = provider.invoke(InvokeRequest("prefect:index:getSecretBlock", {"id": made.id}))
    assert by_name.failures == ()
    assert by_name.value == by_id.value
    assert by_name.value["id"] == made.id
    assert has_secret(by_name.value["value"])
    assert unwrap(by_name.value["value"]) == "s3cret"

    listed = provider.invoke(InvokeRequest("prefect:index:listSecretBlocks", {"filter": {"name": {"any_": [name]}}}))
    (row,) = listed.value["items"]
    assert row["id"] == made.id
    assert has_secret(row["value"])
    assert "s3cret" not in repr((by_name, listed))


def test_every_list_works(provider: PrefectProvider, prefect_server: str) -> None:
    for token, function in FUNCTIONS.items():
        if function.many:
            result = provider.invoke(InvokeRequest(token, {}))
            assert function.model is not None
            if "/accounts/" not in prefect_server and issubclass(function.model, AccountKind):
                (failure,) = result.failures
                assert "exists on Prefect Cloud only" in failure.reason
                continue
            assert result.failures == ()
            assert all(row["id"] for row in result.value["items"])


def test_what_the_caller_got_wrong_is_a_failure(provider: PrefectProvider, name: str) -> None:
    for token, args, words in (
        ("prefect:index:getVariable", {}, "either 'id'"),
        ("prefect:index:getVariable", {"id": "a", "name": "b"}, "either 'id'"),
        ("prefect:index:getVariable", {"name": name}, f"there is no variable '{name}'"),
        ("prefect:index:listGlobalConcurrencyLimits", {"filter": {"a": 1}}, "has no filter"),
        ("prefect:index:listVariables", {"filter": 1}, "must be an object"),
        ("prefect:index:getWorkerMetadata", {"type": "abacus"}, "there is no worker of type 'abacus'"),
        ("prefect:index:getNothing", {}, "has no function"),
    ):
        (failure,) = provider.invoke(InvokeRequest(token, args)).failures
        assert words in failure.reason


def test_worker_metadata_has_the_base_job_templates(provider: PrefectProvider) -> None:
    workers = provider.invoke(InvokeRequest("prefect:index:getWorkerMetadata", {"type": "process"})).value["workers"]
    assert set(workers) == {"process"}
    assert {"job_configuration", "variables"} <= set(workers["process"]["baseJobTemplate"])


def test_reads_of_many_share_pages(provider: PrefectProvider, name: str) -> None:
    requests = []
    for kind, inputs in (
        ("WorkPool", {"name": name, "type": "process"}),
        ("WorkQueue", {"name": "a", "workPoolName": name}),
        ("WorkQueue", {"name": "b", "workPoolName": name}),
        ("Variable", {"name": f"{name}-a", "value": 1}),
        ("Variable", {"name": f"{name}-b", "value": {"b": [1]}}),
        ("SecretBlock", {"name": f"{name}-a", "value": Secret("a")}),
        ("SecretBlock", {"name": f"{name}-b", "value": Secret("b")}),
        ("GlobalConcurrencyLimit", {"name": f"{name}-a", "limit": 1}),
        ("GlobalConcurrencyLimit", {"name": f"{name}-b", "limit": 2}),
    ):
        made = provider.create(CreateRequest(urn(kind), inputs))
        requests.append(ReadRequest(urn(kind), made.id, inputs, made.outputs))
    client = provider.connection.client()
    calls: list[str] = []
    request, paged = client.request, client.paged
    client.request = lambda method, path, **rest: (calls.append(path), request(method, path, **rest))[1]  # type: ignore[method-assign]
    client.paged = lambda path, body=None: (calls.append(path), paged(path, body))[1]  # type: ignore[method-assign]
    answers = provider.read_many(requests)
    assert sorted(calls) == sorted(
        [
            "/work_pools/filter",
            "/work_queues/filter",
            "/variables/filter",
            "/block_documents/filter",
            "/v2/concurrency_limits/filter",
        ]
    )
    for asked, answer in zip(requests, answers, strict=True):
        assert isinstance(answer, ReadResult)
        assert (answer.id, answer.outputs) == (asked.id, asked.outputs)
        assert answer == provider.read(asked)


def test_reads_at_one_time_are_gathered() -> None:
    batches: list[int] = []
    together = threading.Barrier(8)

    def read_many(requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        batches.append(len(requests))
        return [
            ProviderError("gone") if each.id == "bad" else ReadResult(each.id, {}, {"urn": each.urn})
            for each in requests
        ]

    gatherer = ReadBatcher(read_many)

    def read(number: int) -> ReadResult:
        together.wait()
        return gatherer.read(ReadRequest(f"urn-{number}", str(number), {}, {}))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(read, range(8)))
    assert [(result.id, result.outputs["urn"]) for result in results] == [(str(n), f"urn-{n}") for n in range(8)]
    assert sum(batches) == 8
    assert len(batches) < 8
    with pytest.raises(ProviderError, match="gone"):
        gatherer.read(ReadRequest("urn", "bad", {}, {}))

"""The HTTP client against a server on loopback that fails as real ones do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import anyio
import pytest

from prefect_pulumi.api import retry
from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.client import PrefectClient
from prefect_pulumi.api.rate_limit import CEILING, FLOOR, START, AdaptiveConcurrency
from prefect_pulumi.core.errors import ApiError, ConflictError, NotFoundError, OperationError, ServerUnavailableError
from tests.api.faulty_server import RESET, RESET_AFTER, Faulty, run, served


@pytest.mark.parametrize(
    "fault", [(503, {}, None), (500, {}, None), (429, {}, None), (429, {"Retry-After": "0.2"}, None), RESET]
)
def test_one_fault_costs_a_moment(fault: Any) -> None:
    async def test() -> None:
        async with served([fault]) as (faulty, client):
            began = time.monotonic()
            assert await client.get("/x") == {"ok": True}
            assert time.monotonic() - began < 3
            assert len(faulty.requests) == 2

    run(test)


@pytest.mark.parametrize("fault", [RESET, RESET_AFTER, (503, {}, None)])
def test_a_create_is_never_doubled(fault: Any) -> None:
    async def test() -> None:
        async with served([fault]) as (faulty, client):

            async def resolve() -> dict[str, Any] | None:
                try:
                    found: dict[str, Any] = await client.get("/things/a")
                except NotFoundError:
                    return None
                return found

            assert await client.create("/things", {"name": "a"}, resolve) == {"name": "a"}
            assert faulty.things == ["a"]

    run(test)


@pytest.mark.parametrize(
    ("script", "unknown"),
    [
        ([(400, {}, None)], False),
        ([(503, {}, None), (404, {}, {"detail": "no such thing"}), (400, {}, None)], True),
        ([RESET_AFTER, (400, {}, None)], True),
        ([(503, {}, None), (401, {}, None)], True),
    ],
)
def test_a_create_without_a_clean_answer_is_of_unknown_outcome(script: list[Any], unknown: bool) -> None:
    """Whether its last attempt was refused, or the question what became of it."""

    async def test() -> None:
        async with served(script) as (_, client):

            async def resolve() -> dict[str, Any] | None:
                with suppress(NotFoundError):
                    await client.get("/things/b")
                return None

            with pytest.raises(ApiError) as caught:
                await client.create("/things", {"name": "a"}, resolve)
            assert caught.value.outcome_unknown is unknown

    run(test)


def test_somebody_elses_object_is_a_conflict() -> None:
    async def test() -> None:
        async with served([]) as (faulty, client):
            faulty.things.append("a")

            async def resolve() -> dict[str, Any] | None:
                raise AssertionError("nothing was lost, so nothing is to be resolved")

            with pytest.raises(ConflictError, match="exists"):
                await client.create("/things", {"name": "a"}, resolve)

    run(test)


def test_a_plain_post_is_not_repeated() -> None:
    async def test() -> None:
        async with served([RESET_AFTER]) as (faulty, client):
            with pytest.raises(ServerUnavailableError):
                await client.post("/things", json={"name": "a"})
            assert faulty.requests == ["POST /api/things"]

    run(test)


def test_404_is_not_repeated() -> None:
    async def test() -> None:
        async with served([]) as (faulty, client):
            with pytest.raises(NotFoundError, match="no such thing"):
                await client.get("/things/b")
            assert len(faulty.requests) == 1

    run(test)


def test_an_echoed_secret_is_masked() -> None:
    async def test() -> None:
        async with served([(422, {}, {"detail": "bad value 'very-private'"})]) as (_, client):
            with pytest.raises(ApiError) as caught:
                await client.request("PATCH", "/block_documents/1", json={"data": {"value": "very-private"}})
            assert "very-private" not in str(caught.value)
            assert "[secret]" in str(caught.value)

    run(test)


def test_a_server_that_is_down_is_said_soon() -> None:
    async def test() -> None:
        async with PrefectClient("http://127.0.0.1:9/api", deadline=1.0) as client:
            began = time.monotonic()
            with pytest.raises(ServerUnavailableError, match="no connection"):
                await client.get("/health")
            assert time.monotonic() - began < 10

    run(test)


@asynccontextmanager
async def _slow(seconds: float, *, health: bool) -> AsyncIterator[PrefectClient]:
    """Each answer takes so long; with `health` that of GET /health comes at once."""

    over, open_ones = asyncio.Event(), set[asyncio.Task[Any]]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        head = await reader.readuntil(b"\r\n\r\n")
        if not (health and b"/health" in head):
            with anyio.move_on_after(seconds):
                await over.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        async with PrefectClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api") as client:
            yield client
    finally:
        over.set()
        await asyncio.gather(*open_ones)
        server.close()


def test_a_server_that_accepts_and_never_answers_is_said_soon_and_a_slow_one_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "FIRST_CONTACT", 0.5)
    monkeypatch.setattr(retry, "HEALTH_TIMEOUT", 0.5)

    async def test() -> None:
        async with _slow(60, health=False) as client:
            began = time.monotonic()
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(refused, client)
            with pytest.raises(ServerUnavailableError, match="does not answer"):
                await client.create("/things", {}, resolve=nothing)
            assert time.monotonic() - began < 10
        # Its answer lies beyond the first silence: one whose health is well, or that answers all things late.
        async with _slow(2, health=True) as client:
            assert await client.get("/things/one") == {}
        async with _slow(0.8, health=False) as client:
            assert await client.get("/things/one") == {}

    async def refused(client: PrefectClient) -> None:
        with pytest.raises(ServerUnavailableError, match="does not answer"):
            await client.get("/things/one")

    async def nothing() -> None:
        return None

    run(test)


def test_limit_halves_and_grows_back() -> None:
    limit = AdaptiveConcurrency()
    assert limit.value == START
    for _ in range(1000):
        limit.succeeded(0.05)
    assert limit.value == CEILING
    for _ in range(10):
        limit.overloaded()
    assert limit.value == FLOOR
    for _ in range(1000):
        limit.succeeded(0.05)
    assert START <= limit.value < CEILING


def test_limit_stays_low_where_requests_only_wait_for_each_other() -> None:
    limit, seen = AdaptiveConcurrency(), set()
    for _ in range(1000):
        limit.succeeded(0.01 * limit.value)
        seen.add(limit.value)
    assert limit.value == START
    assert seen == {START, START + 1}


def test_limit_grows_as_far_as_the_server_works_side_by_side() -> None:
    limit = AdaptiveConcurrency()
    for _ in range(1000):
        limit.succeeded(0.05 * max(1.0, limit.value / 5))
    assert limit.value == 5


def test_sync_client_on_a_real_server(prefect_server: str) -> None:
    client = BlockingClient(prefect_server)
    try:
        assert client.request("GET", "/health") is True
        assert isinstance(client.paged("/work_pools/filter"), list)
        with pytest.raises(NotFoundError):
            client.request("GET", "/variables/name/there-is-none")
    finally:
        client.close()


@pytest.mark.parametrize("target", ["stand-in", "real server"])
def test_the_stand_in_keeps_the_contract_of_a_real_server(target: str, request: pytest.FixtureRequest) -> None:
    """What these tests assume of the API: a create answers with the object, a second one of that name is a conflict,
    an object is found by its name, and one that is not there is not found."""
    name = f"contract-{uuid4().hex[:8]}"

    async def check(client: PrefectClient, collection: str, item: str, extra: dict[str, Any]) -> None:
        with pytest.raises(NotFoundError) as missing:
            await client.get(f"{item}/{name}")
        assert missing.value.status == 404
        made = await client.create(collection, {"name": name, **extra}, lambda: anyio.sleep(0))  # type: ignore[arg-type, return-value]
        assert made["name"] == name
        assert (await client.get(f"{item}/{name}"))["name"] == name
        with pytest.raises(ConflictError) as twice:
            await client.create(collection, {"name": name, **extra}, lambda: anyio.sleep(0))  # type: ignore[arg-type, return-value]
        assert twice.value.status == 409

    async def test() -> None:
        if target == "stand-in":
            async with served([]) as (_, client):
                await check(client, "/things", "/things", {})
        else:
            async with PrefectClient(address) as client:
                await check(client, "/variables/", "/variables/name", {"value": 1})

    address = request.getfixturevalue("prefect_server") if target == "real server" else ""
    run(test)


def test_a_read_only_client_sends_nothing_that_could_write() -> None:
    async def test() -> None:
        async with served([(200, {}, [])]) as (server, usual), PrefectClient(usual.api_url, read_only=True) as client:
            for method, path in (
                ("POST", "/work_pools/"),
                ("PATCH", "/work_pools/a"),
                ("PUT", "/automations/1"),
                ("DELETE", "/variables/1"),
                ("POST", "/deployments/1/create_flow_run"),
            ):
                with pytest.raises(OperationError, match="only reads"):
                    await client.request(method, path)
            await client.request("POST", "/work_pools/filter", json={})
            assert server.requests == ["POST /api/work_pools/filter"]

    run(test)


@pytest.mark.parametrize("header", ["-5", "nan", "-inf", "inf", "1e999", "soon", "", "Thu, 99 Foo"])
def test_a_wait_that_is_none(header: str) -> None:
    async def test() -> None:
        async with served([(429, {"Retry-After": header}, None)]) as (faulty, client):
            assert await client.get("/x") == {"ok": True}
            assert len(faulty.requests) == 2

    run(test)


@pytest.mark.parametrize("header", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00"])
def test_a_wait_of_an_hour_ends_all_requests(header: str) -> None:
    async def test() -> None:
        async with served([(503, {"Retry-After": header}, None)]) as (faulty, client):
            for _ in range(3):
                with pytest.raises(ServerUnavailableError, match=r"it asks to wait .* s, and the patience is 60 s"):
                    await client.get("/x")
            assert len(faulty.requests) == 1

    run(test)


def test_a_wait_is_for_all_requests_and_said_once() -> None:
    async def test() -> None:
        faulty = Faulty([(429, {"Retry-After": "2"}, None), (429, {"Retry-After": "2"}, None)])
        server = await asyncio.start_server(faulty.handle, "127.0.0.1", 0)
        lines: list[str] = []
        api = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
        async with server, PrefectClient(api, say=lines.append) as client:
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(client.get, "/x")
            assert len(faulty.requests) == 6
        assert lines == [f"{api} asks to wait 2 s (HTTP 429): requests go on then"]

    run(test)


def test_cloud_counts_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for longer than another server, and the line names the limit."""
    monkeypatch.setattr(retry, "RETRY_AFTER_PATIENCE", 0.5)

    async def test() -> None:
        faulty = Faulty([(429, {"Retry-After": "2"}, None)] * 2)
        server = await asyncio.start_server(faulty.handle, "127.0.0.1", 0)
        lines: list[str] = []
        api = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/accounts/a/workspaces/w"
        async with server, PrefectClient(api, say=lines.append) as client:
            assert await client.get("/x") == {"ok": True}
        assert lines == [f"rate limit of {api}: going on in 2 s"]

    run(test)


def test_a_server_that_asks_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "RETRY_AFTER_PATIENCE", 0.5)

    async def test() -> None:
        async with served([(429, {"Retry-After": "0.1"}, None)] * 100) as (faulty, client):
            with pytest.raises(ServerUnavailableError, match="the patience is"):
                await client.get("/x")
            assert 1 < len(faulty.requests) < 10

    run(test)

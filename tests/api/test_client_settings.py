"""The HTTP client under Prefect's own settings: tokens, headers, retries, proxies."""

from __future__ import annotations

import anyio
import pytest

from prefect_pulumi.api.client import PrefectClient
from prefect_pulumi.core.errors import ApiError, ServerUnavailableError
from tests.api.faulty_server import run, served

MISSING, INVALID = ((403, {}, {"detail": text}) for text in ("Missing CSRF token.", "Invalid CSRF token or client id."))


def test_a_token_is_asked_for_when_the_server_wants_one_and_again_when_it_expired() -> None:
    script = [MISSING, (200, {}, {"token": "t1"}), None, None, None, INVALID, (200, {}, {"token": "t2"})]

    async def test() -> None:
        async with served(script) as (server, client):
            await client.patch("/a", json={})
            await client.get("/b")
            await client.delete("/c")
            await client.post("/d", json={})
            paths = [request.partition("?")[0] for request in server.requests]
            asked = "GET /api/csrf-token"
            guarded = ["PATCH /api/a", asked, "PATCH /api/a", "GET /api/b", "DELETE /api/c"]
            assert paths == [*guarded, "POST /api/d", asked, "POST /api/d"]
            tokens = [line.partition("prefect-csrf-token: ")[2].partition("\r\n")[0] for line in server.headers]
            assert tokens == ["", "", "t1", "", "t1", "t1", "", "t2"]

    run(test)


def test_many_requests_that_lack_a_token_ask_for_one() -> None:
    async def test() -> None:
        async with served([]) as (server, client):
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(client.request, "DELETE", "/guarded")
            assert sum("csrf-token?" in request for request in server.requests) == 1

    run(test)


def test_without_support_of_tokens_the_setting_is_named() -> None:
    origins = {"csrf": "profile 'team'"}

    async def test() -> None:
        async with served([MISSING], csrf=False, origins=origins) as (server, client):
            with pytest.raises(ApiError, match="set PREFECT_CLIENT_CSRF_SUPPORT_ENABLED of profile 'team' to true"):
                await client.patch("/a", json={})
            assert len(server.requests) == 1

    run(test)


def test_custom_headers_replace_what_the_client_sends_but_not_its_own_marks() -> None:
    headers = {"Authorization": "Token x", "X-Gateway": "open", "User-Agent": "mine", "Prefect-Csrf-Token": "no"}

    async def test() -> None:
        async with served([], api_key="k", custom_headers=headers) as (server, client):
            await client.get("/a")
            assert "authorization: token x\r\n" in server.headers[0]
            assert "x-gateway: open\r\n" in server.headers[0]
            assert "bearer" not in server.headers[0]
            assert "mine" not in server.headers[0]
            assert "prefect-csrf-token" not in server.headers[0]
        async with served([(401, {}, {"detail": "no"})], auth_string="a:b", api_key="k") as (server, client):
            with pytest.raises(ApiError, match="check PREFECT_API_KEY"):
                await client.get("/a")
            assert "authorization: basic " in server.headers[0]

    run(test)


@pytest.mark.parametrize(("settings", "requests"), [({"max_retries": 0}, 1), ({"max_retries": 2}, 3)])
def test_retries_are_those_of_prefects_settings(settings: dict[str, int], requests: int) -> None:
    async def test() -> None:
        async with served([(418, {}, None)] * 9, retry_codes={418}, **settings) as (server, client):
            with pytest.raises(ApiError, match="HTTP 418"):
                await client.get("/a")
            assert len(server.requests) == requests

    run(test)


def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def test() -> None:
        async with served([]) as (_, client):
            assert await client.get("/a") == {"ok": True}
        async with PrefectClient("http://prefect.invalid/api", deadline=0.2) as client:
            with pytest.raises(ServerUnavailableError):
                await client.get("/a")

    run(test)

"""Where Prefect Cloud differs: its addresses, its routes, and what it takes of one request."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.api.cloud import EVENT_WINDOW, events_since, server_version, worker_metadata
from prefect_pulumi.api.connection_settings import ConnectionSettings, connection_settings
from prefect_pulumi.api.rate_limit import LEAST, MinuteBudget
from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest
from prefect_pulumi.models.provider_config import api_address
from prefect_pulumi.project.server_settings import ServerSettings
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import KeepingHost, SilentHost

ACCOUNT, WORKSPACE = "0a1b2c3d-0000-4000-8000-00000000acc0", "0a1b2c3d-0000-4000-8000-0000000000e5"
API = f"https://api.prefect.cloud/api/accounts/{ACCOUNT}/workspaces/{WORKSPACE}"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Client:
    """Keeps the requests; answers events that occurred at the begin of each window."""

    def __init__(self, events: int = 1) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self.events = events

    def request(self, method: str, path: str, *, json: Any = None, **_: Any) -> Any:
        self.sent.append((method, path, json))
        if path == "/events/filter":
            return {"events": [{"occurred": json["filter"]["occurred"]["since"]}] * min(self.events, json["limit"])}
        return "3.8.8" if path == "/admin/version" else {}

    def paged(self, path: str, body: Any = None) -> list[dict[str, Any]]:
        return []


def test_the_version_is_not_asked_of_cloud() -> None:
    client = Client()
    assert [server_version(client, cloud=cloud) for cloud in (True, False)] == ["", "3.8.8"]
    assert [path for _, path, _ in client.sent] == ["/admin/version"]


def test_templates_are_at_a_route_of_cloud() -> None:
    client = Client()
    worker_metadata(client, cloud=True)
    worker_metadata(client, cloud=False)
    assert [path for _, path, _ in client.sent] == [
        "/collections/work_pool_types",
        "/collections/views/aggregate-worker-metadata",
    ]


def test_events_are_asked_for_in_windows_that_cloud_takes() -> None:
    client = Client()
    found = events_since(client, {"event": {"name": ["a"]}}, "2026-10-25T00:00:00Z", limit=10, now=NOW)
    windows = [body["filter"]["occurred"] for _, _, body in client.sent]
    assert [window["since"][:10] for window in windows] == ["2026-11-16", "2026-11-02", "2026-10-25"]
    assert [window.get("until", "")[:10] for window in windows] == ["", "2026-11-16", "2026-11-02"]
    assert {body["filter"]["event"]["name"][0] for _, _, body in client.sent} == {"a"}
    assert [body["limit"] for _, _, body in client.sent] == [10, 9, 8]
    assert len(found) == 3


def test_events_that_are_enough_end_the_windows() -> None:
    client = Client(events=10)
    assert len(events_since(client, {}, "2020-01-01T00:00:00+00:00", limit=5, now=NOW)) == 5
    assert len(client.sent) == 1
    assert len(events_since(Client(), {}, (NOW - EVENT_WINDOW / 2).isoformat(), limit=5, now=NOW)) == 1


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (f"https://app.prefect.cloud/account/{ACCOUNT}/workspace/{WORKSPACE}", API),
        (f"https://app.prefect.cloud/account/{ACCOUNT}/workspace/{WORKSPACE}/flows?tab=runs", API),
        (
            "https://prefect.example.com/account/a/workspace/w/",
            "https://prefect.example.com/api/accounts/a/workspaces/w",
        ),
        (API, API),
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
        ("https://[broken/account/a/workspace/w", "https://[broken/account/a/workspace/w"),
    ],
)
def test_a_page_of_the_ui_is_its_api(given: str, address: str, tmp_path: Path) -> None:
    assert api_address(given) == address
    assert connection_settings({"apiUrl": given}, {}, tmp_path).api_url == address
    assert connection_settings({}, {"PREFECT_API_URL": given}, tmp_path).api_url == address


def test_a_stack_file_may_have_the_page() -> None:
    settings = ServerSettings.model_validate(
        {"api_url": f"https://app.prefect.cloud/account/{ACCOUNT}/workspace/{WORKSPACE}"}
    )
    assert settings.api_url == API


def test_prefect_itself_knows_cloud_on_a_customers_host() -> None:
    customer = ConnectionSettings(api_url="https://prefect.example.com/api/accounts/a/workspaces/w")
    assert customer.environment()["PREFECT_CLOUD_API_URL"] == "https://prefect.example.com/api"
    assert "PREFECT_CLOUD_API_URL" in customer.portable_environment()
    assert "PREFECT_CLOUD_API_URL" not in ConnectionSettings(api_url="http://127.0.0.1:4200/api").environment()


def test_requests_are_paced_once_one_was_refused_for_its_rate() -> None:
    budget = MinuteBudget()
    for number in range(600):
        assert budget.wait(number / 20) == 0  # 20 a second, as long as nobody minds
        budget.sent(number / 20)
    budget.refused(30)
    assert budget.limit == 540
    assert budget.wait(30) == pytest.approx(60 + 3 - 30)  # the 60 that are too many must be a minute old
    assert budget.wait(63) == 0
    budget.refused(95)
    assert budget.limit == 270
    for _ in range(5):
        budget.refused(200)
    assert budget.limit == LEAST  # others used the minute up


def test_a_large_plan_says_once_what_a_minute_takes(tmp_path: Path) -> None:
    host = KeepingHost()
    provider = PrefectProvider(tmp_path, host)
    provider.configure({"apiUrl": API})
    for _ in range(2):
        for number in range(400):
            urn = f"urn:pulumi:dev::p::prefect:index:Variable::v{number}"
            provider.create(CreateRequest(urn, {"name": f"v{number}", "value": 1}, preview=True))
    (line,) = host.lines
    assert line[1].startswith("more than 312 changes: Prefect Cloud takes 625 to 5000 requests a minute")


@pytest.mark.parametrize(("address", "faults"), [(API, 1), ("", 0)])
def test_a_body_that_cloud_refuses_is_refused_in_the_preview(address: str, faults: int, tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": address} if address else {})
    urn = "urn:pulumi:dev::p::prefect:index:JsonBlock::large"
    inputs = {"name": "large", "value": "ü" * (5 * 2**19)}
    failures = provider.check(CheckRequest(urn, new_inputs=inputs)).failures
    assert [failure.reason[:11] for failure in failures] == ["it has 5.0 "][:faults]

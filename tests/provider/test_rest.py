"""The lifecycle that the table of routes drives, against a scripted API: which requests it sends, and what it makes of
the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

import pytest

from prefect_pulumi.api.field_support import FieldSupport
from prefect_pulumi.core.errors import ApiError, ConflictError, NotFoundError, ProviderError
from prefect_pulumi.core.values import UNKNOWN, Secret, secret
from prefect_pulumi.models import Deployment, TaskRunConcurrencyLimit, Variable, WorkPool, WorkQueue
from prefect_pulumi.models.base import Kind
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers import rest as rest_module
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import PAGE, RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES

URN = "urn:pulumi:dev::project::prefect:index:Variable::bucket"
ID = str(UUID(int=1))


class ScriptedApi:
    """Answers `METHOD path` with what `answers` has for it: JSON, an exception, or a function of the body; else 404."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.sent: list[tuple[str, Any]] = []

    def request(self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        self.sent.append((f"{method} {path}", json))
        answer = self.answers.get(f"{method} {path}")
        if answer is None:
            raise NotFoundError("not found", status=404, detail="not found", where=path)
        if isinstance(answer, Exception):
            raise answer
        return answer(json) if callable(answer) else answer

    def create(self, path: str, json: Any, resolve: Callable[[], Any]) -> Any:
        return self.request("POST", path, json=json)

    def paged(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.request("POST", path, json=body)


class ScriptedConnection:
    api_url = "http://prefect/api"

    def __init__(self, api: ScriptedApi) -> None:
        self.api = api
        self.fields = FieldSupport("", self.client, None)  # of a server that takes everything

    def client(self) -> ScriptedApi:
        return self.api


def handler(answers: Mapping[str, Any], kind: type[Kind] = Variable) -> tuple[RestHandler, ScriptedApi]:
    api = ScriptedApi(answers)
    return RestHandler(ROUTES[kind.token()], cast(Connection, ScriptedConnection(api))), api


def conflict() -> ConflictError:
    return ConflictError("exists", status=409, detail="exists", where="POST /variables/")


def variable(**changes: Any) -> dict[str, Any]:
    return {"id": ID, "name": "bucket", "value": "a", "tags": [], "created": "2026-01-01T00:00:00Z", **changes}


def test_create_sends_what_the_program_gave() -> None:
    rest, api = handler({"POST /variables/": variable(value="hidden")})
    id, outputs = rest.create(Call(URN, news={"name": "bucket", "value": secret("hidden")}))
    assert api.sent == [("POST /variables/", {"name": "bucket", "value": "hidden"})]
    assert id == ID
    assert outputs["value"] == Secret("hidden")
    assert outputs["created"] == "2026-01-01T00:00:00Z"


def test_an_object_that_exists_already_is_refused_with_the_command_that_imports_it() -> None:
    rest, _ = handler({"POST /variables/": conflict(), "GET /variables/name/bucket": variable()})
    with pytest.raises(ProviderError, match="a variable 'bucket' exists already on http://prefect/api") as caught:
        rest.create(Call(URN, news={"name": "bucket", "value": 1}))
    assert "infra import Variable bucket --name bucket" in caught.value.remedy


def test_a_conflict_without_an_object_of_that_name_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_module, "CREATE_PAUSE", 0)
    conflicts = [conflict(), conflict()]

    def answer(_: Any) -> Any:
        if conflicts:
            raise conflicts.pop()
        return variable()

    rest, _ = handler({"POST /variables/": answer})
    assert rest.create(Call(URN, news={"name": "bucket", "value": 1}))[0] == ID


def test_a_conflict_that_stays_is_told_in_the_servers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_module, "CREATE_PAUSE", 0)
    rest, api = handler({"POST /variables/": conflict()})
    with pytest.raises(ApiError, match="exists") as caught:
        rest.create(Call(URN, news={"name": "bucket", "value": 1}))
    assert not isinstance(caught.value, ConflictError)
    assert [sent for sent, _ in api.sent].count("POST /variables/") == rest_module.CREATE_TRIES


def test_a_route_that_upserts_is_asked_first() -> None:
    row = {"id": ID, "tag": "db", "concurrency_limit": 3}
    rest, api = handler({"GET /concurrency_limits/tag/db": row}, TaskRunConcurrencyLimit)
    with pytest.raises(ProviderError, match="exists already"):
        rest.create(Call(URN, news={"tag": "db", "limit": 3}))
    assert [sent for sent, _ in api.sent] == ["GET /concurrency_limits/tag/db"]

    rest, api = handler({"POST /concurrency_limits/": row}, TaskRunConcurrencyLimit)
    rest.create(Call(URN, news={"tag": "db", "limit": 3}))
    assert api.sent[-1] == ("POST /concurrency_limits/", {"tag": "db", "concurrency_limit": 3})


def test_a_queue_of_a_missing_pool() -> None:
    rest, _ = handler({}, WorkQueue)
    with pytest.raises(ProviderError, match="work queue 'etl/fast' cannot be created: work pool 'etl' does not exist"):
        rest.create(Call(URN, news={"workPoolName": "etl", "name": "fast"}))


def test_names_are_quoted_in_routes_and_path_properties_stay_out_of_the_body() -> None:
    rest, api = handler({"POST /work_pools/a%2Fb%20c/queues": {"id": ID, "name": "fast"}}, WorkQueue)
    rest.create(Call(URN, news={"workPoolName": "a/b c", "name": "fast", "paused": True}))
    assert api.sent == [("POST /work_pools/a%2Fb%20c/queues", {"name": "fast", "is_paused": True})]


def test_update_sends_only_what_changed() -> None:
    rest, api = handler({f"PATCH /variables/{ID}": {}, f"GET /variables/{ID}": variable(value="b")})
    old = {"name": "bucket", "value": "a", "tags": ["x"]}
    outputs = rest.update(Call(URN, ID, old, {**old, "created": "then"}, {**old, "value": "b"}))
    assert api.sent == [(f"PATCH /variables/{ID}", {"value": "b"}), (f"GET /variables/{ID}", None)]
    assert outputs["value"] == "b"


def test_update_without_a_change_only_reads() -> None:
    rest, api = handler({f"GET /variables/{ID}": variable()})
    same = {"name": "bucket", "value": "a"}
    rest.update(Call(URN, ID, same, same, same))
    assert [sent for sent, _ in api.sent] == [f"GET /variables/{ID}"]


def test_an_object_that_is_gone_cannot_be_updated() -> None:
    rest, _ = handler({})
    with pytest.raises(ProviderError, match="the variable 'bucket' no longer exists on http://prefect/api"):
        rest.update(Call(URN, ID, {"name": "bucket"}, {"name": "bucket"}, {"name": "bucket", "value": 1}))


def test_read_by_id_then_by_name() -> None:
    other = str(UUID(int=2))
    rest, api = handler({"GET /variables/name/bucket": variable(id=other)})
    read = rest.read(Call(URN, ID, {"name": "bucket"}, {"name": "bucket"}))
    assert read.id == other
    assert [sent for sent, _ in api.sent] == [f"GET /variables/{ID}", "GET /variables/name/bucket"]


def test_an_import_reads_by_the_name_that_was_typed() -> None:
    rest, _ = handler({"GET /work_pools/etl/queues/fast": {"id": ID, "name": "fast", "priority": 1}}, WorkQueue)
    assert rest.read(Call(URN, "etl/fast")).id == ID
    assert rest.read(Call(URN, "etl/slow")).id == ""
    with pytest.raises(ProviderError, match="'fast' is no id of a work queue"):
        rest.read(Call(URN, "fast"))


def test_many_are_read_a_page_at_a_time_and_the_missing_ones_by_name() -> None:
    ids = [str(UUID(int=number)) for number in range(1, PAGE + 3)]

    def rows(body: Any) -> list[Any]:
        assert body["limit"] == PAGE
        return [variable(id=id, name=f"v{id}") for id in body["variables"]["id"]["any_"] if id != ids[0]]

    rest, api = handler({"POST /variables/filter": rows})
    calls = [Call(URN, id, {"name": f"v{id}"}, {"name": f"v{id}"}) for id in ids]
    results = rest.read_many(calls)
    assert [result.id for result in results] == ["", *ids[1:]]
    assert [sent for sent, _ in api.sent].count("POST /variables/filter") == 2
    assert [sent for sent, _ in api.sent if sent.startswith("GET")] == [
        f"GET /variables/{ids[0]}",
        f"GET /variables/name/v{ids[0]}",
    ]


def test_a_delete_by_name_spares_a_later_object_of_that_name() -> None:
    known = {"name": "etl"}
    rest, api = handler({"GET /work_pools/etl": {"id": str(UUID(int=9)), "name": "etl"}}, WorkPool)
    rest.delete(Call(URN, ID, known, known))
    assert [sent for sent, _ in api.sent] == ["GET /work_pools/etl"]

    rest, api = handler({"GET /work_pools/etl": {"id": ID, "name": "etl"}, "DELETE /work_pools/etl": {}}, WorkPool)
    rest.delete(Call(URN, ID, known, known))
    assert api.sent[-1] == ("DELETE /work_pools/etl", None)


def test_deleting_what_is_gone_is_no_error() -> None:
    rest, api = handler({})
    rest.delete(Call(URN, ID, {"name": "bucket"}, {"name": "bucket"}))
    assert [sent for sent, _ in api.sent] == [f"DELETE /variables/{ID}"]


def test_recover_finds_by_name() -> None:
    rest, _ = handler({"GET /variables/name/bucket": variable()})
    found = rest.recover(Call(URN, news={"name": "bucket", "value": "a"}))
    assert found is not None
    assert (found.id, found.inputs) == (ID, {"name": "bucket", "value": "a"})
    assert rest.recover(Call(URN, news={"name": "other", "value": "a"})) is None


def test_preview_knows_the_inputs_and_nothing_of_the_server() -> None:
    rest, api = handler({})
    preview = rest.preview(Call(URN, news={"name": "bucket", "value": "a"}))
    assert preview["name"] == "bucket"
    assert preview["created"] is UNKNOWN
    assert api.sent == []


def test_answers_without_the_labels_of_the_server_and_without_empty_texts() -> None:
    rest, _ = handler({})
    assert rest.answer(variable(value=""), {})["value"] is None
    assert rest.answer(variable(value=""), {"value": ""})["value"] == ""
    rest, _ = handler({}, Deployment)
    assert rest.answer({"labels": {"prefect.flow.id": "x", "team": "data"}}, {})["labels"] == {"team": "data"}

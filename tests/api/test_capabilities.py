"""What a server takes, by its version and by its OpenAPI document; and what is then refused, or left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from prefect_pulumi.api.capabilities import (
    Capabilities,
    newer_fields,
    newer_in,
    request_fields,
    route_of,
    without,
)
from prefect_pulumi.api.field_support import FieldSupport
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.errors import ApiError, NotFoundError, ProviderError, ServerUnavailableError

URL = "http://prefect.example/api"
SLUG = ("POST", "/deployments/1/schedules", [{"slug": "nightly", "active": True}])
DOCUMENT = {
    "paths": {
        "/api/deployments/{id}/schedules": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Schedule"}}
                        }
                    }
                }
            }
        },
    },
    "components": {
        "schemas": {
            "Schedule": {
                "properties": {
                    "slug": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "kind": {"enum": ["a", "b"]},
                    "inner": {"allOf": [{"$ref": "#/components/schemas/Schedule"}]},
                }
            }
        }
    },
}


def test_a_document_is_read_to_its_leaves_and_no_further() -> None:
    assert request_fields(DOCUMENT) == {
        "POST /deployments/{}/schedules": {"", "[].slug", "[].kind", "[].kind=a", "[].kind=b", "[].inner"}
    }


@pytest.mark.parametrize(
    ("version", "document", "takes"),
    [
        ("3.2.15", None, True),
        ("3.9.1", None, True),
        ("4.0.0.dev3", None, True),
        ("3.1.15", None, False),
        ("3.2.4", None, None),
        ("3.2.4", DOCUMENT, True),
        ("3.2.4", {"paths": {}}, False),
        ("", DOCUMENT, True),
        ("a fork", None, None),
    ],
)
def test_the_version_decides_and_the_document_where_it_leaves_a_doubt(
    version: str, document: Any, takes: bool | None
) -> None:
    known = Capabilities(version, lambda: document)
    assert known.takes("POST /deployments/{}/schedules", "[].slug", "3.2.15") is takes


def test_routes_are_found_with_and_without_their_parameters() -> None:
    assert route_of("POST", "/deployments/abc/schedules") == "POST /deployments/{}/schedules"
    assert route_of("post", "/deployments/{deploymentId}/schedules") == "POST /deployments/{}/schedules"
    assert route_of("POST", "/deployments/") == "POST /deployments/"
    assert route_of("POST", "/logs/") not in newer_fields()


def test_only_what_says_something_counts() -> None:
    assert [(field.path, field.says) for field in newer_in(*SLUG)] == [("[].slug", True)]
    bodies = [{"slug": None}, {"parameters": {}, "slug": "x"}]
    assert {field.path: field.says for field in newer_in("POST", "/deployments/1/schedules", bodies)} == {
        "[].slug": True,
        "[].parameters": False,
    }
    assert [field.path for field in newer_in("POST", "/variables/", {"name": "a-b", "value": "c-d"})] == ["name=*-*"]
    emptied = [newer_in("PATCH", "/deployments/1", {"job_variables": {}}, changes=changes) for changes in (True, False)]
    assert [[field.says for field in fields] for fields in emptied] == [[True], [False]]
    action = {"actions": [{"type": "delete-flow-run"}], "tags": []}
    assert {field.path: field.says for field in newer_in("PUT", "/automations/1", action)} == {
        "actions[].type=delete-flow-run": True,
        "tags": False,
    }


def test_what_an_older_server_assumes_anyway_is_left_out_and_nothing_else() -> None:
    lacking = Capabilities("3.0.11", lambda: None).lacking()
    body = {"name": "a", "labels": {}, "schedules": [{"slug": None, "active": False, "replaces": None}], "paused": None}
    sent, refused = without("POST", "/deployments/", body, lacking)
    assert (sent, refused) == ({"name": "a", "schedules": [{"active": False}], "paused": None}, [])
    sent, refused = without("POST", "/deployments/", {"labels": {"a": 1}}, lacking)
    assert sent == {"labels": {"a": 1}}
    assert [(field.path, field.since) for field in refused] == [("labels", "3.1.15")]


class Server:
    """Answers GET with what it was given, and counts."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers, self.asked = answers, list[str]()

    def request(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append(path)
        answer = self.answers.get(path, NotFoundError("not found", status=404, detail="", where=path))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def support(self, url: str = URL) -> tuple[FieldSupport, list[str]]:
        said: list[str] = []
        return FieldSupport(url, lambda: cast(ApiClient, self), said.append), said


def test_a_server_is_asked_once_and_only_where_it_matters() -> None:
    server = Server({"/admin/version": "3.1.15"})
    support, said = server.support()
    assert support.faults("POST", "/variables/", {"name": "a", "value": 1}) == []
    assert support.faults("POST", "/deployments/1/schedules", [{"slug": None}]) == []
    assert server.asked == []
    for _ in range(2):
        ((path, fault),) = support.faults(*SLUG)
        assert path == "[].slug"
        assert fault == (
            f"{URL} runs Prefect 3.1.15, which does not take '[].slug' (POST /deployments/{{}}/schedules); Prefect "
            "3.2.15 does: leave it out, or upgrade the server"
        )
    assert support.fitted("POST", "/deployments/1/schedules", [{"slug": None, "active": True}]) == [{"active": True}]
    with pytest.raises(ProviderError, match=r"does not take '\[\].slug'.*\n.*upgrade the server"):
        support.fitted(*SLUG)
    assert (server.asked, said) == (["/admin/version"], [])


def test_a_document_may_stand_below_the_api_or_beside_it() -> None:
    for place in ("/openapi.json", "http://prefect.example/openapi.json"):
        support, said = Server({"/admin/version": "3.2.1", place: DOCUMENT}).support()
        assert (support.faults(*SLUG), said) == ([], [])


def test_what_cannot_be_judged_is_said_once_and_sent() -> None:
    refused = ApiError("forbidden", status=403, detail="", where=URL)
    server = Server({"/admin/version": refused})
    support, said = server.support()
    for _ in range(2):
        assert support.faults(*SLUG) == []
    assert support.fitted(*SLUG) == SLUG[2]
    assert said == [
        f"{URL} runs a Prefect that does not say its version and hands out no OpenAPI document: whether it takes every "
        "field is seen only when it is sent"
    ]


def test_what_has_no_address_and_what_does_not_answer_is_not_judged() -> None:
    server = Server({})
    none, said = server.support("")  # as of a connection to Prefect Cloud, which has what the newest server has
    assert (none.faults(*SLUG), server.asked, said) == ([], [], [])
    dead = Server({"/admin/version": ServerUnavailableError("no connection", where=URL)})
    support, said = dead.support()
    assert (support.faults(*SLUG), support.faults(*SLUG), said) == ([], [], [])
    assert dead.asked == ["/admin/version"]
    unused = Server({})
    assert unused.support("http://127.0.0.1:9/api")[0].faults(*SLUG) == []
    assert unused.asked == []

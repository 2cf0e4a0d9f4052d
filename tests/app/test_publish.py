"""Comments of pull and merge requests, against stand-ins of both forges' REST APIs on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.app.review.code_host import from_environment
from prefect_pulumi.app.review.publish import publish
from prefect_pulumi.core.errors import ApiError, ConfigError, ServerUnavailableError
from prefect_pulumi.review.model import Class, Environment, Item, Report
from prefect_pulumi.review.renderers.markdown import LIMIT, marker


class StandIn:
    """Keeps comments as a forge does: pages of `per_page`, an author by token, 403 for a token without rights."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.writes: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def account(self) -> str:
                token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "").split(" ")[-1]
                return {"of-the-bot": "bot", "of-ana": "ana", "of-a-job": "github-actions[bot]"}.get(token, "")

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if path.endswith("/user"):
                    if self.account() in ("", "github-actions[bot]"):
                        self.answer(403, {"message": "Resource not accessible by integration"})
                    else:
                        self.answer(200, {"login": self.account(), "username": self.account()})
                    return
                asked = dict(part.split("=") for part in query.split("&"))
                size, page = int(asked["per_page"]), int(asked["page"])
                self.answer(200, outer.comments[(page - 1) * size : page * size])

            def write(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
                outer.writes.append((self.command, self.path))
                if not self.account():
                    self.answer(403, {"message": "no right to write"})
                elif len(body) > LIMIT:
                    self.answer(422, {"message": "body is too long (maximum is 65536 characters)"})
                elif self.command == "POST":
                    outer.add(body, self.account())
                    self.answer(201, outer.comments[-1])
                else:
                    found = next(c for c in outer.comments if str(c["id"]) == self.path.rsplit("/", 1)[-1])
                    found["body"] = body
                    self.answer(200, found)

            do_POST = do_PATCH = do_PUT = write  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def add(self, body: str, who: str) -> None:
        kind = "Bot" if who.endswith("[bot]") else "User"
        author = {"user": {"login": who, "type": kind}, "author": {"username": who}}
        self.comments.append({"id": 1000 + len(self.comments), "body": body, **author})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def forge() -> Iterator[StandIn]:
    made = StandIn()
    yield made
    made.close()


def report(*names: str, drift: int = 0) -> Report:
    items = tuple(Item(f"urn:{i}", "WorkPool", f"pool-{i}", Class.CHANGED_LIVE) for i in range(drift))
    return Report(
        "review", "2026-11-25T07:00:00Z", tuple(Environment(n, "http://x/api", items=items) for n in names), "p"
    )


def github(forge: StandIn, tmp_path: Path, token: str = "of-a-job") -> dict[str, str]:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    return {
        "GITHUB_REPOSITORY": "team/repo",
        "GITHUB_API_URL": forge.url,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": token,
    }


def gitlab(forge: StandIn, tmp_path: Path) -> dict[str, str]:
    place = {"CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7"}
    return {"CI_API_V4_URL": forge.url, "GITLAB_TOKEN": "of-the-bot", **place}


@pytest.mark.parametrize("place", [github, gitlab])
def test_one_comment_for_each_environment_edited_in_place(place: Any, forge: StandIn, tmp_path: Path) -> None:
    env = place(forge, tmp_path)
    for number in range(130):  # more than a page of people's talk
        forge.add(f"comment {number}", "ana")
    publish(report("dev", "prod"), env)
    publish(report("dev", "prod"), env)  # nothing new: nothing written
    assert [method for method, _ in forge.writes] == ["POST", "POST"]
    publish(report("dev", "prod", drift=3), env)
    ours = [each["body"] for each in forge.comments[130:]]
    assert len(ours) == 2
    assert [body.splitlines()[0] for body in ours] == [
        marker("p", environment) for environment in report("dev", "prod").environments
    ]
    assert all("3 changed live" in body for body in ours)


def test_a_comment_of_somebody_else_is_never_taken_over(forge: StandIn, tmp_path: Path) -> None:
    """They could edit it back to what it does not say."""
    forge.add(marker("p", report("dev").environments[0]) + "\nall is well", "ana")
    publish(report("dev"), github(forge, tmp_path))
    assert len(forge.comments) == 2
    assert forge.comments[0]["body"].endswith("all is well")


def test_a_large_report_is_cut_and_names_the_artifact(forge: StandIn, tmp_path: Path) -> None:
    env = github(forge, tmp_path) | {"INFRA_REVIEW_ARTIFACT": "artifact review-dev of run 5"}
    publish(report("dev", drift=4000), env)
    assert len(forge.comments) == 1
    assert "artifact review-dev of run 5" in forge.comments[0]["body"]


def test_what_the_forge_refuses_is_said_with_the_right_that_lacks(forge: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="no right to write") as caught:
        publish(report("dev"), github(forge, tmp_path, token="of-nobody"))
    assert "pull-requests: write" in caught.value.remedy
    assert "of-nobody" not in str(caught.value)


def test_a_forge_that_is_down() -> None:
    env = {
        "CI_API_V4_URL": "http://127.0.0.1:9",
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "1",
        "GITLAB_TOKEN": "x",
    }
    with pytest.raises(ServerUnavailableError):
        publish(report("dev"), env)


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, "GITHUB_REPOSITORY"),
        ({"GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "x"}, "PULL_REQUEST_NUMBER"),
        ({"GITHUB_REPOSITORY": "a/b", "PULL_REQUEST_NUMBER": "3"}, "GITHUB_TOKEN"),
        ({"CI_API_V4_URL": "http://x", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2"}, "GITLAB_TOKEN"),
    ],
)
def test_what_is_missing_is_named(env: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment(env)
    assert caught.value.where == missing

"""The comments of one pull request on GitHub, or merge request on GitLab (their REST APIs)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from prefect_pulumi.core.errors import ApiError, ConfigError, ServerUnavailableError

PAGE = 100
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    body: str
    author: str


class CodeHost(Protocol):
    """Where comments are kept. Every method raises `ApiError` or `ServerUnavailableError`."""

    def own_comments(self) -> list[Comment]:
        """Comments that this token's account wrote. Others' are never taken over: they could be edited back."""
        ...

    def create(self, body: str) -> None: ...

    def update(self, comment: Comment, body: str) -> None: ...


class RestApi:
    """`name` in messages; `rights`: what the token needs, said where it is refused."""

    name = ""
    rights = "may the job's token write comments? (permissions: pull-requests: write)"

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._http = httpx.Client(base_url=base, headers=dict(headers), timeout=TIMEOUT)

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise ServerUnavailableError(f"{self.name} gives no answer ({type(error).__name__})", where=path) from error
        if response.is_error:
            raise ApiError(
                f"{self.name} returned HTTP {response.status_code}: {_message(response)}",
                status=response.status_code,
                where=f"{method} {path}",
                remedy=self.rights if response.status_code in {401, 403, 404} else "",
            )
        return response.json() if response.content else None

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            rows = self.call("GET", path, params={"per_page": PAGE, "page": page})
            yield from rows
            if len(rows) < PAGE:
                return
            page += 1


class GitHubApi(RestApi):
    name = "GitHub"

    def __init__(self, api_url: str, token: str) -> None:
        super().__init__(api_url, {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"})


class GitLabApi(RestApi):
    name = "GitLab"

    def __init__(self, api_url: str, token: str) -> None:
        super().__init__(api_url, {"PRIVATE-TOKEN": token})


class GitHub(GitHubApi):
    """`/repos/{repository}/issues/{number}/comments`. A workflow's own token writes as a bot."""

    def __init__(self, api_url: str, repository: str, number: int, token: str) -> None:
        super().__init__(api_url, token)
        self._issue = f"/repos/{quote(repository)}/issues/{number}/comments"
        self._comments = f"/repos/{quote(repository)}/issues/comments"

    def own_comments(self) -> list[Comment]:
        me = self._me()
        rows = [(row, row.get("user") or {}) for row in self.pages(self._issue)]
        own = [(row, user) for row, user in rows if user.get("login") == me or (not me and user.get("type") == "Bot")]
        return [Comment(str(row["id"]), row.get("body") or "", user["login"]) for row, user in own]

    def _me(self) -> str:
        """The account's name; "" for a workflow's own token, which may not ask."""
        try:
            return str(self.call("GET", "/user")["login"])
        except ApiError:
            return ""

    def create(self, body: str) -> None:
        self.call("POST", self._issue, json={"body": body})

    def update(self, comment: Comment, body: str) -> None:
        self.call("PATCH", f"{self._comments}/{comment.id}", json={"body": body})


class GitLab(GitLabApi):
    """`/projects/{project}/merge_requests/{iid}/notes`."""

    def __init__(self, api_url: str, project: str, iid: str, token: str) -> None:
        super().__init__(api_url, token)
        self._notes = f"/projects/{quote(project, safe='')}/merge_requests/{quote(iid)}/notes"

    def own_comments(self) -> list[Comment]:
        me = self.call("GET", "/user")["username"]
        rows = [row for row in self.pages(self._notes) if (row.get("author") or {}).get("username") == me]
        return [Comment(str(row["id"]), row.get("body") or "", me) for row in rows]

    def create(self, body: str) -> None:
        self.call("POST", self._notes, json={"body": body})

    def update(self, comment: Comment, body: str) -> None:
        self.call("PUT", f"{self._notes}/{comment.id}", json={"body": body})


def from_environment(env: Mapping[str, str]) -> CodeHost:
    """The pull request of the running job. Raises `ConfigError` that names the variable which is missing."""
    if env.get("GITHUB_REPOSITORY"):
        token = github_token(env)
        number = _number(env)
        if not token:
            raise _missing("GITHUB_TOKEN", "give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`")
        return GitHub(github_url(env), env["GITHUB_REPOSITORY"], number, token)
    if env.get("CI_API_V4_URL"):
        for name in ("CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "GITLAB_TOKEN"):
            if not env.get(name):
                raise _missing(name, "run it in a merge request pipeline, with a project access token of scope api")
        return GitLab(env["CI_API_V4_URL"], env["CI_PROJECT_ID"], env["CI_MERGE_REQUEST_IID"], env["GITLAB_TOKEN"])
    raise _missing("GITHUB_REPOSITORY", "--post works in a job of GitHub Actions or GitLab CI; else use --out FILE")


def github_token(env: Mapping[str, str]) -> str:
    """ "" for none."""
    return env.get("GITHUB_TOKEN") or env.get("GH_TOKEN") or ""


def github_url(env: Mapping[str, str]) -> str:
    """Of the REST API."""
    return env.get("GITHUB_API_URL") or "https://api.github.com"


def _number(env: Mapping[str, str]) -> int:
    if env.get("PULL_REQUEST_NUMBER", "").isdigit():
        return int(env["PULL_REQUEST_NUMBER"])
    try:
        event = json.loads(Path(env.get("GITHUB_EVENT_PATH", "")).read_text("utf-8"))
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _missing("PULL_REQUEST_NUMBER", "the job's event is no pull request; set the number") from error


def _missing(name: str, remedy: str) -> ConfigError:
    return ConfigError("it is not set", where=name, remedy=remedy)


def _message(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return response.text[:200]
    return str(body.get("message") or body.get("error") or body)[:200] if isinstance(body, dict) else str(body)[:200]

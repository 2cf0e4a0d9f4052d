"""Who approved the pull request that pinned a release: read from the REST APIs of GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from prefect_pulumi.app.review.code_host import GitHubApi, GitLabApi, github_token, github_url
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.promotion.gates import Approval

DECISIVE = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
"""States of a review on GitHub that replace what its author said before; a comment does not."""


class _GitHub(GitHubApi):
    """`/repos/{repository}/commits/{commit}/pulls` and `/repos/{repository}/pulls/{number}/reviews`."""

    rights = "may the job's token read pull requests? (permissions: pull-requests: read)"

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        super().__init__(api_url, token)
        self._repository = f"/repos/{quote(repository)}"

    def approval(self, commit: str) -> Approval:
        pulls = [row for row in self.pages(f"{self._repository}/commits/{commit}/pulls") if row.get("merged_at")]
        if not pulls:
            return Approval(problem=_no_request("pull request", commit))
        pull = pulls[0]
        author, head = _login(pull.get("user")), str((pull.get("head") or {}).get("sha"))
        decisions: dict[str, Mapping[str, Any]] = {}
        for review in self.pages(f"{self._repository}/pulls/{pull['number']}/reviews"):  # the oldest first
            if review.get("state") in DECISIVE:
                decisions[_login(review.get("user"))] = review
        by = sorted(
            login
            for login, review in decisions.items()
            if login not in {"", author} and review["state"] == "APPROVED" and review.get("commit_id") == head
        )
        return Approval(tuple(by), str(pull.get("html_url") or ""))


class _GitLab(GitLabApi):
    """`/projects/{project}/repository/commits/{commit}/merge_requests`, `/merge_requests/{iid}/approvals`. Whether
    later commits take an approval back is a setting of the project."""

    rights = "may the token read merge requests? (scope: read_api)"

    def __init__(self, api_url: str, project: str, token: str) -> None:
        super().__init__(api_url, token)
        self._project = f"/projects/{quote(project, safe='')}"

    def approval(self, commit: str) -> Approval:
        rows = self.pages(f"{self._project}/repository/commits/{commit}/merge_requests")
        merged = [row for row in rows if row.get("state") == "merged"]
        if not merged:
            return Approval(problem=_no_request("merge request", commit))
        request = merged[0]
        author = str((request.get("author") or {}).get("username"))
        answer = self.call("GET", f"{self._project}/merge_requests/{request['iid']}/approvals")
        names = {str((row.get("user") or {}).get("username")) for row in answer.get("approved_by") or ()}
        return Approval(tuple(sorted(names - {author})), str(request.get("web_url") or ""))


def approval_of(commit: str, env: Mapping[str, str]) -> Approval:
    """`commit` brought the pin into the repository; `env` is that of the job, which names code host and token."""
    if not commit:
        return Approval(problem="no commit holds this pin: it was not reviewed")
    try:
        host = _host(env)
        return host.approval(commit) if host is not None else Approval(problem=_UNKNOWN)
    except PrefectPulumiError as error:
        return Approval(problem=f"{error.message}" + (f" ({error.remedy})" if error.remedy else ""))


_UNKNOWN = (
    "the reviews cannot be read: set GITHUB_REPOSITORY and GITHUB_TOKEN, or CI_API_V4_URL, CI_PROJECT_ID and "
    "GITLAB_TOKEN, as a job has them"
)


def _host(env: Mapping[str, str]) -> _GitHub | _GitLab | None:
    token = github_token(env)
    if env.get("GITHUB_REPOSITORY") and token:
        return _GitHub(github_url(env), env["GITHUB_REPOSITORY"], token)
    if env.get("CI_API_V4_URL") and env.get("CI_PROJECT_ID") and env.get("GITLAB_TOKEN"):
        return _GitLab(env["CI_API_V4_URL"], env["CI_PROJECT_ID"], env["GITLAB_TOKEN"])
    return None


def _login(user: Mapping[str, Any] | None) -> str:
    return str((user or {}).get("login") or "")


def _no_request(kind: str, commit: str) -> str:
    return f"no merged {kind} holds the commit {commit[:12]}, which pinned the release"

"""Who approved a promotion's pull request, against a stand-in of both forges' REST APIs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect_pulumi.app.release.approvals import approval_of
from tests.support.code_host import AUTHOR, URL, ReviewHost, review_host

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def host() -> Iterator[ReviewHost]:
    with review_host() as made:
        made.commits = [OLD, NEW]
        yield made


def test_approvals_of_what_was_merged_count(host: ReviewHost) -> None:
    host.reviews = [
        ("ben", "APPROVED", OLD),  # of an earlier push
        ("cat", "APPROVED", NEW),
        ("cat", "COMMENTED", NEW),
        ("dan", "APPROVED", NEW),
        ("dan", "CHANGES_REQUESTED", NEW),
        ("eva", "APPROVED", NEW),
        ("eva", "DISMISSED", NEW),
        (AUTHOR, "APPROVED", NEW),
    ]
    approval = approval_of(OLD, host.github())
    assert (approval.by, approval.url, approval.problem) == (("cat",), URL, "")


def test_gitlab_says_who_approved(host: ReviewHost) -> None:
    host.approve("cat", "ben", AUTHOR)
    approval = approval_of(NEW, host.gitlab())
    assert (approval.by, approval.url, approval.problem) == (("ben", "cat"), URL, "")


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_what_was_not_merged_is_not_approved(host: ReviewHost, forge: str) -> None:
    host.approve("ben")
    env = getattr(host, forge)()
    assert approval_of("c" * 40, env).problem.endswith("holds the commit cccccccccccc, which pinned the release")
    host.merged = False
    assert approval_of(NEW, env).problem.startswith("no merged")


@pytest.mark.parametrize(("forge", "right"), [("github", "pull-requests: read"), ("gitlab", "read_api")])
def test_what_cannot_be_read_is_said(host: ReviewHost, forge: str, right: str) -> None:
    env = getattr(host, forge)()
    assert approval_of("", env).problem == "no commit holds this pin: it was not reviewed"
    assert "GITHUB_TOKEN" in approval_of(NEW, {}).problem
    refused = {key: "another" if key.endswith("TOKEN") else value for key, value in env.items()}
    assert right in approval_of(NEW, refused).problem
    gone = {key: "http://127.0.0.1:9" if value == host.url else value for key, value in env.items()}
    assert "gives no answer" in approval_of(NEW, gone).problem

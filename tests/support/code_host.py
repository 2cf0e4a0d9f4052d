"""Stand-in of the review APIs of GitHub and GitLab on loopback, by their published routes and answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "of-a-job"
AUTHOR = "ana"
URL = "https://forge.example.com/team/repo/pull/7"


class ReviewHost:
    """One pull request, which holds `commits`; `reviews`: (account, state, commit), the oldest first. The token is
    asked for; another one gets 403."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.commits: list[str] = []
        self.merged = True
        self.reviews: list[tuple[str, str, str]] = []

    @property
    def head(self) -> str:
        return self.commits[-1] if self.commits else ""

    def approve(self, *accounts: str) -> None:
        self.reviews += [(account, "APPROVED", self.head) for account in accounts]

    def github(self) -> dict[str, str]:
        return {"GITHUB_REPOSITORY": "team/repo", "GITHUB_API_URL": self.url, "GITHUB_TOKEN": TOKEN}

    def gitlab(self) -> dict[str, str]:
        return {"CI_API_V4_URL": self.url, "CI_PROJECT_ID": "42", "GITLAB_TOKEN": TOKEN}

    def answer(self, path: str) -> Any:
        """None for an unknown route."""
        parts = path.strip("/").split("/")
        match parts:
            case ["repos", "team", "repo", "commits", commit, "pulls"]:
                return [self._pull()] if commit in self.commits else []
            case ["repos", "team", "repo", "pulls", "7", "reviews"]:
                return [{"user": {"login": who}, "state": state, "commit_id": on} for who, state, on in self.reviews]
            case ["projects", "42", "repository", "commits", commit, "merge_requests"]:
                request = {
                    "iid": 7,
                    "state": "merged" if self.merged else "opened",
                    "author": {"username": AUTHOR},
                    "web_url": URL,
                }
                return [request] if commit in self.commits else []
            case ["projects", "42", "merge_requests", "7", "approvals"]:
                names = dict.fromkeys(who for who, state, _ in self.reviews if state == "APPROVED")
                return {"approved_by": [{"user": {"username": name}} for name in names]}
        return None

    def _pull(self) -> dict[str, Any]:
        return {
            "number": 7,
            "html_url": URL,
            "user": {"login": AUTHOR},
            "merged_at": "2026-11-30T10:00:00Z" if self.merged else None,
            "head": {"sha": self.head},
        }


@contextmanager
def review_host() -> Iterator[ReviewHost]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "").split(" ")[-1]
            body = host.answer(self.path.partition("?")[0]) if token == TOKEN else {"message": "Bad credentials"}
            data = json.dumps(body).encode()
            self.send_response(403 if token != TOKEN else 404 if body is None else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = ReviewHost(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

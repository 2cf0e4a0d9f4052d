"""The history of commands and drift reports, on a real server; and the message about drift."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.app.history import KEPT, CommandRecord, read_history, recorded
from prefect_pulumi.app.project import Project as ApiProject
from prefect_pulumi.app.review.notification import SHOWN, message, notify
from prefect_pulumi.core.errors import ApiError, ConfigError, InputError, InterruptedRun, StateError
from prefect_pulumi.review.model import Class, Environment, Facts, Item, Problem, Report
from tests.support.projects import Project
from tests.support.rest import call

PROGRAM = """
from prefect_pulumi.resources import Variable

Variable("region", name={name!r}, value={value!r})
"""


@pytest.fixture(autouse=True)
def own_objects_only(small: Project) -> None:
    (small.root / "review.yaml").write_text("unmanaged: hide\n")


def records(project: Project) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(project.infra("history", "--json").stdout)
    return listed


def test_commands_and_drift_are_told_with_their_ends(
    small: Project, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ana")
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example.com/7")
    name = f"region_{uuid4().hex[:8]}"
    small.write(PROGRAM.format(name=name, value="eu"))
    assert records(small) == []
    small.infra("up", "--yes")
    small.infra("drift")
    call(prefect_server, "PATCH", f"/variables/name/{name}", {"value": "us"})
    first = small.infra("drift", check=False)
    second = small.infra("drift", check=False)
    assert (first.returncode, second.returncode) == (3, 3)
    small.write("raise SystemExit('no')")
    assert small.infra("up", "--yes", check=False).returncode == 1
    small.infra("config", "set", "prefect:nonsense", "x")
    assert small.infra("up", "--yes", "--target", "nothing", check=False).returncode != 0

    told = records(small)
    assert [(record["command"], record["result"]) for record in told[-5:]] == [
        ("up", "failed"),
        ("drift", "drift"),
        ("drift", "drift"),
        ("drift", "in sync"),
        ("up", "succeeded"),
    ]
    up = told[-1]
    assert (up["by"], up["job"], up["changes"]["create"]) == ("ana", "https://ci.example.com/7", 2)
    since = told[-3]["drift"]
    assert told[-4]["drift"] == since  # the second report keeps the time of the first
    assert [key.rpartition("::")[2] for key in since] == ["region"]
    assert "drift seen since" not in first.stdout
    assert f"drift seen since {told[-3]['drift'][next(iter(since))][:10]}" in second.stdout
    table = small.infra("history", "--limit", "2").stdout.splitlines()
    assert len(table) == 3
    assert table[0].split()[:2] == ["TIME", "COMMAND"]
    assert small.infra("history", "--limit", "0", check=False).returncode == 2


def test_what_could_not_be_checked_keeps_the_time_of_the_drift(small: Project, prefect_server: str) -> None:
    name = f"region_{uuid4().hex[:8]}"
    small.write(PROGRAM.format(name=name, value="eu"))
    small.infra("up", "--yes")
    call(prefect_server, "PATCH", f"/variables/name/{name}", {"value": "us"})
    small.infra("drift", check=False)
    small.write("raise SystemExit('no')")
    assert small.infra("drift", check=False).returncode == 4
    unread, drifted = records(small)[:2]
    assert (unread["result"], unread["drift"]) == ("could not check", drifted["drift"])
    assert unread["text"]


def test_bad_input_leaves_no_record_and_every_other_end_does(small: Project) -> None:
    view = ApiProject(small.root).view("dev")
    for error in (InputError("no"), StateError("broken"), ApiError("refused", status=409), InterruptedRun("stopped")):
        with pytest.raises(type(error)), recorded(view, "up"):
            raise error
    with recorded(view, "up") as details:
        details.add(plan="sha256:abc")
    ends = [(record.result, record.text) for record in read_history(view.stack)]
    assert ends == [("succeeded", ""), ("interrupted", ""), ("failed", "refused")]
    assert read_history(view.stack)[0].plan == "sha256:abc"


def test_the_newest_are_kept_also_of_commands_that_end_together(small: Project) -> None:
    view = ApiProject(small.root).view("dev")
    store, key = view.stack.commands, view.stack.commands_key
    old = CommandRecord("2026-01-01T00:00:00Z", "drift", "ana", "in sync", 1.0)
    commands = [replace(old, commit=str(number)).document() for number in range(KEPT)]
    store.write(key, json.dumps({"version": 1, "commands": commands}).encode())

    def one() -> None:
        with recorded(ApiProject(small.root).view("dev"), "up"):
            pass

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = read_history(view.stack)
    assert [record.command for record in kept[:3]] == ["up", "up", "drift"]
    assert len(kept) == KEPT


def test_a_broken_history_stops_nothing(small: Project, prefect_server: str) -> None:
    small.write(PROGRAM.format(name=f"region_{uuid4().hex[:8]}", value="eu"))
    small.infra("up", "--yes")
    view = ApiProject(small.root).view("dev")
    view.stack.commands.write(view.stack.commands_key, b"[")
    assert "warning: the command is not in the history" in small.infra("drift").stderr
    refused = small.infra("history", check=False)
    assert refused.returncode == 4
    assert "the history cannot be read" in refused.stderr


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    posted: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/T0/of-the-team", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def report(*items: Item, problems: tuple[Problem, ...] = ()) -> Report:
    environment = Environment("prod", "http://x/api", items=items, problems=problems)
    return Report("drift", "2026-11-30T07:00:00Z", (environment,), "orders")


def test_a_message_names_what_drifted_and_is_no_markup() -> None:
    drifted = Item("u", "WorkPool", "<!channel> & co", Class.CHANGED_LIVE, facts=Facts(since="2026-11-29T07:00:00Z"))
    lines = message(report(drifted, problems=(Problem("no answer"),))).splitlines()
    assert lines[0].startswith("orders/prod: ")
    assert "could not check: no answer" in lines
    expected = "- WorkPool &lt;!channel&gt; &amp; co: changed live (drift seen since 2026-11-29 07:00 UTC)"
    assert expected in lines
    many = [Item(str(n), "Variable", str(n), Class.CHANGED_LIVE) for n in range(SHOWN + 2)]
    assert message(report(*many)).endswith("- and 2 more")


def test_a_webhook_is_posted_to_and_never_named() -> None:
    drifted = report(Item("u", "WorkPool", "etl", Class.CHANGED_LIVE))
    with webhook() as (url, posted):
        assert notify(drifted, url) == ""
        assert posted == [{"text": message(drifted)}]
    assert notify(drifted, url) == "the webhook of 127.0.0.1 gives no answer (ConnectError)"
    with webhook(404) as (url, _):
        assert notify(drifted, url) == "the webhook of 127.0.0.1 returned HTTP 404"
    for wrong in ("ftp://x/y", "of-the-team", "http://", "http://x:port/of-the-team"):
        with pytest.raises(ConfigError) as error:
            notify(drifted, wrong)
        assert "of-the-team" not in str(error.value)


def test_drift_is_notified_and_a_stack_in_sync_is_not(small: Project, prefect_server: str) -> None:
    name = f"region_{uuid4().hex[:8]}"
    small.write(PROGRAM.format(name=name, value="eu"))
    small.infra("up", "--yes")
    with webhook() as (url, posted):
        small.infra("drift", "--notify", url)
        assert posted == []
        call(prefect_server, "PATCH", f"/variables/name/{name}", {"value": "us"})
        done = small.infra("drift", check=False, env={"INFRA_NOTIFY_URL": url})
        assert (done.returncode, len(posted)) == (3, 1)
        assert f"- Variable {name}: changed live" in posted[0]["text"] or "- Variable region" in posted[0]["text"]
    done = small.infra("drift", "--notify", url, check=False)
    assert done.returncode == 3
    assert "warning: not notified: the webhook of 127.0.0.1 gives no answer" in done.stderr
    assert "of-the-team" not in done.stderr + done.stdout

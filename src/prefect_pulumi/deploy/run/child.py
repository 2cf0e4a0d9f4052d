"""Runs Prefect's own `prefect deploy` in a process of its own and reports each deployment as it ends.

    python -m prefect_pulumi.deploy.run FD  < job.json

It imports prefect, so nothing but that process may import it. What runs is the command `prefect deploy --all` (or
`--name ...`) as it is, with three changes: its requests are rewritten (`request_rewriting.py`), its build and push
steps run once for all deployments that share them, and the list goes through Prefect's own loop in `parallel` shards
of this one interpreter.

The job (`job.py`): `{"document": the YAML text, "names": [...] | null for --all, "entries": [entry], "labels": {...},
"labels_in_place": bool, "version_info": {...} | null, "continue": bool, "parallel": int, "steps": {digest: outputs},
"lacking": {route: [path]}}`; an entry is `{"name": full name, "key": [name, entrypoint], "ui": [...], "adopt": bool,
"automations": {name: UUID} | null, "steps": digest, "anchored": [index]}`.

On the file descriptor FD it writes one JSON object a line: `{"event": "begin" | "line" | "end" | "steps", ...}`.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import json
import os
import select
import ssl
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any, TextIO

import httpx
from prefect.cli import app
from prefect.cli.deploy import _core
from prefect.client.orchestration.base import BaseAsyncClient
from prefect.client.schemas.objects import VersionInfo
from prefect.deployments import runner
from prefect.types import _datetime as prefect_datetime
from rich.console import Console

from prefect_pulumi.deploy.run import request_rewriting
from prefect_pulumi.deploy.run.job import LINE_COLUMNS

CURRENT: ContextVar[DeploymentDeploy | None] = ContextVar("CURRENT", default=None)
Json = dict[str, Any]

_send: Callable[..., Awaitable[httpx.Response]] = BaseAsyncClient.request
_single = _core._run_single_deploy
_multi = _core._run_multi_deploy
_steps = _core.run_steps


_LACKING: dict[str, list[str]] = {}
"""What the server does not take: route -> paths."""


async def _request(client: Any, method: str, path: str, **kwargs: Any) -> httpx.Response:
    """Prefect's own request, without what this client says by itself to newer servers only."""
    if _LACKING and kwargs.get("json") is not None:
        kwargs["json"] = request_rewriting.fitted(method, path, kwargs["json"], _LACKING)
    return await _send(client, method, path, **kwargs)


class WrongFlow(ValueError):
    """The flow's name at run time is not the one that the plan was made for."""


class DeploymentDeploy:
    """DeploymentDeploy deployment on its way: its entry, and what of the server's answers it needs again."""

    def __init__(self, entry: Json, session: DeploySession) -> None:
        self.entry, self.session = entry, session
        self.row: Json | None = None
        self.id = ""
        self.began = ""
        self.after: list[tuple[str, str, Json | None]] = []
        self.automations: dict[str, str] = {}
        self.known: dict[str, Json] | None = None

    async def request(self, client: Any, method: str, path: str, kwargs: Json) -> httpx.Response:
        """Prefect's client sends through here while this deployment is deployed."""
        if method == "GET" and path == "/deployments/name/{flow_name}/{deployment_name}":
            return await self._looked_up(client, path, kwargs)
        if method == "POST" and path == "/deployments/":
            kwargs["json"] = request_rewriting.create_body(kwargs["json"], self.session.labels)
            response = await _request(client, method, path, **kwargs)
            self.id = response.json()["id"]
            self.known = {}
            return response
        if method == "PATCH" and path == "/deployments/{id}":
            return await self._updated(client, path, kwargs)
        if method == "DELETE" and path.startswith("/automations/owned-by/") and self.known is not None:
            return httpx.Response(202, request=httpx.Request(method, "http://rewritten"))
        if method == "POST" and path == "/automations/":
            return await self._automation(client, path, kwargs)
        if (method, path) in _SHARED:
            return await self.session.shared(client, method, path, kwargs)
        return await _request(client, method, path, **kwargs)

    async def _looked_up(self, client: Any, path: str, kwargs: Json) -> httpx.Response:
        names = kwargs["path_params"]
        full_name = f"{names['flow_name']}/{names['deployment_name']}"
        if full_name != self.entry["name"]:
            raise WrongFlow(
                f"its flow is called {names['flow_name']!r} when it is imported; write the name of the flow as a text"
            )
        response = await _request(client, "GET", path, **kwargs)
        self.row = response.json()
        self.id = self.row["id"]
        self.began = _began(response)
        if self.entry["adopt"] and not self.session.labels_in_place:
            await _request(
                client, "POST", "/deployments/", json=request_rewriting.adopt_body(self.row, self.session.labels)
            )
            response = await _request(client, "GET", path, **kwargs)
            self.row = response.json()
        return response

    async def _updated(self, client: Any, path: str, kwargs: Json) -> httpx.Response:
        assert self.row is not None  # noqa: S101 - Prefect looks a deployment up before it updates it
        await self._know_automations(client)
        body, ui = kwargs["json"], self.entry["ui"]
        labels = {**(self.row.get("labels") or {}), **self.session.labels} if self.session.labels_in_place else None
        sent = {**kwargs, "json": request_rewriting.update_body(body, ui, labels)}
        response = await _request(client, "PATCH", path, **sent)
        schedules = body.get("schedules") or []
        writes = request_rewriting.schedule_writes(
            schedules, self.row["schedules"] or [], "active" in ui, self.entry["anchored"]
        )
        for write in writes:
            content = {} if write.body is None else {"json": write.body}
            await _request(client, write.method, f"/deployments/{self.id}{write.path}", **content)
        if schedules and await self._runs(client):
            # The write deleted the runs to come. Prefect's scheduler makes them again within seconds; asked from
            # the moment before the write on, it also makes one that fell due in between (its key keeps it single).
            json = {"start_time": self.began}
            await _request(client, "POST", f"/deployments/{self.id}/schedule", json=json)
        return response

    async def _runs(self, client: Any) -> bool:
        live = (await _request(client, "GET", "/deployments/{id}", path_params={"id": self.id})).json()
        return request_rewriting.runs_again(live)

    async def _know_automations(self, client: Any) -> None:
        """Which automations its triggers made. Where the state does not know, or another deploy has recreated them,
        Prefect recreates all of them."""
        recorded: dict[str, str] | None = self.entry["automations"]
        if not recorded:
            return
        path = f"/automations/related-to/prefect.deployment.{self.id}"
        rows = {row["id"]: row for row in (await _request(client, "GET", path)).json()}
        if rows.keys() >= set(recorded.values()):
            self.known = {name: rows[id] for name, id in recorded.items()}

    async def _automation(self, client: Any, path: str, kwargs: Json) -> httpx.Response:
        body = kwargs["json"]
        live = (self.known or {}).get(body["name"])
        if live is None:
            response = await _request(client, "POST", path, **kwargs)
            self.automations[body["name"]] = response.json()["id"]
            return response
        self.automations[body["name"]] = live["id"]
        if not request_rewriting.same_automation(live, body):
            sent = {key: value for key, value in body.items() if key != "owner_resource"}
            await _request(client, "PUT", "/automations/{id}", path_params={"id": live["id"]}, json=sent)
        return httpx.Response(201, json=live, request=httpx.Request("POST", "http://rewritten"))

    async def finish(self, client: Any) -> None:
        """Automations of triggers that the file no longer has."""
        for name, live in (self.known or {}).items():
            if name not in self.automations:
                await _request(client, "DELETE", "/automations/{id}", path_params={"id": live["id"]})


_SHARED = {
    ("GET", "/work_pools/{name}"),
    ("POST", "/work_pools/{work_pool_name}/workers/filter"),
    ("POST", "/flows/"),
}
"""Asked by each deployment with the same answer; a flow of a name is created once."""


def _began(response: httpx.Response) -> str:
    return parsedate_to_datetime(response.headers["date"]).isoformat()


class LineStream(io.TextIOBase):
    """What Prefect prints of one deployment, as events."""

    def __init__(self, session: DeploySession, name: str) -> None:
        self._session, self._name, self._text = session, name, ""

    def write(self, text: str) -> int:
        self._text += text
        *lines, self._text = self._text.split("\n")
        for line in lines:
            self._session.emit(event="line", name=self._name, text=line)
        return len(text)


class DeploySession:
    """The whole deploy."""

    def __init__(self, job: Json, events: TextIO) -> None:
        self.job, self._events = job, events
        self.labels: dict[str, str] = job["labels"]
        self.labels_in_place: bool = job["labels_in_place"]
        self.outputs: dict[str, Json] = dict(job["steps"])
        self.failed = False
        self._entries = {tuple(entry["key"]): entry for entry in job["entries"]}
        self._answers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._building: asyncio.Lock | None = None

    def emit(self, **event: Any) -> None:
        with self._lock:
            self._events.write(json.dumps(event, default=str) + "\n")
            self._events.flush()

    def install(self) -> None:
        _LACKING.update(self.job["lacking"])
        _core._run_single_deploy = self.single
        _core._run_multi_deploy = self.multi
        _core.run_steps = self.run_steps
        BaseAsyncClient.request = _rewritten_request
        if self.job["version_info"] and hasattr(runner, "get_inferred_version_info"):
            runner.get_inferred_version_info = _version_of_commit(self.job["version_info"])
        # A TLS context costs 35 ms and each deployment makes four of them, all alike.
        ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]  # a cache
        prefect_datetime.get_timezones = functools.cache(prefect_datetime.get_timezones)

    async def shared(self, client: Any, method: str, path: str, kwargs: Json) -> httpx.Response:
        key = json.dumps([method, path, kwargs], sort_keys=True, default=str)
        if key not in self._answers:
            self._answers[key] = asyncio.ensure_future(_request(client, method, path, **kwargs))
        try:
            response: httpx.Response = await asyncio.shield(self._answers[key])
        except BaseException:
            self._answers.pop(key, None)
            raise
        return response

    async def multi(self, deploy_configs: list[Json], actions: Json, **options: Any) -> None:
        """Prefect's own loop, over several shards of the list concurrently."""
        queue = list(reversed(deploy_configs))

        async def shard() -> None:
            while queue and not (self.failed and not self.job["continue"]):
                await _multi(deploy_configs=[queue.pop()], actions=actions, **{**options, "console": _silent()})

        # The first one alone: it makes the flow and fills what the others share.
        if queue:
            await _multi(deploy_configs=[queue.pop()], actions=actions, **{**options, "console": _silent()})
        await asyncio.gather(*(shard() for _ in range(self.job["parallel"])))

    async def single(self, deploy_config: Json, *arguments: Any, **options: Any) -> None:
        entry = self._entries.get((deploy_config.get("name"), deploy_config.get("entrypoint")))
        if entry is None:
            raise ValueError(f"the deployment {deploy_config.get('name')!r} was not asked for")
        name = entry["name"]
        self.emit(event="begin", name=name)
        deploy, began, error = DeploymentDeploy(entry, self), time.monotonic(), ""
        token = CURRENT.set(deploy)
        stream: Any = LineStream(self, name)  # Console asks for an IO[str] and needs `write`
        console = Console(file=stream, width=LINE_COLUMNS, no_color=True, highlight=False)
        try:
            await _single(deploy_config, *arguments, **{**options, "console": console})
            if deploy.known:
                from prefect.client.orchestration import get_client

                async with get_client() as client:
                    await deploy.finish(client)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as caught:  # noqa: BLE001 - one deployment's failure is a result, whatever it is
            error = _error_text(caught)
            self.failed = True
        finally:
            CURRENT.reset(token)
        self.emit(
            event="end",
            name=name,
            id=deploy.id,
            error=error,
            seconds=round(time.monotonic() - began, 3),
            automations=deploy.automations,
        )

    async def run_steps(self, steps: list[Json], upstream: Json | None = None, **options: Any) -> Json:
        """Build and push steps, once for those who share them; none whose result is known from an earlier deploy."""
        deploy = CURRENT.get()
        inputs = deploy.entry["steps"] if deploy is not None else ""
        text = json.dumps([inputs, steps, upstream], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._building = self._building or asyncio.Lock()
        async with self._building:
            if digest not in self.outputs:
                result = await _steps(steps, upstream, **options)
                self.outputs[digest] = json.loads(json.dumps(result, default=str))
                self.emit(event="steps", digest=digest, outputs=self.outputs[digest])
            return {**(upstream or {}), **self.outputs[digest]}


def _version_of_commit(known: Json) -> Callable[..., Awaitable[Any]]:
    """In the place of Prefect's own look at git; a deployment's `version_type` counts as it does there."""
    inferred = runner.get_inferred_version_info

    async def version(version_type: Any = None) -> Any:
        if version_type is not None and version_type not in ("vcs:git", known["type"]):
            return await inferred(version_type)
        return VersionInfo(**{**known, **({"type": str(version_type)} if version_type else {})})

    return version


def _error_text(error: BaseException) -> str:
    """The error's words with those of its causes, which Prefect hides under general ones."""
    words: list[str] = []
    step: BaseException | None = error
    while step is not None and len(words) < 3:
        text = f"{step}" or type(step).__name__
        if isinstance(step, httpx.HTTPStatusError):
            text += f": {step.response.text[:500]}"
        if text not in words:
            words.append(text)
        step = step.__cause__
    return " <- ".join(words)


def _silent() -> Console:
    return Console(file=io.StringIO(), quiet=True)


async def _rewritten_request(
    self: Any, method: str, path: str, params: Any = None, path_params: Any = None, **kwargs: Any
) -> httpx.Response:
    deploy = CURRENT.get()
    if params is not None:
        kwargs["params"] = params
    if path_params is not None:
        kwargs["path_params"] = path_params
    if deploy is None:
        return await _request(self, method, path, **kwargs)
    return await deploy.request(self, method, path, kwargs)


def _piped(text: str) -> str:
    """A path from which `text` can be read once: it never lies in a file."""
    reader, writer = os.pipe()

    def feed() -> None:
        with os.fdopen(writer, "w", encoding="utf-8") as stream:
            stream.write(text)

    threading.Thread(target=feed, daemon=True).start()
    return f"/dev/fd/{reader}"


def _end_with_the_reader(events: int) -> None:
    """An update that was killed must not be deployed on behind the next one's back."""
    pipe = select.poll()
    pipe.register(events, 0)  # only that its other end is closed
    pipe.poll()
    os._exit(1)


def main() -> int:
    job = json.load(sys.stdin)
    threading.Thread(target=_end_with_the_reader, args=(int(sys.argv[1]),), daemon=True).start()
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as events:
        session = DeploySession(job, events)
        session.install()
        command = ["--no-prompt", "deploy", "--prefect-file", _piped(job["document"])]
        command += ["--all"] if job["names"] is None else [part for name in job["names"] for part in ("--name", name)]
        sys.argv = ["prefect", *command]
        try:
            app()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
            return code or int(session.failed)
        return int(session.failed)

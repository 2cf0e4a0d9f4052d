"""Plain `prefect deploy --all` of many files in one process: `python -m tests.support.plain_deploy < request.json`.

It runs Prefect's own command as it is, with three changes: a failed deployment does not end the others, build and push
steps only say what they would give, and without a server the few answers that the command needs are canned.

The request is `{"files": {name: YAML text}, "pools": {name: type}, "variables": {name: value}, "live": bool}`; the
answer is `{"files": {name: result}, "schema": JSON schema of Prefect's own model}` with results `{"skipped": bool,
"said": text, "deployments": {deployment: bodies of POST /deployments/}, "automations": {deployment: bodies of POST
/automations/}, "errors": {deployment: text}}`. `PREFECT_API_URL` counts when `live`. The folder of the flows is the
working directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
from prefect.cli import app
from prefect.cli.deploy import _core
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.client.orchestration.base import BaseAsyncClient

Json = dict[str, Any]
OUTPUTS = {
    "build_docker_image": {
        "image_name": "registry.example.com/flows",
        "tag": "v1",
        "image": "registry.example.com/f:1",
    },
    "push_docker_image": {"image_name": "registry.example.com/flows", "tag": "v1", "image": "registry.example.com/f:1"},
    "push_to_s3": {"bucket": "flows", "folder": "main"},
    "push_to_gcs": {"bucket": "flows", "folder": "main"},
    "push_to_azure_blob_storage": {"container": "flows", "folder": "main"},
    "run_shell_script": {"stdout": "3f2a91c", "stderr": ""},
    "pip_install_requirements": {"stdout": "", "stderr": ""},
}
RECORDED = {"/deployments/": "deployments", "/automations/": "automations"}
SKIPPED = ("Skipping deployment configuration", "specified config file")
"""What Prefect says when it takes nothing of a file."""
NOW = "2026-01-01T00:00:00Z"

_request: Callable[..., Awaitable[httpx.Response]] = BaseAsyncClient.request
_single = _core._run_single_deploy


class PlainDeploy:
    """One file after the other; what the current one gave is in `result`."""

    def __init__(self, request: Json) -> None:
        self.files: dict[str, str] = request["files"]
        self.pools: dict[str, str] = request["pools"]
        self.variables: Json = request["variables"]
        self.live: bool = request["live"]
        self.result: Json = {}
        self.current = ""

    def install(self) -> None:
        deploy = self

        async def request(client: Any, method: str, path: str, *args: Any, **kwargs: Any) -> httpx.Response:
            if method == "POST" and path in RECORDED:
                body = kwargs["json"]
                deploy.current = body["name"] if path == "/deployments/" else deploy.current
                deploy.result[RECORDED[path]].setdefault(deploy.current, []).append(body)
            if deploy.live:
                return await _request(client, method, path, *args, **kwargs)
            return deploy.answer(method, path, kwargs)

        async def single(deploy_config: Json, *args: Any, **kwargs: Any) -> None:
            deploy.current = str(deploy_config.get("name"))
            try:
                await _single(deploy_config, *args, **kwargs)
            except (KeyboardInterrupt, asyncio.CancelledError):
                raise
            except BaseException as error:  # noqa: BLE001 - a verdict, whatever it is
                deploy.result["errors"][deploy.current] = f"{type(error).__name__}: {error}".splitlines()[0]

        async def steps(listed: list[Json], upstream: Json | None = None, **_: Any) -> Json:
            outputs = dict(upstream or {})
            for step in listed:
                name, arguments = next(iter(step.items()))
                given = OUTPUTS.get(name.rpartition(".")[2], {})
                outputs |= given | ({arguments["id"]: given} if arguments and arguments.get("id") else {})
            return outputs

        # A TLS context takes 35 ms, and each deployment makes four of them.
        ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]  # a cache
        BaseAsyncClient.request = request
        _core._run_single_deploy = single
        _core.run_steps = steps

    def answer(self, method: str, path: str, kwargs: Json) -> httpx.Response:
        """What a server says where it has the pools, the variables and every block, and none of the deployments."""
        given = kwargs.get("path_params") or {}
        sent = httpx.Request(method, f"http://canned{path}")

        def response(body: Any, status: int = 200) -> httpx.Response:
            answer = httpx.Response(status, json=body, request=sent)
            answer.raise_for_status()
            return answer

        name = str(given.get("name", given.get("work_pool_name", "")))
        if (method, path) == ("GET", "/work_pools/{name}") and name in self.pools:
            row = {"id": str(uuid5(NAMESPACE_URL, name)), "name": name, "type": self.pools[name]}
            return response({**row, "created": NOW, "updated": NOW, "base_job_template": {}, "status": "READY"})
        if (method, path) == ("GET", "/variables/name/{name}") and name in self.variables:
            row = {"id": str(uuid4()), "name": name, "value": self.variables[name]}
            return response({**row, "created": NOW, "updated": NOW, "tags": []})
        if "/block_documents/name/" in path:
            ids = {key: str(uuid4()) for key in ("id", "block_schema_id", "block_type_id")}
            return response({**ids, "created": NOW, "updated": NOW, "name": "canned", "data": {"value": "of a block"}})
        if method == "GET":
            return response({"detail": "not found"}, 404)
        if path.endswith("/filter"):
            return response([])
        return response({"id": str(uuid4())}, 200 if method == "DELETE" else 201)

    def run(self, name: str) -> Json:
        self.result = {"skipped": False, "said": "", "deployments": {}, "automations": {}, "errors": {}}
        path = Path(f"{name}.yaml").resolve()
        path.write_text(self.files[name], "utf-8")
        said = io.StringIO()
        sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(path)]
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                app()
            except SystemExit:
                pass
            except Exception as error:  # noqa: BLE001 - a verdict, whatever it is
                self.result["errors"]["*"] = f"{type(error).__name__}: {error}".splitlines()[0]
        path.unlink()
        text = " ".join(said.getvalue().split())
        self.result["said"] = text[-2000:]
        self.result["skipped"] = any(words in text for words in SKIPPED)
        return self.result


def main() -> None:
    deploy = PlainDeploy(json.load(sys.stdin))
    deploy.install()
    answer = {name: deploy.run(name) for name in deploy.files}
    schema = PrefectYamlModel.model_json_schema(by_alias=True)
    print(json.dumps({"files": answer, "schema": schema}))


if __name__ == "__main__":
    main()
